"""The density that a CIF states, against that of the atoms read."""

import math
from collections.abc import Sequence

import gemmi
from gemmi import cif
from pymatgen.core import Lattice

from models.errors import UnreadableStructure
from models.structure.cif.block import Entries

TAG = "_exptl_crystal_density_diffrn"
GRAMS = 1.66053907  # Mg/m^3 of one atomic mass unit in 1 A^3
DOUBTFUL, WRONG = 1.1, 1.45  # ratios of densities; 1.5 is the least that symmetry can lose


def density_warnings(
    entries: Entries, lattice: Lattice, numbers: Sequence[int], *, is_confirmed: bool
) -> tuple[str, ...]:
    """Return a warning where the stated density is another than that of these atomic numbers.

    Raises UnreadableStructure for a clear difference, unless the formula confirms the atoms.
    """
    text = entries.text(TAG)
    stated = float(cif.as_number(text)) if text else math.nan
    if not (math.isfinite(stated) and stated > 0):
        return ()
    found = GRAMS * sum(gemmi.Element(number).weight for number in numbers) / lattice.volume
    ratio = max(found / stated, stated / found)
    if ratio < DOUBTFUL:
        return ()
    said = f"The density is {found:.3g} g/cm^3 but {TAG} says {stated:g}"
    if ratio < WRONG or is_confirmed:
        return (f"{said}; the listed atoms are used.",)
    raise UnreadableStructure(
        f"{said}; atoms or symmetry operations are missing or too many: correct the atoms, the "
        "symmetry or the density."
    )
