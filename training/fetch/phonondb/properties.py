"""Harmonic properties of a crystal, as labels."""

import numpy as np
from numpy.typing import NDArray
from phonopy import Phonopy
from scipy.constants import k

from training.fetch.phonondb.modes import Modes
from training.fetch.phonondb.sound import N_ACOUSTIC, sound_labels

IMAGINARY = -0.1  # THz
DIGITS = 6

Labels = dict[str, float]


def harmonic_labels(phonon: Phonopy) -> Labels:
    """Return the labels of a crystal with force constants, by name (`training.data.rows`).

    Frequencies are averaged over modes above 0.05 THz; other sums leave the lower ones out. Sound
    velocities are missing where an acoustic branch is imaginary, `optical_bottom` where there is
    one atom a cell. Raises ValueError for a crystal without a stable mode.
    """
    modes = Modes.of(phonon)
    if not modes.stable.any():
        raise ValueError("no mode has a frequency above 0.05 THz")
    volume = float(phonon.primitive.volume)
    labels = (
        _frequency_labels(modes)
        | _transport_labels(modes, volume)
        | _displacement_labels(modes, phonon.primitive_symmetry.get_map_atoms())
        | _force_labels(phonon)
        | sound_labels(phonon)
        | {"reference_volume": volume / len(phonon.primitive)}
    )
    return {name: float(f"{value:.{DIGITS}g}") for name, value in labels.items()}


def _frequency_labels(modes: Modes) -> Labels:
    all_frequencies, weights = modes.frequencies, modes.mode_weights
    frequencies, shares = all_frequencies[modes.stable], weights[modes.stable]
    shares = shares / shares.sum()
    labels = {
        "max_frequency": all_frequencies.max(),
        "min_frequency": all_frequencies.min(),
        "mean_frequency": shares @ frequencies,
        "rms_frequency": np.sqrt(shares @ frequencies**2),
        "log_mean_frequency": np.exp(shares @ np.log(frequencies)),
        "acoustic_top": all_frequencies[:, :N_ACOUSTIC].max(),
        "imaginary_fraction": weights[all_frequencies < IMAGINARY].sum(),
    }
    if all_frequencies.shape[1] > N_ACOUSTIC:
        labels["optical_bottom"] = all_frequencies[:, N_ACOUSTIC:].min()
    return labels


def _transport_labels(modes: Modes, volume: float) -> Labels:
    """Return heat capacity [3 k_B an atom], speed [m/s] and LTC over lifetime [W/(m K s)]."""
    capacities = modes.heat_capacities()
    total = np.sum(modes.mode_weights * capacities)
    flows = modes.weights[:, None] * capacities * modes.squared_speeds
    unit = k / (3 * volume * 1e-30)
    return {
        "heat_capacity": total,
        "mean_speed": np.sqrt(flows.sum() / (total * flows.shape[1])),
        "kappa_over_tau": unit * flows.sum(),
        "kappa_over_tau_acoustic": unit * flows[:, :N_ACOUSTIC].sum(),
    }


def _displacement_labels(modes: Modes, equivalent: NDArray[np.int64]) -> Labels:
    """Return mean and largest mean-square displacement; equivalent atoms have the same one."""
    atoms = modes.mean_square_displacements()
    return {
        "msd_mean": atoms.mean(),
        "msd_max": max(atoms[equivalent == first].mean() for first in set(equivalent.tolist())),
    }


def _force_labels(phonon: Phonopy) -> Labels:
    """Return self force constants (a third of the trace) and the largest one between two atoms."""
    atoms = np.arange(len(phonon.primitive))
    own = phonon.primitive.p2s_map
    constants = np.asarray(phonon.force_constants)
    rows = constants if len(constants) == len(own) else constants[own]
    traces = np.trace(rows[atoms, own], axis1=1, axis2=2) / 3
    norms = np.linalg.norm(rows, axis=(2, 3))
    norms[atoms, own] = 0.0
    return {
        "self_force_constant_mean": traces.mean(),
        "self_force_constant_min": traces.min(),
        "max_pair_force_constant": norms.max(),
    }
