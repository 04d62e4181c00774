"""Text of an untrusted structure file -> a checked pymatgen Structure."""

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pymatgen.core import Element, Structure
from pymatgen.io.cif import CifParser

from models.errors import (
    DisorderedStructure,
    NoStructure,
    OverlappingSites,
    SeveralStructures,
    StructureTooLarge,
    UnreadableStructure,
    UnsupportedElement,
)
from models.poscar import is_poscar, parse_poscar

HEAVIEST = 94  # MEGNet's element embedding has rows for atomic numbers 1 (H) to 94 (Pu)
OVERLAP = 0.5  # A; the shortest known bond, H2, is 0.74 A
BLOCK = "data_"  # begins a block of a CIF
ATOMS = "_atom_site_fract_x"
MAX_IMAGES = 10  # atoms times symmetry operations, for each site accepted


@dataclass(frozen=True)
class StructureLimits:
    """How large an input may be: `max_bytes` of text, `max_sites` in the cell."""

    max_bytes: int = 1_000_000
    max_sites: int = 500


def parse_structure(text: str, limits: StructureLimits = StructureLimits()) -> Structure:
    """Return the one ordered structure written in a CIF or POSCAR.

    Raises UnreadableStructure, NoStructure, SeveralStructures, and what `check_structure` raises.
    """
    if len(text) > limits.max_bytes:
        raise StructureTooLarge(
            f"The file has {len(text)} characters, more than the {limits.max_bytes} accepted; "
            "send one crystal structure only, without reflections or other raw data."
        )
    if is_poscar(text):
        return check_structure(parse_poscar(text, limits.max_sites), limits)
    blocks = [block for block in _blocks(text) if ATOMS in block.lower()]
    if not blocks:
        raise NoStructure(
            "The CIF holds no structure with a cell and atom sites; "
            "check its _cell_length_, _cell_angle_ and _atom_site_ entries."
        )
    if len(blocks) > 1:
        raise SeveralStructures(f"The CIF holds {len(blocks)} structures; send one at a time.")
    return check_structure(_parse_block(blocks[0], limits), limits)


def _blocks(text: str) -> list[str]:
    """Return the data blocks without blank lines, over which pymatgen takes quadratic time."""
    lines = [stripped for line in text.splitlines() if (stripped := line.strip())]
    starts = [i for i, line in enumerate(lines) if line[: len(BLOCK)].lower() == BLOCK]
    if not starts:
        raise UnreadableStructure(
            "The text has no CIF data block (a line that starts with data_), nor is it a POSCAR; "
            "send the content of such a file."
        )
    for start in starts:
        lines[start] = BLOCK + lines[start][len(BLOCK) :]
    return ["\n".join(lines[start:end]) for start, end in pairwise([*starts, len(lines)])]


def _parse_block(block: str, limits: StructureLimits) -> Structure:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters among them is checked below
            parser = CifParser.from_str(block)
            _check_size(parser, limits)
            return parser.parse_structures(primitive=False, on_error="raise")[0]
    except StructureTooLarge:
        raise
    except Exception as error:  # the parser raises whatever its regular expressions hit upon
        raise UnreadableStructure(
            f"The CIF cannot be read: {str(error)[:300]}. Does another program open the file?"
        ) from error


def _check_size(parser: CifParser, limits: StructureLimits) -> None:
    """Raise StructureTooLarge before the atoms are multiplied, which takes quadratic time."""
    (values,) = parser.as_dict().values()
    lists = {name: value for name, value in values.items() if isinstance(value, list)}
    n_atoms = len(lists.get(ATOMS, ()))
    n_operations = max((len(lists[name]) for name in lists if name.endswith("xyz")), default=1)
    if n_atoms > limits.max_sites or n_atoms * n_operations > MAX_IMAGES * limits.max_sites:
        raise StructureTooLarge(
            f"The CIF lists {n_atoms} atoms and {n_operations} symmetry operations; "
            f"{limits.max_sites} sites are accepted: send the primitive cell."
        )


def check_structure(
    structure: Structure,
    limits: StructureLimits = StructureLimits(),
) -> Structure:
    """Return the structure if every site is one supported element, apart from the others.

    Raises StructureTooLarge, DisorderedStructure, UnsupportedElement, OverlappingSites.
    """
    if len(structure) > limits.max_sites:
        raise StructureTooLarge(
            f"The cell has {len(structure)} sites, more than the {limits.max_sites} accepted; "
            "send the primitive cell."
        )
    _check_order(structure)
    _check_elements(structure)
    _check_distances(structure)
    return structure


def _check_order(structure: Structure) -> None:
    mixed = [site.species_string for site in structure if not site.is_ordered]
    if mixed:
        raise DisorderedStructure(
            f"{len(mixed)} sites are partly occupied or mixed (such as {mixed[0]}); "
            "send an ordered approximant."
        )


def _check_elements(structure: Structure) -> None:
    symbols = {site.specie.symbol for site in structure}
    unknown = sorted(
        symbol
        for symbol in symbols
        if not Element.is_valid_symbol(symbol) or not 1 <= Element(symbol).Z <= HEAVIEST
    )
    if unknown:
        raise UnsupportedElement(
            f"No embedding for {', '.join(unknown)}: the network knows H (1) to Pu ({HEAVIEST})."
        )


def _check_distances(structure: Structure) -> None:
    finite = (
        np.isfinite(structure.lattice.matrix).all() and np.isfinite(structure.frac_coords).all()
    )
    if not finite or not structure.volume > 0:
        raise UnreadableStructure(
            "The cell has no volume, or a number in it is not finite; check its lengths and angles."
        )
    centers, neighbors, _, distances = structure.get_neighbor_list(OVERLAP)
    if len(distances):
        first = int(np.argmin(distances))
        raise OverlappingSites(
            f"Sites {centers[first]} ({structure[int(centers[first])].specie}) and "
            f"{neighbors[first]} ({structure[int(neighbors[first])].specie}) are "
            f"{distances[first]:.2f} A apart; remove duplicate or alternative sites."
        )
