"""Bounds on cells and atoms, so that a search for neighbors is short and needs little memory."""

import math

from pymatgen.core import Lattice, Structure

from models.errors import StructureTooLarge, UnreadableStructure

LONGEST_EDGE = 200.0  # A
FLATTEST = 0.5  # A; a thinner cell repeats an atom nearer to itself than atoms can be
DENSEST = 0.5  # atoms per A^3; diamond has 0.18, FeH3 0.23, LaH10 at 150 GPa about 0.33
FARTHEST = 1000.0  # cells from the origin; beyond, a position's digits no longer tell its place
LARGEST_BOX = LONGEST_EDGE**3  # A^3 between the outermost atoms, along x, y and z
MOST_IN_BOX = 300_000  # atoms and periodic images in it; a search holds them all
MARGIN = 4.0  # A; makes a box of atoms that lie in a plane


def check_cell(lattice: Lattice) -> None:
    """Raise StructureTooLarge or UnreadableStructure for a cell too long, flat or not finite."""
    vectors = lattice.matrix.tolist()
    lengths = [math.hypot(*vector) for vector in vectors]  # no square overflows
    longest = max(lengths) if all(map(math.isfinite, lengths)) else math.inf
    if longest > LONGEST_EDGE and math.isfinite(longest):
        raise StructureTooLarge(
            f"The cell is {longest:g} A long, more than the {LONGEST_EDGE:g} A accepted; "
            "check that its lengths are in A, and send the primitive cell."
        )
    areas = [_cross(vectors[i], vectors[i - 1]) for i in range(3)]
    volume = _volume(vectors)
    if not math.isfinite(longest) or not volume > 0:
        raise UnreadableStructure(
            "The cell has no volume, or a number in it is not finite; check its lengths and angles."
        )
    # The distance of lattice planes is the volume over the area of a cell's face.
    if volume < FLATTEST * max(math.hypot(*area) for area in areas):
        raise UnreadableStructure(
            f"The cell is flatter than {FLATTEST:g} A; check its lengths and angles."
        )


def _volume(vectors: list[list[float]]) -> float:
    normal = _cross(vectors[0], vectors[1])
    return abs(sum(a * b for a, b in zip(normal, vectors[2], strict=True)))


def _cross(a: list[float], b: list[float]) -> tuple[float, float, float]:
    # For two vectors of three numbers, numpy's takes twenty times as long.
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def check_crowding(structure: Structure) -> None:
    """Raise UnreadableStructure or StructureTooLarge for atoms too dense or too far apart."""
    positions, matrix = structure.frac_coords, structure.lattice.matrix
    n_sites, volume = len(positions), _volume(matrix.tolist())
    if not abs(positions).max() < FARTHEST:  # nor is it where one is not a number
        raise UnreadableStructure(
            f"An atom lies {FARTHEST:g} cells away or more, or its position is not finite; "
            "give positions between 0 and 1."
        )
    if n_sites > DENSEST * volume:
        raise UnreadableStructure(
            f"The cell holds {n_sites} atoms in {volume:.3g} A^3, denser than any crystal; "
            "check that its lengths are in A."
        )
    places = positions @ matrix
    edges = places.max(axis=0) - places.min(axis=0) + MARGIN
    box = math.prod(edges.tolist())
    if not (box <= LARGEST_BOX and box * n_sites <= MOST_IN_BOX * volume):
        raise StructureTooLarge(
            "The atoms lie too far apart for their cell; send the reduced cell, with positions "
            "between 0 and 1."
        )
