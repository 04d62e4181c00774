"""Approximate symmetry operations of a crystal and maps onto another crystal.

A symmetry operation counts fully up to an error, not at all from twice that, and partly between, so
that nothing jumps when a distortion grows. The error is the largest distance between an atom's
image and the atom it comes near.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.crystal.cell import Cell, Floats, Ints
from models.crystal.compiled.averages import average
from models.crystal.compiled.maps import ComparedSites, find_maps, map_sites
from models.crystal.near import near_sites
from models.smooth import fade

CLOSE = 0.3  # A; the largest error that noise may have
ALIKE, UNLIKE = 0.01, 0.03  # strain of the lattice, the same
SURE = 1 - 1e-9  # weights from here on are 1


@dataclass(frozen=True)
class Operations:
    """Operations on fractional positions: `rotation` [m, 3, 3], and a translation each.

    `image` [m, n]: the atom that the image of each atom comes near; `residual` [m, n, 3]: from
    that atom to the image, fractional, its mean over the atoms zero; `error` [m] in A; `likeness`
    [m]: from 1 to 0, of the lattice and its image; `weight` [m].
    """

    rotation: Ints
    image: Ints
    residual: Floats
    error: Floats
    likeness: Floats
    weight: Floats

    def __len__(self) -> int:
        """Return the number of operations."""
        return len(self.weight)

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Which operations count fully [m]."""
        return self.weight > SURE

    def chosen(self, which: NDArray[np.bool_]) -> "Operations":
        """Return some of them."""
        return Operations(
            self.rotation[which],
            self.image[which],
            self.residual[which],
            self.error[which],
            self.likeness[which],
            self.weight[which],
        )

    def within(self, close: float) -> "Operations":
        """Return those that count where an error of `close` in A is the largest to count fully."""
        weight = fade(self.error, close, 2 * close) * self.likeness
        return replace(self, weight=weight).chosen(weight > 0)


@dataclass(frozen=True)
class Candidates:
    """Operations to be tried: `rotation` [m, 3, 3], `strain` [m], `translation` [m, 3]."""

    rotation: Ints
    strain: Floats
    translation: Floats

    def chosen(self, which: Ints | NDArray[np.bool_]) -> "Candidates":
        """Return some of the candidates."""
        return Candidates(self.rotation[which], self.strain[which], self.translation[which])


def translations(cell: Cell) -> Candidates:
    """Return the pure translations that map the first atom of the rarest element onto another."""
    rare = cell.positions[cell.of_kind[0]]
    identity = np.broadcast_to(np.eye(3, dtype=np.int64), (len(rare), 3, 3))
    return Candidates(identity, np.zeros(len(rare)), rare - rare[0])


def candidates(source: Cell, target: Cell, maps: tuple[Ints, Floats]) -> Candidates:
    """Return what maps one atom of the rarest element of a cell onto one of another cell.

    Both have the same elements and reduced lattice vectors, with these `maps` (`lattice_maps`).
    """
    rotation, strain = maps
    here = source.positions[source.of_kind[0][0]]
    there = target.positions[target.of_kind[0]]
    translation = there[None] - (rotation @ here)[:, None]
    row = np.repeat(np.arange(len(rotation)), len(there))
    return Candidates(rotation[row], strain[row], translation.reshape(-1, 3))


def lattice_maps(source: Floats, target: Floats, unlike: float = UNLIKE) -> tuple[Ints, Floats]:
    """Return integer matrices [m, 3, 3] from one reduced metric to another, and strains [m]."""
    rotation, strain = find_maps(source, target, unlike)
    return rotation, strain


def operations(cell: Cell, tried: Candidates) -> Operations:
    """Return those of the candidates that map a crystal onto itself, with their weights."""
    tried, image, residual, error = mapped(cell, cell, tried, 2 * CLOSE)
    likeness = fade(tried.strain, ALIKE, UNLIKE)
    return Operations(tried.rotation, image, residual, error, likeness, likeness).within(CLOSE)


def mapped(
    source: Cell, target: Cell, tried: Candidates, far: float
) -> tuple[Candidates, Ints, Floats, Floats]:
    """Return the candidates that map all atoms one to one, with their images and residuals.

    The images are atoms of the target [m, n], the residuals go from these to where the source's
    atoms are mapped [m, n, 3]; last comes the largest residual [m] in A, below `far`.
    """
    compared = _compared(source, target, 2 * far)
    chosen, image, residual, error = map_sites(
        np.ascontiguousarray(source.positions),
        np.ascontiguousarray(target.positions),
        target.metric,
        np.ascontiguousarray(tried.rotation),
        np.ascontiguousarray(tried.translation),
        compared,
        far,
    )
    return tried.chosen(chosen), image, residual, error


def _compared(source: Cell, target: Cell, radius: float) -> ComparedSites:
    """Return the sites in turn, the rarest element first, so that most candidates fail early."""
    near = [near_sites(target, sites, radius) for sites in target.of_kind]
    width = np.array([len(each) for each in near])
    sizes = np.array([each.table.size for each in near])
    return ComparedSites(
        order=np.concatenate(source.of_kind),
        kind=np.repeat(np.arange(len(near)), [len(sites) for sites in source.of_kind]),
        shape=np.stack([each.shape for each in near]),
        width=width,
        start=np.cumsum(sizes) - sizes,
        table=np.concatenate([each.table.ravel() for each in near]),
    )


def averaged(cell: Cell, found: Operations) -> tuple[Cell, float]:
    """Return a cell averaged over its operations, and how far its atoms moved at most in A."""
    lattice, positions, moved = average(
        cell.metric,
        np.ascontiguousarray(cell.positions),
        np.ascontiguousarray(found.rotation),
        found.image,
        found.residual,
        found.weight,
    )
    return replace(cell, lattice=lattice, positions=positions), moved
