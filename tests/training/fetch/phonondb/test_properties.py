"""Labels of crystals whose phonons are known in closed form."""

from itertools import product

import numpy as np
import pytest
from scipy.constants import atomic_mass, hbar, k

from tests.training.fetch.phonondb.springs import (
    CONVENTIONAL,
    CUBE,
    HEAVY,
    LIGHT,
    MASS,
    SPRING,
    frequency,
    rocksalt,
    simple_cubic,
)
from training.fetch.phonondb.modes import mesh_points
from training.fetch.phonondb.properties import harmonic_labels

N = 11  # points a direction for a cube of 4 Å
SIX_DIGITS = 6e-6


def exact_modes(springs):
    """Return ν [THz] (imaginary ones negative) and v² [m²/s²] on the mesh of the simple cubic."""
    angles = 2 * np.pi * np.array(list(product(range(N), repeat=3))) / N
    squared = 2 / MASS * ((1 - np.cos(angles)) * springs).sum(axis=1)
    frequencies = np.sign(squared) * frequency(np.abs(squared))
    slopes = 2 / MASS * springs * np.sin(angles) * CUBE  # d ω²/dk
    omega = 2 * np.pi * np.abs(frequencies)
    speeds = slopes * 9648.533212331 / (2 * np.where(omega > 1e-3, omega, np.inf))[:, None]
    return frequencies, 1e4 * (speeds**2).sum(axis=1)


def test_one_atom_a_cell():
    labels = harmonic_labels(simple_cubic())
    frequencies, squared_speeds = exact_modes(np.full(3, SPRING))
    moving = frequencies[frequencies > 0.05]
    x = hbar * 2e12 * np.pi * moving / (k * 300)
    capacities = (x / 2 / np.sinh(x / 2)) ** 2
    flows = capacities * squared_speeds[frequencies > 0.05]
    amplitudes = hbar / (2 * MASS * atomic_mass * 2e12 * np.pi * moving) / np.tanh(x / 2)
    expected = {
        "max_frequency": frequencies.max(),
        "acoustic_top": frequencies.max(),
        "mean_frequency": moving.mean(),
        "rms_frequency": np.sqrt(np.mean(moving**2)),
        "log_mean_frequency": np.exp(np.mean(np.log(moving))),
        "imaginary_fraction": 0.0,
        "heat_capacity": capacities.sum() / N**3,
        "mean_speed": np.sqrt(flows.sum() / capacities.sum()),
        "kappa_over_tau": k * 3 * flows.sum() / N**3 / (3 * CUBE**3 * 1e-30),
        "kappa_over_tau_acoustic": k * 3 * flows.sum() / N**3 / (3 * CUBE**3 * 1e-30),
        "msd_mean": 3 * amplitudes.sum() / N**3 * 1e20,
        "msd_max": 3 * amplitudes.sum() / N**3 * 1e20,
        "self_force_constant_mean": 6 * SPRING,
        "self_force_constant_min": 6 * SPRING,
        "max_pair_force_constant": np.sqrt(3) * SPRING,
        "reference_volume": CUBE**3,
    }
    assert {name: labels[name] for name in expected} == pytest.approx(expected, rel=SIX_DIGITS)
    assert labels["min_frequency"] == pytest.approx(0, abs=1e-5)
    assert "optical_bottom" not in labels


def test_sound_and_debye_temperature_of_one_atom_a_cell():
    labels = harmonic_labels(simple_cubic())
    speed = 100 * CUBE * 2 * np.pi * frequency(SPRING / MASS)  # v = a √(K/M) for long waves
    debye = hbar / k * speed * (6 * np.pi**2 / (CUBE**3 * 1e-30)) ** (1 / 3)
    for name in ("sound_transverse", "sound_longitudinal", "sound_mean"):
        assert labels[name] == pytest.approx(speed, rel=3e-3)
    assert labels["debye_temperature"] == pytest.approx(debye, rel=3e-3)
    assert labels["debye_temperature_acoustic"] == labels["debye_temperature"]


def test_sound_is_averaged_as_inverse_cubes_over_thirteen_directions():
    springs = np.array([1.0, 1.0, 4.0])
    labels = harmonic_labels(simple_cubic(tuple(springs)))
    directions = np.array([d for d in product((-1.0, 0.0, 1.0), repeat=3) if any(d)])
    waves = 0.01 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    squared = 2 / MASS * ((1 - np.cos(2 * np.pi * waves * CUBE)) * springs).sum(axis=1)
    speeds = frequency(squared) / 0.01 * 100
    assert labels["sound_mean"] == pytest.approx(np.mean(speeds**-3) ** (-1 / 3), rel=SIX_DIGITS)
    assert labels["sound_mean"] < 0.95 * speeds.mean()


def test_two_atoms_a_cell():
    labels = harmonic_labels(rocksalt())
    total = 1 / LIGHT + 1 / HEAVY
    expected = {
        "max_frequency": frequency(6 * SPRING * total),
        "acoustic_top": frequency(6 * SPRING / HEAVY),
        "optical_bottom": frequency(6 * SPRING / LIGHT),
        "reference_volume": CONVENTIONAL**3 / 8,
        "self_force_constant_mean": 6 * SPRING,
    }
    assert {name: labels[name] for name in expected} == pytest.approx(expected, rel=SIX_DIGITS)
    speed = 100 * CONVENTIONAL * np.pi * frequency(2 * SPRING / (LIGHT + HEAVY))
    assert labels["sound_transverse"] == pytest.approx(speed, rel=3e-3)
    ratio = labels["debye_temperature"] / labels["debye_temperature_acoustic"]
    assert ratio == pytest.approx(2 ** (1 / 3), rel=1e-5)
    assert labels["kappa_over_tau_acoustic"] < labels["kappa_over_tau"]
    assert labels["msd_mean"] < labels["msd_max"]


def test_symmetry_changes_no_label():
    whole_cell = np.eye(3)
    with_symmetry = harmonic_labels(rocksalt(primitive=whole_cell))
    without = harmonic_labels(rocksalt(primitive=whole_cell, is_symmetry=False))
    names = set(without) - {"min_frequency"}  # zero, but for rounding
    names -= {"mean_speed", "kappa_over_tau"}  # branches that cross have speeds by symmetry
    assert {n: with_symmetry[n] for n in names} == pytest.approx({n: without[n] for n in names})


def test_imaginary_modes_are_counted_and_left_out():
    springs = np.array([SPRING, SPRING, -0.5])
    labels = harmonic_labels(simple_cubic(tuple(springs)))
    frequencies, _ = exact_modes(springs)
    stable = frequencies[frequencies > 0.05]
    assert labels["imaginary_fraction"] == pytest.approx(np.mean(frequencies < -0.1), rel=1e-5)
    assert 0.05 < labels["imaginary_fraction"] < 0.5
    assert labels["min_frequency"] == pytest.approx(frequencies.min(), rel=1e-5)
    assert labels["mean_frequency"] == pytest.approx(stable.mean(), rel=1e-5)
    assert not {name for name in labels if name.startswith(("sound", "debye"))}


def test_a_crystal_without_a_stable_mode_has_no_labels():
    with pytest.raises(ValueError, match="no mode has a frequency above"):
        harmonic_labels(simple_cubic((-SPRING,) * 3))


@pytest.mark.parametrize(
    ("cell", "points"),
    [
        (np.eye(3) * 4.0, [11, 11, 11]),
        (np.diag([2.0, 10.0, 50.0]), [12, 4, 3]),
        ([[0, 3.0, 3.0], [3.0, 0, 3.0], [3.0, 3.0, 0]], [12, 12, 12]),
    ],
)
def test_the_mesh_is_as_dense_in_every_direction(cell, points):
    assert mesh_points(np.array(cell)) == points
