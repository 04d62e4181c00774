"""Text of an untrusted structure file to a checked Structure."""

from pymatgen.core import Structure

from models.errors import StructureTooLarge
from models.structure.checks import StructureLimits, check_structure
from models.structure.cif import read_cif
from models.structure.poscar import is_poscar, parse_poscar

DEFAULT_LIMITS = StructureLimits()


def parse_structure(text: str, limits: StructureLimits = DEFAULT_LIMITS) -> Structure:
    """Return the one ordered structure written in a CIF or POSCAR.

    Raises what `read_cif`, `parse_poscar` and `check_structure` raise.
    """
    if len(text) > limits.max_bytes:
        raise StructureTooLarge(
            f"The file has {len(text)} characters, more than the {limits.max_bytes} accepted; "
            "send one crystal structure only, without reflections or other raw data."
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as Windows and the old Mac end lines
    if is_poscar(text):
        return check_structure(parse_poscar(text, limits.max_sites), limits)
    return check_structure(read_cif(text, limits.max_sites), limits)
