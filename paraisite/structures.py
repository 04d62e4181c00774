"""Structures in any form that Python programs hold them in, to the content of a structure file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import orjson
from pymatgen.core import IMolecule, IStructure

from models.errors import NoStructure, UnreadableStructure

PASSED_ON = ("final_structure", "structure")  # where matcalc's calculators keep a structure


@runtime_checkable
class AtomsLike(Protocol):
    """ASE's `Atoms`, which is not imported for it."""

    positions: Any
    numbers: Any
    cell: Any
    pbc: Any


StructureLike = IStructure | AtomsLike | Mapping[str, Any] | Path | str | bytes


def content_of(structure: object) -> str | bytes:
    """Return the content of a structure file that holds the structure.

    Takes what `StructureLike` names. Text is told from a path by a line break or an opening
    bracket, and nothing is a text; bytes are a file's content. Raises StructureError, and OSError
    for a file that cannot be read.
    """
    match structure:
        case bytes():
            return structure
        case str():
            begin = structure.lstrip("\ufeff \t")[:1]
            is_text = begin in {"", "{", "["} or "\n" in structure or "\r" in structure
            return structure if is_text else Path(structure).read_bytes()
        case Path():
            return structure.read_bytes()
        case IStructure():
            return _document(_of_pymatgen(structure))
        case IMolecule():
            raise NoStructure("This is a molecule of pymatgen; give a crystal.")
        case Mapping():
            kept = passed_on(structure)
            return _document(dict(structure)) if kept is None else content_of(kept)
        case AtomsLike():
            return _document(_of_ase(structure))
    raise UnreadableStructure(
        f"A {type(structure).__name__} is no structure; give one of pymatgen or ASE, a dict, a "
        "path, or the text of a structure file."
    )


def check_several(structures: object) -> None:
    """Raise TypeError for one structure where several are wanted: its parts are none."""
    if isinstance(structures, IStructure | AtomsLike | Mapping | Path | str | bytes):
        raise TypeError("This is one structure; put it in a list, or call `calc` or `predict`.")


def passed_on(entries: Mapping[str, object]) -> object | None:
    """Return the structure object in a result of matcalc's; None where the dict is a document."""
    for key in PASSED_ON:
        if isinstance(entries.get(key), IStructure | AtomsLike):
            return entries[key]
    return None


def _document(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:
        raise UnreadableStructure(f"The dict is no JSON document: {error}.") from error


def _of_pymatgen(structure: IStructure) -> dict[str, Any]:
    return {
        "lattice": {
            "matrix": structure.lattice.matrix.tolist(),
            "pbc": [bool(flag) for flag in structure.lattice.pbc],
        },
        "sites": [
            {
                "label": site.species_string,
                "species": [
                    {"element": specie.symbol, "occu": float(share)}
                    for specie, share in site.species.items()
                ],
                "abc": site.frac_coords.tolist(),
            }
            for site in structure
        ],
    }


def _of_ase(atoms: AtomsLike) -> dict[str, Any]:
    return {
        "cell": [[float(value) for value in vector] for vector in atoms.cell],
        "positions": [[float(value) for value in position] for position in atoms.positions],
        "numbers": [int(number) for number in atoms.numbers],
        "pbc": [bool(flag) for flag in atoms.pbc],
    }
