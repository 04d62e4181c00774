"""Sound velocities, averaged over directions, and the Debye temperatures they give."""

from itertools import product

import numpy as np
from numpy.typing import NDArray
from phonopy import Phonopy
from scipy.constants import hbar, k

from training.fetch.phonondb.modes import THZ_ANGSTROM

WAVE_NUMBER = 0.01  # Å⁻¹, without 2π
N_ACOUSTIC = 3
DIRECTIONS = np.array([d for d in product((-1, 0, 1), repeat=3) if d > (0, 0, 0)], dtype=np.float64)

Numbers = NDArray[np.float64]


def sound_labels(phonon: Phonopy) -> dict[str, float]:
    """Return sound velocities [m/s] and Debye temperatures [K], by name.

    A velocity is the frequency over the wave number, at 0.01 Å⁻¹ along the 13 directions <100>,
    <110> and <111> of Cartesian space. The lower two branches are called transverse. Means are of
    v⁻³, as in the Debye temperature. Empty where a branch is imaginary.
    """
    speeds = _speeds(phonon)
    if speeds.min() <= 0:
        return {}
    n_atoms, volume = len(phonon.primitive), float(phonon.primitive.volume) * 1e-30
    mean = _mean(speeds)
    return {
        "sound_transverse": _mean(speeds[:, :2]),
        "sound_longitudinal": _mean(speeds[:, 2]),
        "sound_mean": mean,
        "debye_temperature": _debye_temperature(mean, n_atoms / volume),
        "debye_temperature_acoustic": _debye_temperature(mean, 1 / volume),
    }


def _speeds(phonon: Phonopy) -> Numbers:
    """Return the speeds [13, 3, m/s] of the acoustic branches; imaginary ones are negative."""
    units = DIRECTIONS / np.linalg.norm(DIRECTIONS, axis=1, keepdims=True)
    frequencies = phonon.run_qpoints(WAVE_NUMBER * units @ phonon.primitive.cell.T).frequencies
    speeds: Numbers = frequencies[:, :N_ACOUSTIC] / WAVE_NUMBER * THZ_ANGSTROM
    return speeds


def _mean(speeds: Numbers) -> float:
    return float(np.mean(speeds**-3) ** (-1 / 3))


def _debye_temperature(speed: float, density: float) -> float:
    """Return the Debye temperature [K] for a speed [m/s] and atoms, or cells, a volume [1/m³]."""
    return float(hbar / k * speed * (6 * np.pi**2 * density) ** (1 / 3))
