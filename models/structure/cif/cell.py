"""The cell of a structure in a CIF."""

import numpy as np
from gemmi import cif
from pymatgen.core import Lattice

from models.errors import UnreadableStructure
from models.structure.bounds import check_cell
from models.structure.cif.block import SHOWN

CELL = tuple(f"_cell_{part}" for part in ("length_a", "length_b", "length_c")) + tuple(
    f"_cell_{part}" for part in ("angle_alpha", "angle_beta", "angle_gamma")
)
STRAIGHT = 180.0  # degree


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
    lattice = Lattice.from_parameters(*lengths, *angles)
    check_cell(lattice)
    return lattice


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
