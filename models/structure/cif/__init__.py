"""CIF text -> the cell and every atom in it, by gemmi's reader.

gemmi's grammar is compiled and free of back-tracking, so that no text keeps it busy for long; what
symmetry operations make of the sites is bounded before it is computed.
"""

from pymatgen.core import Structure

from models.structure.cif.block import only_block, read_blocks
from models.structure.cif.cell import read_lattice
from models.structure.cif.formula import check_formula
from models.structure.cif.images import all_sites
from models.structure.cif.operations import read_operations
from models.structure.cif.sites import listed_sites


def read_cif(text: str, max_sites: int) -> Structure:
    """Return the one ordered crystal in a CIF, with all sites of its cell.

    Isotopes count as their element, charges are left out. Raises UnreadableStructure, NoStructure,
    SeveralStructures, DisorderedStructure, UnsupportedElement, StructureTooLarge.
    """
    block = only_block(read_blocks(text))
    lattice = read_lattice(block)
    listed = listed_sites(block, max_sites)
    check_formula(block, listed.numbers)
    sites = all_sites(listed, read_operations(block, lattice), lattice.matrix, max_sites)
    return Structure(lattice, sites.numbers.tolist(), sites.positions)
