"""Approximate symmetry operations of a crystal and maps onto another crystal.

A symmetry operation counts fully up to an error of `CLOSE`, not at all from `FAR`, and partly
between, so that nothing jumps when a distortion grows. The error is the largest distance between an
atom's image and the atom it comes near.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.crystal.cell import Cell, Floats, Ints
from models.crystal.near import NearSites, near_sites
from models.smooth import fade

CLOSE, FAR = 0.3, 0.6  # A
ALIKE, UNLIKE = 0.01, 0.03  # strain of the lattice, the same
AT_ONCE = 20_000  # pairs of an image and an atom that are compared at once
SURE = 1 - 1e-9  # weights from here on are 1
_VECTORS = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


@dataclass(frozen=True)
class Operations:
    """Operations on fractional positions: `rotation` [m, 3, 3], and a translation each.

    `image` [m, n]: the atom that the image of each atom comes near; `residual` [m, n, 3]: from
    that atom to the image, fractional, its mean over the atoms zero; `weight` [m].
    """

    rotation: Ints
    image: Ints
    residual: Floats
    weight: Floats

    def __len__(self) -> int:
        """Return the number of operations."""
        return len(self.weight)

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Which operations count fully [m]."""
        return self.weight > SURE


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
    size = np.sqrt(np.diag(source))
    products = _VECTORS @ target @ _VECTORS.T
    lengths = np.diag(products)
    near = [np.flatnonzero(np.abs(lengths / length**2 - 1) < 3 * unlike) for length in size]

    def fits(first: int, second: int) -> NDArray[np.bool_]:
        error = products[np.ix_(near[first], near[second])] - source[first, second]
        return np.asarray(np.abs(error) < 3 * unlike * size[first] * size[second])

    both = fits(0, 1)[:, :, None] & fits(0, 2)[:, None, :] & fits(1, 2)[None]
    columns = [_VECTORS[kept[index]] for kept, index in zip(near, np.nonzero(both), strict=True)]
    rotation = np.stack(columns, axis=2)
    rotation = rotation[np.abs(np.rint(np.linalg.det(rotation))) == 1]
    change = (np.swapaxes(rotation, 1, 2) @ target @ rotation - source) / np.outer(size, size)
    strain = 0.75 * np.sqrt((change**2).mean(axis=(1, 2)))  # of a stretch along one axis
    kept = strain < unlike
    return rotation[kept], strain[kept]


def operations(cell: Cell, tried: Candidates) -> Operations:
    """Return those of the candidates that map a crystal onto itself, with their weights."""
    tried, image, residual, error = mapped(cell, cell, tried, FAR)
    weight = fade(error, CLOSE, FAR) * fade(tried.strain, ALIKE, UNLIKE)
    kept = weight > 0
    return Operations(tried.rotation[kept], image[kept], residual[kept], weight[kept])


def mapped(
    source: Cell, target: Cell, tried: Candidates, far: float
) -> tuple[Candidates, Ints, Floats, Floats]:
    """Return the candidates that map all atoms one to one, with their images and residuals.

    The images are atoms of the target [m, n], the residuals go from these to where the source's
    atoms are mapped [m, n, 3]; last comes the largest residual [m] in A, below `far`.
    """
    tried, image, residual = _nearest(source, target, tried, far)
    residual = residual - residual.mean(axis=1, keepdims=True)
    squares = ((residual @ target.metric) * residual).sum(axis=2)
    error = np.sqrt(np.maximum(squares, 0).max(axis=1, initial=0))
    one_to_one = (np.sort(image, axis=1) == np.arange(len(source.numbers))).all(axis=1)
    kept = (error < far) & one_to_one
    return tried.chosen(kept), image[kept], residual[kept], error[kept]


def _nearest(
    source: Cell, target: Cell, tried: Candidates, far: float
) -> tuple[Candidates, Ints, Floats]:
    """Return the candidates whose images all come near atoms, these atoms, and the residuals.

    A residual is at most twice `far`, as the translation is off by one atom's residual.
    """
    kinds = [
        (sites, near_sites(target, targets, 2 * far))
        for sites, targets in zip(source.of_kind, target.of_kind, strict=True)
    ]
    tried = _sifted(source, target, tried, kinds, (2 * far) ** 2)
    image = np.empty((len(tried.strain), len(source.numbers)), dtype=np.int64)
    residual = np.empty((*image.shape, 3))
    good = np.ones(len(image), dtype=np.bool_)
    for sites, near in kinds:
        for now in _portions(sites, len(image) * len(near)):
            image[:, now], residual[:, now], square = _images(
                source.positions[now], target, near, tried
            )
            good &= square.max(axis=1) < (2 * far) ** 2
    return tried.chosen(good), image[good], residual[good]


def _sifted(
    source: Cell,
    target: Cell,
    tried: Candidates,
    kinds: list[tuple[Ints, NearSites]],
    farthest: float,
) -> Candidates:
    """Return the candidates that may map all atoms near others, by their squared distances.

    Few atoms at a time, the rarest element first, so that most candidates are dropped early.
    Nothing is sifted where comparing all at once costs as much.
    """
    for sites, near in kinds:
        done = 0
        while done < len(sites) and len(tried.strain) * len(sites) * len(near) > AT_ONCE:
            now = sites[done : done + max(1, AT_ONCE // (len(tried.strain) * len(near)))]
            square = _images(source.positions[now], target, near, tried)[2]
            tried = tried.chosen(square.max(axis=1) < farthest)
            done += len(now)
    return tried


def _portions(sites: Ints, pairs: int) -> list[Ints]:
    """Return the sites in portions, for each of which about `AT_ONCE` pairs are compared."""
    step = max(1, AT_ONCE // max(1, pairs))
    return [sites[done : done + step] for done in range(0, len(sites), step)]


def _images(
    positions: Floats, target: Cell, near: NearSites, tried: Candidates
) -> tuple[Ints, Floats, Floats]:
    """Return the target nearest each image [m, n], from it to the image, and this squared."""
    turned = positions @ np.swapaxes(tried.rotation, 1, 2) + tried.translation[:, None]
    targets = near.near(turned)
    apart = turned[:, :, None] - target.positions[targets]
    apart -= np.rint(apart)
    squares = ((apart @ target.metric) * apart).sum(axis=3)
    index = squares.argmin(axis=2)
    row, site = np.ogrid[: index.shape[0], : index.shape[1]]
    nearest = targets[index] if targets.ndim == 1 else targets[row, site, index]
    return nearest, apart[row, site, index], squares[row, site, index]


def averaged(cell: Cell, found: Operations) -> tuple[Cell, float]:
    """Return a cell averaged over its operations, and how far its atoms moved at most in A."""
    share = found.weight / found.weight.sum()
    shift = np.zeros_like(cell.positions)
    np.add.at(shift, found.image, share[:, None, None] * found.residual)
    turned = np.swapaxes(found.rotation, 1, 2) @ cell.metric @ found.rotation
    metric = np.tensordot(share, turned, axes=1)
    moved = np.sqrt(max(((shift @ cell.metric) * shift).sum(axis=1).max(), 0.0))
    lattice = np.linalg.cholesky(metric)
    return replace(cell, lattice=lattice, positions=cell.positions + shift), float(moved)
