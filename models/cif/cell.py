"""The cell of a structure in a CIF."""

import numpy as np
from gemmi import cif
from pymatgen.core import Lattice

from models.cif.block import SHOWN
from models.errors import StructureTooLarge, UnreadableStructure

CELL = tuple(f"_cell_{part}" for part in ("length_a", "length_b", "length_c")) + tuple(
    f"_cell_{part}" for part in ("angle_alpha", "angle_beta", "angle_gamma")
)
LONGEST_EDGE = 200.0  # A; the search for neighbours takes memory by the cell's size
STRAIGHT = 180.0  # degree
FLATTEST = 0.5  # A; a thinner cell repeats an atom nearer to itself than atoms can be


def read_lattice(block: cif.Block) -> Lattice:
    """Return the lattice of a block. Raises UnreadableStructure, StructureTooLarge."""
    values = [_cell_value(block, tag) for tag in CELL]
    lengths, angles = values[:3], values[3:]
    cosines = np.cos(np.radians(angles))
    squared_ratio = 1 - cosines @ cosines + 2 * cosines.prod()  # of the volume to a b c
    if squared_ratio <= 0 or max(angles) >= STRAIGHT:
        raise UnreadableStructure(
            f"The cell has no volume; check its angles ({', '.join(f'{a:g}' for a in angles)})."
        )
    if max(lengths) > LONGEST_EDGE:
        raise StructureTooLarge(
            f"The cell is {max(lengths):g} A long, more than the {LONGEST_EDGE:g} A accepted."
        )
    if min(lengths) * squared_ratio**0.5 < FLATTEST:
        raise UnreadableStructure(
            f"The cell is flatter than {FLATTEST:g} A; check its lengths and angles."
        )
    return Lattice.from_parameters(*lengths, *angles)


def _cell_value(block: cif.Block, tag: str) -> float:
    text = block.find_value(tag)
    if text is None or cif.is_null(text):
        raise UnreadableStructure(
            f"The CIF has no {tag}; a structure needs all six cell parameters."
        )
    value = float(cif.as_number(text))
    if not np.isfinite(value) or value <= 0:
        raise UnreadableStructure(f"{tag} is {text[:SHOWN]}; it must be a number above zero.")
    return value
