"""Reduction to the primitive cell with a tolerance."""

from math import gcd

import numpy as np

from models.crystal.cell import Cell, Floats, Ints, reduced
from models.crystal.operations import Operations, averaged, operations, translations

WHOLE = 1e-4  # how far from a multiple of 1 / n a translation may be


def exact_primitive(cell: Cell, close: float) -> tuple[Cell, float]:
    """Return the primitive cell with Niggli's vectors, and how far atoms moved in A.

    Translations have errors up to `close`.
    """
    cell = reduced(cell)
    if not _may_repeat(cell):
        return cell, 0.0
    found = operations(cell, translations(cell)).within(close)
    exact = found.chosen(found.sure)
    if len(exact) == 1:
        return cell, 0.0
    mean, moved = averaged(cell, exact)
    divided = _divided(mean, exact)
    return (divided, moved) if divided else (cell, 0.0)


def primitive(cell: Cell, found: Operations, close: float) -> tuple[Cell, float, float]:
    """Return the primitive cell, the translations that are left in it, how far atoms moved in A.

    Of the translations `found` those up to an error of `close` in A are taken out. Left are those
    that count in part (see `operations`): their weights, with 1 for the cell itself, are summed, so
    that sites over translations changes without a step.
    """
    narrow = found.within(close) if len(found) > 1 else found
    if len(narrow) == 1:
        return cell, float(found.weight.sum()), 0.0
    mean, moved = averaged(cell, narrow)
    divided = _divided(mean, narrow) if narrow.sure.all() else None
    if divided is None:
        return mean, float(found.weight.sum()), moved
    return divided, _n_translations(divided), moved


def _may_repeat(cell: Cell) -> bool:
    """Tell whether the numbers of atoms let a cell hold several primitive ones."""
    return gcd(*(len(sites) for sites in cell.of_kind)) > 1


def _n_translations(cell: Cell) -> float:
    if not _may_repeat(cell):
        return 1.0
    return float(operations(cell, translations(cell)).weight.sum())


def _divided(cell: Cell, found: Operations) -> Cell | None:
    """Return the primitive cell by exact translations, None if they are no group."""
    basis = _basis(cell, found)
    if basis is None:
        return None
    kept = np.unique(found.image.min(axis=0))
    positions = cell.positions[kept] @ np.linalg.inv(basis)
    return reduced(Cell(basis @ cell.lattice, positions, cell.numbers[kept]))


def _basis(cell: Cell, found: Operations) -> Floats | None:
    """Return primitive vectors [3, 3] in the cell's own, None if the translations are no group."""
    vectors = cell.positions[found.image[:, 0]] - cell.positions[0]
    vectors = (vectors - np.rint(vectors)) * len(found)
    if np.abs(vectors - np.rint(vectors)).max() > WHOLE:
        return None
    multiples = np.concatenate(
        [np.rint(vectors).astype(np.int64), len(found) * np.eye(3, dtype=np.int64)]
    )
    basis = _hermite(multiples) / len(found)
    return basis if round(1 / np.prod(np.diag(basis))) == len(found) else None


def _hermite(vectors: Ints) -> Ints:
    """Return a triangular basis [3, 3] of the lattice that integer vectors [n, 3] span."""
    basis = []
    for column in range(3):
        while np.count_nonzero(vectors[:, column]) > 1:
            sizes = np.abs(vectors[:, column]).astype(float)
            smallest = np.where(sizes > 0, sizes, np.inf).argmin()
            times = vectors[:, column] // vectors[smallest, column]
            times[smallest] = 0
            vectors = vectors - times[:, None] * vectors[smallest]
        last = np.flatnonzero(vectors[:, column])[0]
        basis.append(vectors[last] * np.sign(vectors[last, column]))
        vectors = np.delete(vectors, last, axis=0)
    return np.array(basis)
