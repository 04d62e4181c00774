"""The crystal system that a CIF states, against its cell and space group."""

import gemmi
from pymatgen.core import Lattice

from models.errors import UnreadableStructure

EQUAL_LENGTHS = {"cubic": (0, 1, 2), "tetragonal": (0, 1), "hexagonal": (0, 1)}
RIGHT_ANGLES = {"cubic": (0, 1, 2), "tetragonal": (0, 1, 2), "orthorhombic": (0, 1, 2)}
FAMILIES = {*EQUAL_LENGTHS, *RIGHT_ANGLES, "monoclinic", "triclinic"}
SAME_FAMILY = {"trigonal": "hexagonal", "rhombohedral": "hexagonal", "isometric": "cubic"}
SAME_LENGTH, SAME_ANGLE = 0.02, 2.0  # relative; degree


def system_warnings(stated: str, number: int, lattice: Lattice) -> tuple[str, ...]:
    """Return a warning where the stated system is not that of the space group with this number.

    Raises UnreadableStructure where the cell cannot be of the stated system.
    """
    family = SAME_FAMILY.get(stated, stated)
    if family not in FAMILIES:
        return ()
    if family == "hexagonal" and stated != "hexagonal" and abs(lattice.gamma - 120) > SAME_ANGLE:
        return ()  # rhombohedral axes
    lengths = [lattice.abc[axis] for axis in EQUAL_LENGTHS.get(family, (0,))]
    angles = [lattice.angles[axis] for axis in RIGHT_ANGLES.get(family, ())]
    is_primitive = family != "orthorhombic" and _is_rhombohedral(lattice)
    if not is_primitive and (
        max(lengths) > (1 + SAME_LENGTH) * min(lengths)
        or any(abs(angle - 90) > SAME_ANGLE for angle in angles)
    ):
        cell = ", ".join(f"{value:.5g}" for value in lattice.parameters)
        raise UnreadableStructure(
            f"The CIF calls the crystal {stated}, but its cell ({cell}) is not; correct the "
            "lengths, the angles or the cell setting."
        )
    if number <= 1:
        return ()
    group = gemmi.find_spacegroup_by_number(number)
    found = group.crystal_system_str()
    if SAME_FAMILY.get(found, found) == family:
        return ()
    return (f"The CIF calls the crystal {stated}, but its space group {group.hm} is {found}.",)


def _is_rhombohedral(lattice: Lattice) -> bool:
    """Tell whether all lengths and all angles are equal, as in primitive cubic cells."""
    lengths, angles = lattice.abc, lattice.angles
    return (
        max(lengths) < (1 + SAME_LENGTH) * min(lengths) and max(angles) - min(angles) < SAME_ANGLE
    )
