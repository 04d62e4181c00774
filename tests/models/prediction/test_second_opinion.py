"""Slack's estimate, the minimum conductivity, and what is to be minded."""

import numpy as np
import pytest
from pymatgen.core import Structure

from models.crystal.crystal import Crystal
from models.prediction.result import (
    Interval,
    MinimumConductivity,
    Reference,
    SecondOpinion,
    SlackEstimate,
)
from models.prediction.second_opinion import estimate
from models.prediction.warnings import find_contradictions, find_warnings
from tests.crystals import (
    CAESIUM_CHLORIDE,
    FACE_CENTRED,
    FLUORITE,
    HALF_HEUSLER,
    PEROVSKITE,
    QUARTER,
    ROCKSALT,
)

SILICON = Structure(np.array(FACE_CENTRED) * 5.43, ["Si", "Si"], [(0, 0, 0), QUARTER])
MEASURED = {"debye_temperature": 645.0, "gruneisen": 1.06, "bulk_modulus": 98, "shear_modulus": 66}


def test_silicon_by_slack_is_as_in_morelli_and_slacks_units():
    # kappa = A M theta_a^3 delta n^(1/3) / (gamma^2 T), with u, K and A; A of the book's Eq. 2.8.
    # D. T. Morelli and G. A. Slack, in High Thermal Conductivity Materials (2006).
    opinion = estimate(Crystal.of(SILICON), MEASURED)
    gamma, theta = MEASURED["gruneisen"], MEASURED["debye_temperature"]
    prefactor = 2.43e-6 / (1 - 0.514 / gamma + 0.228 / gamma**2)
    delta = np.cbrt(5.43**3 / 8)
    expected = prefactor * 28.086 * theta**3 / 2 * delta * np.cbrt(2) / (gamma**2 * 300)
    assert opinion is not None
    assert opinion.slack.ltc == pytest.approx(expected, rel=0.01)


def test_silicons_minimum_is_that_of_the_source():
    opinion = estimate(Crystal.of(SILICON), MEASURED)
    assert opinion is not None
    assert opinion.minimum.ltc == pytest.approx(
        1.0, abs=0.2
    )  # Cahill et al. 1992: about 1 at 300 K


def test_a_supercell_has_the_same_second_opinion():
    single = estimate(Crystal.of(SILICON), MEASURED)
    double = estimate(Crystal.of(SILICON * (2, 1, 1)), MEASURED)
    assert single is not None
    assert double is not None
    assert double.slack.ltc == pytest.approx(single.slack.ltc, rel=1e-3)
    assert double.minimum.ltc == pytest.approx(single.minimum.ltc, rel=1e-3)


def test_there_is_none_without_its_inputs():
    assert estimate(Crystal.of(SILICON), {"ltc": 140.0, "gruneisen": 1.0}) is None


def opinion(minimum: float) -> SecondOpinion:
    return SecondOpinion(
        slack=SlackEstimate(ltc=10, debye_temperature=300, gruneisen=1.5, source=""),
        minimum=MinimumConductivity(ltc=minimum, bulk_modulus=50, shear_modulus=30, source=""),
    )


@pytest.mark.parametrize(
    ("structure", "likely"),
    [
        (ROCKSALT.crystal(["Na", "Cl"], 2.8), False),
        (SILICON, False),
        (HALF_HEUSLER.crystal(["Ti", "Ni", "Sn"], 2.6), False),  # 18 valence electrons
        (HALF_HEUSLER.crystal(["Li", "Al", "Si"], 2.6), False),
        (HALF_HEUSLER.crystal(["Zr", "Pd", "Sn"], 2.7), False),  # palladium has ten
        (CAESIUM_CHLORIDE.crystal(["Fe", "Pt"], 2.6), True),  # 18, but no half-Heusler
        (ROCKSALT.crystal(["Ti", "N"], 2.1), True),  # an odd number of electrons
        (HALF_HEUSLER.crystal(["Ti", "Cu", "Sn"], 2.6), True),
        (ROCKSALT.crystal(["Mg", "Ca"], 2.9), True),
        (FLUORITE.crystal(["Sn", "Mg"], 2.93), False),  # eight valence electrons
        (PEROVSKITE.crystal(["Er", "Al", "O"], 1.85), False),  # Er3+ has an odd f shell
        (PEROVSKITE.crystal(["Sr", "V", "O"], 1.92), True),  # odd, but of d electrons
        (FLUORITE.crystal(["Ho", "F"], 2.4), True),  # odd, with a charge left over
    ],
)
def test_likely_metals_are_named(structure, likely):
    found = find_warnings(Crystal.of(structure), 5.0, None)
    assert any("metal" in text for text in found) == likely


@pytest.mark.parametrize(
    ("references", "named"),
    [((), ""), ((2.0, 4.9), ""), ((2.0, 30.0, 0.9), "30 W/(m K) (mp-1 in dataset1)"),
     ((0.1, 6.0), "0.1 W/(m K) (mp-0 in dataset1)")],
)  # fmt: skip
def test_a_reference_outside_of_the_interval_is_named(references, named):
    known = [
        Reference(
            material_id=f"mp-{n}", formula="NaCl", dataset="dataset1", ltc=ltc, out_of_fold=None
        )
        for n, ltc in enumerate(references)
    ]
    found = find_contradictions(Interval(level=0.9, lower=1.0, upper=5.0), known)
    assert len(found) == bool(named)
    assert all(named in text for text in found)


def test_a_prediction_below_the_minimum_is_flagged():
    crystal = Crystal.of(SILICON)
    assert "minimum conductivity, 0.8" in find_warnings(crystal, 0.5, opinion(minimum=0.8))[0]
    assert find_warnings(crystal, 0.9, opinion(minimum=0.8)) == ()
