"""Crystals of atoms on springs, whose phonons are known in closed form."""

import io
import lzma
import zipfile
from pathlib import Path

import numpy as np
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

EV_PER_AMU_ANGSTROM2 = 9648.533212331  # eV/(amu Å²) in THz² · (2π)²
CUBE, MASS, SPRING = 4.0, 40.0, 1.5  # Å, amu, eV/Å²
LIGHT, HEAVY, CONVENTIONAL = 23.0, 35.0, 5.05
ROCKSALT = [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]


def with_springs(phonon, length, springs):
    """Give a crystal springs, isotropic in the displacements, between atoms at `length` [Å].

    `springs`: along x, y and z [eV/Å²].
    """
    cell = phonon.supercell
    n = len(cell)
    constants = np.zeros((n, n, 3, 3))
    vectors = cell.scaled_positions[:, None] - cell.scaled_positions[None]
    vectors = (vectors - np.rint(vectors)) @ cell.cell
    joined = np.abs(np.linalg.norm(vectors, axis=2) - length) < 0.1
    for i, j in np.argwhere(joined):
        axis = int(np.argmax(np.abs(vectors[i, j])))
        constants[i, j] = -springs[axis] * np.eye(3)
    constants[range(n), range(n)] = -constants.sum(axis=1)
    phonon.force_constants = constants
    return phonon


def simple_cubic(springs=(SPRING,) * 3):
    """Return one atom a cell: ω² = 2/M Σ K_α (1 - cos k_α a), for all three branches."""
    cubic = len(set(springs)) == 1
    cell = PhonopyAtoms(["Ar"], scaled_positions=[[0, 0, 0]], cell=np.eye(3) * CUBE, masses=[MASS])
    phonon = Phonopy(cell, np.diag([3, 3, 3]), primitive_matrix=np.eye(3), is_symmetry=cubic)
    return with_springs(phonon, CUBE, springs)


def rocksalt(primitive=ROCKSALT, **options):
    """Return two atoms a cell, six springs each.

    ω² = 3K (S ± √(S² - 4 (1 - γ²) / mM)), S = 1/m + 1/M, γ the mean of cos k_α a/2.
    """
    face = np.array([[0, 0, 0], *ROCKSALT])
    cell = PhonopyAtoms(
        ["Na"] * 4 + ["Cl"] * 4,
        scaled_positions=np.vstack([face, face + 0.5]),
        cell=np.eye(3) * CONVENTIONAL,
        masses=[LIGHT] * 4 + [HEAVY] * 4,
    )
    phonon = Phonopy(cell, np.diag([2, 2, 2]), primitive_matrix=primitive, **options)
    return with_springs(phonon, CONVENTIONAL / 2, (SPRING,) * 3)


def frequency(squared):
    """Return the frequency [THz] of ω² in eV/(amu Å²)."""
    return np.sqrt(squared * EV_PER_AMU_ANGSTROM2) / (2 * np.pi)


def with_forces(phonon):
    """Give a crystal the forces that follow from its force constants after small displacements."""
    constants = phonon.force_constants
    phonon.generate_displacements(distance=0.01)
    for displacement in phonon.dataset["first_atoms"]:
        moved = constants[:, displacement["number"]]
        displacement["forces"] = -moved @ displacement["displacement"]
    return phonon


def archive(phonon, folder: Path, name="phonopy_params.yaml.xz") -> bytes:
    """Return the archive that phonondb has of a crystal: its force set, beside a figure."""
    path = folder / "phonopy_params.yaml"
    with_forces(phonon).save(path)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("band_structure.png", b"\x89PNG")
        files.writestr(name, lzma.compress(path.read_bytes()))
    return packed.getvalue()
