"""Content of an untrusted structure file to a checked Structure."""

import re
from dataclasses import dataclass

from pymatgen.core import Structure

from models.errors import StructureTooLarge, UnreadableStructure
from models.structure.checks import StructureLimits, check_structure
from models.structure.cif import read_cif
from models.structure.cif.text import without_bulk
from models.structure.content import decoded, text_of
from models.structure.forms.documents import is_document, read_document
from models.structure.forms.poscar import is_poscar, parse_poscar
from models.structure.forms.xyz import is_xyz, read_xyz
from models.structure.primitive import within_limit

POSCAR_NAME = re.compile(r"(^|/)s?(poscar|contcar)|\.(vasp|poscar)$")
CIF_ENTRY = re.compile(
    r"^[ \t]*(data_\S*|_cell[_.](length|angle)\S*\s+\S)", re.MULTILINE | re.IGNORECASE
)
STRUCTURE_FIELD = re.compile(r'"(lattice|lattice_vectors|lattice_mat|cell|cif|poscar)"')
MOST_LINES = 1_000_000  # of a long file; those of reflections are longer than 16 characters
DEFAULT_LIMITS = StructureLimits()


@dataclass(frozen=True)
class StructureFile:
    """What was read of a structure file.

    `structure`: the cell as given. `reduced`: the same crystal with no more sites than the limit,
    to compute with; the very same object unless the cell has more. `format`: CIF, POSCAR, extended
    XYZ, or the name of a JSON form. `warnings`: what was assumed, completed or doubtful, in
    sentences.
    """

    structure: Structure
    reduced: Structure
    format: str
    warnings: tuple[str, ...] = ()


def read_structure(
    content: str | bytes, limits: StructureLimits = DEFAULT_LIMITS, name: str = ""
) -> StructureFile:
    """Return the one ordered structure in a file, which is recognised by its content.

    `name`, the file's, is a hint where the content leaves a doubt. Raises StructureError.
    """
    text = text_of(content, limits.max_raw_bytes)
    return checked_file(*_read(text, limits, name), limits)


def parse_structure(text: str | bytes, limits: StructureLimits = DEFAULT_LIMITS) -> Structure:
    """Return the structure to compute with that `read_structure` reads, without its warnings."""
    return read_structure(text, limits).reduced


def read_record(line: bytes, limits: StructureLimits = DEFAULT_LIMITS) -> StructureFile:
    """Return the structure in a JSON document, such as a line of a data set.

    Raises StructureError.
    """
    return checked_file(*read_document(text_of(line, limits.max_raw_bytes), limits, _read), limits)


def looks_like_structure(head: bytes) -> bool:
    """Tell from the beginning of a file whether it is a structure file that is not packed."""
    try:
        text = decoded(head[: len(head) // 2 * 2])
    except UnreadableStructure:
        return False
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if is_document(text):
        return STRUCTURE_FIELD.search(text) is not None
    return (
        is_poscar(text)
        or (is_xyz(text) and "lattice=" in text.lower())
        or (CIF_ENTRY.search(text) is not None)
    )


def checked_file(
    structure: Structure, form: str, warnings: tuple[str, ...], limits: StructureLimits
) -> StructureFile:
    """Return a structure that was read, checked and reduced. Raises StructureError."""
    checked = check_structure(structure, limits)
    reduced = within_limit(checked, limits.max_sites)
    if reduced is not checked:
        warnings += (
            f"The cell of {len(checked)} sites is reduced to the primitive cell of {len(reduced)}.",
        )
    return StructureFile(checked, reduced, form, warnings)


def _within(text: str, limits: StructureLimits) -> str:
    """Return the text, without reflections and the like if it is long. Raises StructureTooLarge."""
    if len(text) <= limits.max_bytes:
        return text
    if text.count("\n") > MOST_LINES:
        raise StructureTooLarge(
            f"The file has more than {MOST_LINES} lines; send one crystal structure only."
        )
    # Behind the atoms of a POSCAR may follow velocities, or the density of a CHGCAR.
    short = text[: limits.max_bytes] if is_poscar(text) else without_bulk(text)
    if len(short) > limits.max_bytes:
        raise StructureTooLarge(
            f"The file has {len(short)} characters, more than the {limits.max_bytes} accepted; "
            "send one crystal structure only, without reflections or other raw data."
        )
    return short


def _read(text: str, limits: StructureLimits, name: str) -> tuple[Structure, str, tuple[str, ...]]:
    if is_document(text) and not is_poscar(text):  # its comment may begin with a bracket
        return read_document(text, limits, _read)
    text = _within(text, limits)
    if is_poscar(text):
        structure, warnings = parse_poscar(text, limits.max_sites)
        return structure, "POSCAR", warnings
    if is_xyz(text):
        structure, warnings = read_xyz(text, limits.max_sites)
        return structure, "extended XYZ", warnings
    if POSCAR_NAME.search(name.lower()) and "data_" not in text:
        raise UnreadableStructure(
            "The file is called a POSCAR, but its second line is no scale factor or the next three "
            "are no vectors of a cell; send a POSCAR as VASP writes it."
        )
    structure, warnings = read_cif(text, limits.max_sites)
    return structure, "CIF", warnings
