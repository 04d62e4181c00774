"""Formulas in the order that chemists write them."""

import pytest

from models.formula import usual


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("TePb", "PbTe"),
        ("H4C", "CH4"),
        ("NaCl", "NaCl"),
        ("TiSnNi", "TiNiSn"),
        ("SrTiO3", "SrTiO3"),
        ("H2O", "H2O"),
        ("GaAs", "GaAs"),
        ("SiC", "SiC"),
        ("Ca(NO3)2", "Ca(NO3)2"),
        ("Sb3Co", "CoSb3"),
        ("La0.5", "La0.5"),
        ("KClO4", "KClO4"),
        ("NaIO3", "NaIO3"),
        ("LaClO", "LaOCl"),
        ("Y3BrO4", "Y3O4Br"),
        ("SrVClO3", "SrVO3Cl"),
        ("", ""),
    ],
)
def test_cations_come_first(given, expected):
    assert usual(given) == usual(expected) == expected
