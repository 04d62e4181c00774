"""Structure type of a crystal, from its space group and the size of its primitive cell."""

from collections.abc import Mapping
from types import MappingProxyType

from models.crystal import symmetry
from models.crystal.crystal import Crystal

HALF_HEUSLER = "half_heusler"
FULL_HEUSLER = "full_heusler"
OTHER = "other_types"
SIMPLE_BINARIES = frozenset({"rocksalt", "zincblende", "wurtzite"})
# (space group, sites in the primitive cell, elements) -> structure type
_TYPES: Mapping[tuple[int, int, int], str] = MappingProxyType(
    {
        (225, 2, 2): "rocksalt",
        (216, 2, 2): "zincblende",
        (186, 4, 2): "wurtzite",
        (227, 2, 1): "diamond",
        (221, 5, 3): "perovskite",
        (225, 3, 2): "fluorite",
        (225, 4, 3): FULL_HEUSLER,
        symmetry.HALF_HEUSLER: HALF_HEUSLER,
    }
)


def structure_type(crystal: Crystal) -> str:
    """Return the structure type of a crystal, `OTHER` where it is none of those named here."""
    found = crystal.symmetry
    return _TYPES.get((found.number, found.n_primitive, len(crystal.composition)), OTHER)
