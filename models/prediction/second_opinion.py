"""Estimates by simple physical models, from harmonic quantities that a network predicts.

Slack's formula: G. A. Slack, J. Phys. Chem. Solids 34, 321 (1973), as AFLOW's AGL uses it (C. Toher
et al., Phys. Rev. B 90, 174107 (2014), Eqs. 17 and 18). Minimum conductivity: D. G. Cahill, S. K.
Watson, R. O. Pohl, Phys. Rev. B 46, 6131 (1992), Eq. 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.crystal.crystal import Crystal
from models.descriptors.elements import element_property
from models.prediction.result import (
    TEMPERATURE,
    MinimumConductivity,
    SecondOpinion,
    SlackEstimate,
)

BOLTZMANN = 1.380649e-23  # J/K
HBAR = 1.054571817e-34  # J s
ATOMIC_MASS = 1.66053906660e-27  # kg
ANGSTROM = 1e-10  # m
GPA = 1e9  # Pa
INPUTS = ("debye_temperature", "gruneisen", "bulk_modulus", "shear_modulus")
INTEGRATION_POINTS = 200


SLACK = (
    "Slack's formula as in AFLOW's AGL (Slack 1973; Toher et al. 2014), with the Debye temperature "
    "and Grüneisen parameter that the ensemble predicts"
)
MINIMUM = "Cahill, Watson and Pohl (1992), with the elastic moduli that the ensemble predicts"


@dataclass(frozen=True)
class _Cell:
    """Mean mass of an atom [kg], volume of an atom [m^3], atoms in the primitive cell."""

    mass: float
    volume: float
    n_atoms: float


def estimate(crystal: Crystal, predicted: Mapping[str, float]) -> SecondOpinion | None:
    """Return the second opinion on a crystal; None where one of `INPUTS` is not predicted."""
    if not set(INPUTS) <= predicted.keys():
        return None
    cell = _cell(crystal)
    debye, gruneisen, bulk, shear = (predicted[name] for name in INPUTS)
    return SecondOpinion(
        slack=SlackEstimate(
            ltc=_slack(cell, debye, gruneisen),
            debye_temperature=debye,
            gruneisen=gruneisen,
            source=SLACK,
        ),
        minimum=MinimumConductivity(
            ltc=_minimum(cell, bulk * GPA, shear * GPA),
            bulk_modulus=bulk,
            shear_modulus=shear,
            source=MINIMUM,
        ),
    )


def _cell(crystal: Crystal) -> _Cell:
    masses = 10 ** element_property("mass")[crystal.numbers]
    mass, volume = float(masses.mean()) * ATOMIC_MASS, crystal.volume * ANGSTROM**3
    return _Cell(mass, volume, crystal.symmetry.n_primitive)


def _slack(cell: _Cell, debye: float, gruneisen: float) -> float:
    """Return Slack's LTC; the acoustic Debye temperature is the crystal's over cbrt(n atoms)."""
    acoustic = debye / np.cbrt(cell.n_atoms)
    prefactor = 0.849 * 3 * np.cbrt(4) / (20 * np.pi**3)
    prefactor /= 1 - 0.514 / gruneisen + 0.228 / gruneisen**2
    frequency = BOLTZMANN * acoustic / HBAR
    size = np.cbrt(cell.volume * cell.n_atoms)
    at_debye = prefactor * frequency**2 * BOLTZMANN * cell.mass * size / (HBAR * gruneisen**2)
    return float(at_debye * acoustic / TEMPERATURE)


def _minimum(cell: _Cell, bulk: float, shear: float) -> float:
    """Return the LTC of vibrations that go half a wavelength, in three acoustic branches."""
    density = cell.mass / cell.volume
    longitudinal = np.sqrt((bulk + 4 / 3 * shear) / density)
    transverse = np.sqrt(shear / density)
    per_volume = np.cbrt(1 / cell.volume) ** 2
    branches = _branch(cell, longitudinal) + 2 * _branch(cell, transverse)
    return float(np.cbrt(np.pi / 6) * BOLTZMANN * per_volume * branches)


def _branch(cell: _Cell, velocity: float) -> float:
    """Return v (T/theta)^2 times the integral of x^3 e^x / (e^x - 1)^2 up to theta/T [m/s]."""
    theta = velocity * HBAR / BOLTZMANN * np.cbrt(6 * np.pi**2 / cell.volume)
    end = theta / TEMPERATURE
    x = (np.arange(INTEGRATION_POINTS) + 0.5) * end / INTEGRATION_POINTS
    integral = np.sum(x**3 / (4 * np.sinh(x / 2) ** 2)) * end / INTEGRATION_POINTS
    return float(velocity * integral / end**2)
