"""Structures and a local Materials Project for all tests."""

import os
from collections.abc import Iterator

import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifWriter

from tests.materials_project_server import MaterialsProjectServer, running_server

# megnet, the reference for the network, needs the old Keras; TensorFlow asks at its import.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")


@pytest.fixture(scope="session")
def rocksalt() -> Structure:
    """NaCl, two sites."""
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    ).get_primitive_structure()


@pytest.fixture(scope="session")
def rocksalt_cif(rocksalt: Structure) -> str:
    """CIF of the primitive cell of NaCl."""
    return str(CifWriter(rocksalt))


@pytest.fixture(scope="session")
def zincblende() -> Structure:
    """ZnS, two sites."""
    return Structure.from_spacegroup(
        "F-43m", Lattice.cubic(5.41), ["Zn", "S"], [[0, 0, 0], [0.25, 0.25, 0.25]]
    ).get_primitive_structure()


@pytest.fixture(scope="session")
def zincblende_cif(zincblende: Structure) -> str:
    """CIF of the primitive cell of ZnS."""
    return str(CifWriter(zincblende))


@pytest.fixture
def materials_project() -> Iterator[MaterialsProjectServer]:
    """A local server that the real client of the Materials Project can ask."""
    with running_server() as server:
        yield server
