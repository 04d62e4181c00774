"""CIF text -> the cell and every atom in it, by gemmi's reader.

gemmi's grammar is compiled and free of back-tracking, so that no text keeps it busy for long; what
symmetry operations make of the sites is bounded before it is computed.
"""

from pymatgen.core import Structure

from models.structure.cif.atoms import read_atoms
from models.structure.cif.block import only_block
from models.structure.cif.text import read_blocks


def read_cif(text: str, max_sites: int) -> tuple[Structure, tuple[str, ...]]:
    """Return the one ordered crystal in a CIF with all sites of its cell, and warnings.

    Isotopes count as their element, charges are left out. Raises UnreadableStructure, NoStructure,
    SeveralStructures, DisorderedStructure, UnsupportedElement, StructureTooLarge.
    """
    return read_atoms(only_block(read_blocks(text)), max_sites)
