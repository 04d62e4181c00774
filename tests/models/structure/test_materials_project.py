"""The real client of the Materials Project against a local server."""

import time

import pytest

from models.errors import (
    InvalidMaterialId,
    MaterialsProjectKeyMissing,
    MaterialsProjectUnavailable,
    UnknownMaterial,
)
from models.structure.materials_project import MaterialsProject, check_material_id
from tests.materials_project_server import MaterialsProjectServer

KEY = "k" * 32


def client(server: MaterialsProjectServer, key: str | None = KEY) -> MaterialsProject:
    return MaterialsProject(key, server.endpoint, timeout=1.0)


@pytest.mark.parametrize("material_id", ["mp-9127", "mvc-123", "mp-abcdef"])
def test_ids_of_the_materials_project_are_accepted(material_id: str) -> None:
    assert check_material_id(material_id) == material_id


@pytest.mark.parametrize(
    "material_id", ["", "9127", "mp-", "MP-9127", "mp-9127,mp-149", "mp-9127 ", "mp-1\n", "../x"]
)
def test_other_texts_are_not_ids(material_id: str) -> None:
    with pytest.raises(InvalidMaterialId):
        check_material_id(material_id)


def test_structure_comes_through_the_real_client(
    materials_project: MaterialsProjectServer,
) -> None:
    structure = client(materials_project).structure("mp-9127")
    assert structure.composition.reduced_formula == "Ba(SbO3)2"
    assert len(structure) == 9
    assert structure.lattice.c == pytest.approx(5.815582)


def test_one_session_serves_several_structures(
    materials_project: MaterialsProjectServer,
) -> None:
    project = client(materials_project)
    project.structure("mp-9127")
    before = len(materials_project.behaviour.asked)
    project.structure("mp-22862")
    asked = materials_project.behaviour.asked[before:]
    assert [path.split("?")[0] for path in asked] == ["/materials/core/"]


def test_unknown_material(materials_project: MaterialsProjectServer) -> None:
    with pytest.raises(UnknownMaterial, match="mp-1"):
        client(materials_project).structure("mp-1")


@pytest.mark.parametrize("key", [None, "", "too-short"])
def test_without_a_key_nothing_is_asked(
    materials_project: MaterialsProjectServer, key: str | None
) -> None:
    with pytest.raises(MaterialsProjectKeyMissing, match="MP_API_KEY"):
        client(materials_project, key).structure("mp-9127")
    assert materials_project.behaviour.asked == []


def test_refused_key(materials_project: MaterialsProjectServer) -> None:
    materials_project.behaviour.key = "a" * 32
    with pytest.raises(MaterialsProjectKeyMissing, match="refused"):
        client(materials_project).structure("mp-9127")


@pytest.mark.parametrize("status", [429, 503])
def test_a_short_failure_is_tried_again(
    materials_project: MaterialsProjectServer, status: int
) -> None:
    materials_project.behaviour.failures = 2
    materials_project.behaviour.failure_status = status
    assert len(client(materials_project).structure("mp-22862")) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_long_failure_is_reported(materials_project: MaterialsProjectServer, status: int) -> None:
    materials_project.behaviour.failures = 100
    materials_project.behaviour.failure_status = status
    with pytest.raises(MaterialsProjectUnavailable, match=str(status)):
        client(materials_project).structure("mp-22862")


def test_an_unusable_answer_is_reported(materials_project: MaterialsProjectServer) -> None:
    materials_project.behaviour.garbage = True
    with pytest.raises(MaterialsProjectUnavailable, match="cannot be used"):
        client(materials_project).structure("mp-22862")


def test_a_silent_server_is_given_up(materials_project: MaterialsProjectServer) -> None:
    materials_project.behaviour.silent.set()
    project = MaterialsProject(KEY, materials_project.endpoint, timeout=0.2, retries=1)
    start = time.monotonic()
    with pytest.raises(MaterialsProjectUnavailable, match="cannot be reached"):
        project.structure("mp-22862")
    assert time.monotonic() - start < 4


def test_no_server_at_all() -> None:
    project = MaterialsProject(KEY, "http://127.0.0.1:9/", timeout=0.5, retries=0)
    with pytest.raises(MaterialsProjectUnavailable, match="cannot be reached"):
        project.structure("mp-22862")
