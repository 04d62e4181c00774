"""JSON documents that hold a structure, as the programs and data bases of the field write them."""

from collections.abc import Callable
from typing import Any

from pymatgen.core import Structure

from models.errors import NoStructure, SeveralStructures, StructureTooLarge, UnreadableStructure
from models.structure.checks import StructureLimits
from models.structure.forms.json_forms import FORMS
from models.structure.forms.json_text import parsed

TEXTS = ("cif", "poscar", "xyz", "text", "content", "structure", "file")  # with a whole file
NESTED = ("structure", "data", "attributes", "atoms", "final_structure", "structures")
LARGEST = 4  # JSON for a structure, of the bytes accepted as text
DEEPEST = 5  # documents within documents
OPENING = ("{", "[")

Parts = tuple[Structure, str, tuple[str, ...]]
ReadText = Callable[[str, StructureLimits, str], Parts]


def is_document(text: str) -> bool:
    """Tell whether the text is JSON rather than any structure file."""
    return text.lstrip("\ufeff \t\n")[:1] in OPENING


def read_document(text: str, limits: StructureLimits, read_text: ReadText) -> Parts:
    """Return the structure in a JSON document, the name of its form, and warnings.

    `read_text` reads a structure file that is a value of the document. Raises StructureError.
    """
    if len(text) > LARGEST * limits.max_bytes:
        raise StructureTooLarge(
            f"The JSON has {len(text)} characters, more than the {LARGEST * limits.max_bytes} "
            "accepted; send one structure only."
        )
    return read_value(parsed(text.lstrip("\ufeff")), limits, read_text)


def read_value(
    document: Any, limits: StructureLimits, read_text: ReadText, depth: int = 0
) -> Parts:
    """Return what `read_document` returns, of JSON that is parsed already."""
    if isinstance(document, list):
        return _only(document, limits, read_text, depth)
    if not isinstance(document, dict):
        raise _unknown(document)
    for form in FORMS:
        if form.matches(document):
            structure, warnings = form.read(document, limits.max_sites)
            return structure, form.name, warnings
    rows = numbered_rows(document)
    if rows:
        return _only(rows, limits, read_text, depth)
    nested = _nested(document) if depth < DEEPEST else []
    structures = [value for value in nested if _is_structure(value, depth + 1)]
    text = None if structures else _text(document)
    if text is not None:
        return read_text(text, limits, "")
    if nested:
        return read_value((structures or nested)[0], limits, read_text, depth + 1)
    raise _unknown(document)


def _nested(document: dict[str, Any]) -> list[Any]:
    values = [document.get(key) for key in NESTED]
    return [value for value in values if isinstance(value, dict | list)]


def _is_structure(value: Any, depth: int) -> bool:
    """Tell whether a document, the first of a list, or one within it is in one of the forms."""
    first = value[0] if value and isinstance(value, list) else value
    if not isinstance(first, dict):
        return False
    return any(form.matches(first) for form in FORMS) or (
        depth < DEEPEST and any(_is_structure(one, depth + 1) for one in _nested(first))
    )


def _text(document: dict[str, Any]) -> str | None:
    """Return the text that is a file rather than its name or a remark, if there is one."""
    texts = [
        value for key, value in document.items() if key.lower() in TEXTS and isinstance(value, str)
    ]
    files = [text for text in texts if "\n" in text] or list(filter(str.strip, texts)) or texts
    return files[0] if files else None


def numbered_rows(document: dict[str, Any]) -> list[Any]:
    """Return the rows of a data base of ASE, which it has by their numbers."""
    return [row for key, row in document.items() if key.isdecimal() and isinstance(row, dict)]


def _only(documents: list[Any], limits: StructureLimits, read_text: ReadText, depth: int) -> Parts:
    if len(documents) > 1:
        raise SeveralStructures(
            f"The JSON holds {len(documents)} structures; send one at a time, or screen them as "
            "JSON lines."
        )
    if not documents or depth >= DEEPEST:
        raise NoStructure("The JSON holds no structure.")
    return read_value(documents[0], limits, read_text, depth + 1)


def _unknown(document: Any) -> UnreadableStructure:
    keys = (
        f"it has {', '.join(map(repr, list(document)[:8]))[:200]}"
        if document and isinstance(document, dict)
        else "it is no object with fields"
    )
    return UnreadableStructure(
        "The JSON is no structure in a form that is read (pymatgen, OPTIMADE, ASE, JARVIS, "
        "Materials Project, NOMAD, OQMD, AFLOW, {lattice, species, frac_coords}, "
        f'{{"cif": "..."}}): {keys}.'
    )
