"""Text of a POSCAR (VASP 5 and later) -> a pymatgen Structure."""

import re
import warnings

from pymatgen.core import Structure
from pymatgen.io.vasp import Poscar

from models.errors import StructureTooLarge, UnreadableStructure

SYMBOL = re.compile(r"[A-Z][a-z]?([_/]\w+)?")  # Fe, or as a POTCAR names it: Fe_pv, Fe/1a2b3c

COUNT = re.compile(r"[0-9]{1,9}")  # Python refuses to read a number of thousands of digits


def is_poscar(text: str) -> bool:
    """Return whether the second line is one number and the next three are vectors.

    No CIF begins like that, so that an error can be told in terms of the right format.
    """
    lines = text.splitlines()[1:5]
    return [_count_numbers(line) for line in lines] == [1, 3, 3, 3]


def parse_poscar(text: str, max_sites: int) -> Structure:
    """Return the structure in a POSCAR. Raises UnreadableStructure, StructureTooLarge."""
    _check_head(text.splitlines(), max_sites)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters among them is checked afterwards
            structure = Poscar.from_str(text).structure
    except Exception as error:  # whatever a malformed line hits upon in the parser
        raise UnreadableStructure(
            f"The POSCAR cannot be read: {str(error)[:300]}. Does another program open the file?"
        ) from error
    return Structure(structure.lattice, structure.species, structure.frac_coords)


def _check_head(lines: list[str], max_sites: int) -> None:
    symbols, counts = (lines[i].split() if len(lines) > i else [] for i in (5, 6))
    if not symbols or not all(SYMBOL.fullmatch(symbol) for symbol in symbols):
        raise UnreadableStructure(
            "The POSCAR names no elements in its sixth line, as VASP 5 and later do; add it."
        )
    if len(counts) != len(symbols) or not all(map(COUNT.fullmatch, counts)):
        raise UnreadableStructure(
            f"The seventh line of the POSCAR does not give {len(symbols)} numbers of atoms, one "
            "for each element."
        )
    n_sites = sum(map(int, counts))
    if n_sites > max_sites:
        raise StructureTooLarge(
            f"The cell has {n_sites} sites, more than the {max_sites} accepted; "
            "send the primitive cell."
        )


def _count_numbers(line: str) -> int | None:
    """Return how many numbers the line holds, or None when it holds anything else."""
    try:
        return len([float(word) for word in line.split()])
    except ValueError:
        return None
