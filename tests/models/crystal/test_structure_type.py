"""The structure type of a crystal, and the output that answers for it."""

import pytest

from models.crystal.crystal import Crystal
from models.crystal.structure_type import structure_type
from models.prediction.members import serving_output
from tests.crystals import (
    CAESIUM_CHLORIDE,
    FLUORITE,
    HALF_HEUSLER,
    PEROVSKITE,
    ROCKSALT,
    WURTZITE_TYPE,
    ZINCBLENDE,
    StructureType,
)


@pytest.mark.parametrize(
    ("kind", "symbols", "name", "output"),
    [
        (ROCKSALT, ["Na", "Cl"], "rocksalt", "ltc_phono3py"),
        (ZINCBLENDE, ["Ga", "As"], "zincblende", "ltc_phono3py"),
        (WURTZITE_TYPE, ["Zn", "O"], "wurtzite", "ltc_phono3py"),
        (HALF_HEUSLER, ["Ni", "Ti", "Sn"], "half_heusler", "ltc_half_heusler"),
        (ZINCBLENDE, ["Si", "Si"], "diamond", "ltc"),
        (FLUORITE, ["Ca", "F"], "fluorite", "ltc"),
        (PEROVSKITE, ["Ba", "Ti", "O"], "perovskite", "ltc"),
        (CAESIUM_CHLORIDE, ["Cs", "Cl"], "other_types", "ltc"),
    ],
)
def test_type_and_output(kind: StructureType, symbols: list[str], name: str, output: str):
    crystal = kind.crystal(symbols, 2.4)
    crystal.make_supercell([2, 1, 1])  # the cell that is given does not matter
    assert structure_type(Crystal.of(crystal)) == name
    assert serving_output(name) == output
