"""Text of an untrusted structure file -> a checked pymatgen Structure."""

import re
import warnings
from dataclasses import dataclass

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

HEAVIEST = 94  # MEGNet's element embedding has rows for atomic numbers 1 (H) to 94 (Pu)
OVERLAP = 0.5  # A; the shortest known bond, H2, is 0.74 A
DATA_BLOCK = re.compile(r"^data_", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class StructureLimits:
    """How large an input may be: `max_bytes` of text, `max_sites` in the cell."""

    max_bytes: int = 1_000_000
    max_sites: int = 500


def parse_structure(text: str, limits: StructureLimits = StructureLimits()) -> Structure:
    """Return the one ordered structure written in a CIF.

    Raises UnreadableStructure, NoStructure, SeveralStructures, and what `check_structure` raises.
    """
    if len(text) > limits.max_bytes:
        raise StructureTooLarge(
            f"The CIF has {len(text)} characters, more than the {limits.max_bytes} accepted; "
            "send one crystal structure only, without reflections or other raw data."
        )
    structures = _parse_cif(text)
    if len(structures) > 1:
        raise SeveralStructures(f"The CIF holds {len(structures)} structures; send one at a time.")
    if not structures:
        raise NoStructure(
            "The CIF holds no structure with a cell and atom sites; "
            "check its _cell_length_, _cell_angle_ and _atom_site_ entries."
        )
    return check_structure(structures[0], limits)


def _parse_cif(text: str) -> list[Structure]:
    if not DATA_BLOCK.search(text):
        raise UnreadableStructure(
            "The text has no CIF data block (a line that starts with data_); "
            "send the content of a CIF file."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters among them is checked below
            parser = CifParser.from_str(text)
            if not any(_has_atoms(block) for block in parser.as_dict().values()):
                return []
            return list(parser.parse_structures(primitive=False, on_error="raise"))
    except Exception as error:  # the parser raises whatever its regular expressions hit upon
        raise UnreadableStructure(
            f"The CIF cannot be read: {error}. Check that another program opens the file."
        ) from error


def _has_atoms(block: dict[str, object]) -> bool:
    return any(key.startswith("_atom_site_fract") for key in block)


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
    if structure.volume <= 0 or not np.isfinite(structure.volume):
        raise UnreadableStructure("The cell has no volume; check its lengths and angles.")
    centers, neighbors, _, distances = structure.get_neighbor_list(OVERLAP)
    if len(distances):
        first = int(np.argmin(distances))
        raise OverlappingSites(
            f"Sites {centers[first]} ({structure[int(centers[first])].specie}) and "
            f"{neighbors[first]} ({structure[int(neighbors[first])].specie}) are "
            f"{distances[first]:.2f} A apart; remove duplicate or alternative sites."
        )
