"""Phonon modes of a crystal on a mesh of wave vectors."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from phonopy import Phonopy
from scipy.constants import atomic_mass, hbar, k

TEMPERATURE = 300.0  # K
STABLE = 0.05  # THz; a mode below counts as one without a frequency, as the three at Γ
POINTS_LENGTH = 45.0  # Å: a point every 1/45 Å⁻¹ ...
FEWEST, MOST = 3, 12  # ... and so many along each reciprocal vector
THZ_ANGSTROM = 100.0  # m/s

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Modes:
    """Modes of the irreducible wave vectors of a mesh that includes Γ.

    `weights` [n_q] add up to one. [n_q, n_branches]: `frequencies` [THz, imaginary ones negative],
    `squared_speeds` [m²/s²]. `displacements` [n_q, n_atoms, n_branches]: share of an atom in a
    mode, over its mass [1/kg].
    """

    weights: Numbers
    frequencies: Numbers
    squared_speeds: Numbers
    displacements: Numbers

    @classmethod
    def of(cls, phonon: Phonopy) -> Self:
        """Return the modes of a crystal whose force constants are known."""
        mesh = phonon.run_mesh(
            mesh_points(phonon.primitive.cell),
            with_eigenvectors=True,
            with_group_velocities=True,
            is_gamma_center=True,
        )
        masses = phonon.primitive.masses * atomic_mass
        shares = np.abs(np.asarray(mesh.eigenvectors)) ** 2
        n_q, n_branches = mesh.frequencies.shape
        shares = shares.reshape(n_q, len(masses), 3, n_branches).sum(axis=2)
        return cls(
            weights=mesh.weights / mesh.weights.sum(),
            frequencies=mesh.frequencies,
            squared_speeds=np.sum(np.asarray(mesh.group_velocities) ** 2, axis=2) * THZ_ANGSTROM**2,
            displacements=shares / masses[None, :, None],
        )

    @property
    def stable(self) -> NDArray[np.bool_]:
        """True for the modes [n_q, n_branches] with a frequency above 0.05 THz."""
        return self.frequencies > STABLE

    @property
    def angular_frequencies(self) -> Numbers:
        """2πν [n_q, n_branches, 1/s]; infinite for modes that are not stable."""
        return np.where(self.stable, 2e12 * np.pi * self.frequencies, np.inf)

    @property
    def mode_weights(self) -> Numbers:
        """Share of each mode [n_q, n_branches] in the crystal; they add up to one."""
        return np.broadcast_to(self.weights[:, None], self.frequencies.shape) / len(
            self.frequencies.T
        )

    def heat_capacities(self) -> Numbers:
        """Return the heat capacities [n_q, n_branches, k_B] at 300 K, zero where not stable."""
        x = np.where(self.stable, hbar * self.angular_frequencies / (k * TEMPERATURE), 1.0)
        return np.where(self.stable, (x / 2 / np.sinh(x / 2)) ** 2, 0.0)

    def mean_square_displacements(self) -> Numbers:
        """Return the mean-square displacement of each atom [n_atoms, Å², three directions].

        At 300 K; in the sum over irreducible wave vectors equivalent atoms may still differ.
        """
        omega = self.angular_frequencies
        amplitudes = hbar / (2 * omega * np.tanh(hbar * omega / (2 * k * TEMPERATURE)))
        metres: Numbers = np.einsum("q,qb,qab->a", self.weights, amplitudes, self.displacements)
        return metres * 1e20


def mesh_points(cell: Numbers) -> list[int]:
    """Return the points along each reciprocal vector of a cell [3, 3, Å]: as dense, 3 to 12."""
    lengths = np.linalg.norm(np.linalg.inv(cell), axis=0)
    points = np.clip(np.rint(POINTS_LENGTH * lengths), FEWEST, MOST)
    return [int(number) for number in points]
