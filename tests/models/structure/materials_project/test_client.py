"""The real client of the Materials Project against a local server."""

import json
import time

import pytest
from pymatgen.core import Structure

from models.errors import (
    InvalidMaterialId,
    MaterialsProjectKeyMissing,
    MaterialsProjectUnavailable,
    UnknownMaterial,
)
from models.structure.materials_project import client as client_module
from models.structure.materials_project import session
from models.structure.materials_project.client import MaterialsProject, check_material_id
from tests.materials_project_server import MaterialsProjectServer, running_server

KEY = "k" * 32


def client(server: MaterialsProjectServer, key: str | None = KEY) -> MaterialsProject:
    return MaterialsProject(key, server.endpoint, timeout=10.0)


@pytest.mark.parametrize("material_id", ["mp-9127", "mvc-123", "mp-abcdef"])
def test_ids_of_the_materials_project_are_accepted(material_id: str) -> None:
    assert check_material_id(material_id) == material_id


@pytest.mark.parametrize(
    "material_id", ["", "9127", "mp-", "xp-9127", "mp-9127,mp-149", "mp-9127 ", "mp-1\n", "../x"]
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


@pytest.mark.parametrize("material_id", ["MP-22862", "Mp-22862", "MVC-1"])
def test_capital_letters_in_an_id_are_read(material_id: str) -> None:
    assert check_material_id(material_id) == material_id.lower()


def test_the_id_of_a_task_or_a_retired_one_leads_to_its_material(
    materials_project: MaterialsProjectServer,
) -> None:
    materials_project.behaviour.tasks["mp-1234"] = "mp-22862"
    assert len(client(materials_project).structure("MP-1234")) == 2


def test_a_dripping_server_is_given_up_in_time(materials_project: MaterialsProjectServer) -> None:
    """A timeout for each byte never comes to bear on a server that sends one now and then."""
    materials_project.behaviour.drip = 0.05
    project = MaterialsProject(KEY, materials_project.endpoint, timeout=0.5, retries=2)
    project.prepare()
    start = time.monotonic()
    with pytest.raises(MaterialsProjectUnavailable, match="cannot be reached"):
        project.structure("mp-22862")
    assert time.monotonic() - start < 2.5


def test_a_server_that_fails_is_left_alone_and_then_tried_again(
    materials_project: MaterialsProjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "PAUSE", 0.3)
    materials_project.behaviour.body = b"null"
    project = client(materials_project)
    for _ in range(3):
        with pytest.raises(MaterialsProjectUnavailable, match="cannot be used"):
            project.structure("mp-22862")
    asked = len(materials_project.behaviour.asked)
    for _ in range(5):
        with pytest.raises(MaterialsProjectUnavailable, match="lately"):
            project.structure("mp-22862")
    assert len(materials_project.behaviour.asked) == asked
    assert project.is_left_alone
    materials_project.behaviour.body = None
    time.sleep(0.4)
    assert len(project.structure("mp-22862")) == 2
    assert not project.is_left_alone


def test_unknown_materials_and_refused_keys_are_no_failures(
    materials_project: MaterialsProjectServer,
) -> None:
    project = client(materials_project)
    for _ in range(5):
        with pytest.raises(UnknownMaterial):
            project.structure("mp-1")
    assert len(project.structure("mp-22862")) == 2


def test_the_key_goes_to_no_other_host(materials_project: MaterialsProjectServer) -> None:
    with running_server() as other:
        materials_project.behaviour.redirect = f"{other.endpoint}materials/core/?material_ids=mp-1"
        with pytest.raises(MaterialsProjectUnavailable, match="ForeignRedirect"):
            client(materials_project).structure("mp-22862")
        assert other.behaviour.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b"{}",
        b"17",
        b"not json",
        b"\xff\xfe",
        b'{"data": null}',
        b'{"data": {}}',
        b'{"data": [null]}',
        b'{"data": [{}]}',
        b'{"data": [[]]}',
        b'{"data": [{"material_id": "mp-22862"}]}',
        b'{"data": [{"material_id": "mp-22862", "structure": null}]}',
        b'{"data": [{"material_id": "mp-22862", "structure": {"lattice": "x"}}]}',
        b'{"data": [{"material_id": "mp-22862", "structure": []}], "meta": {"total_doc": "many"}}',
        b'{"data": [{"material_id": "mp-9127", "structure": {}}]}',
        b'{"data": [{"material_id": 5, "structure": {}}]}',
        b"[" * 100_000,
    ],
)
def test_no_answer_that_lies_is_taken_for_an_unknown_material(
    materials_project: MaterialsProjectServer, body: bytes
) -> None:
    materials_project.behaviour.body = body
    with pytest.raises(MaterialsProjectUnavailable, match="cannot be used"):
        client(materials_project).structure("mp-22862")


def test_an_answer_about_another_material_is_not_used(
    materials_project: MaterialsProjectServer,
) -> None:
    structures = materials_project.structures
    other = Structure(*structures["mp-9127"].values()).as_dict()
    document = {"data": [{"material_id": "mp-9127", "structure": other}]}
    materials_project.behaviour.body = json.dumps(document).encode()
    with pytest.raises(MaterialsProjectUnavailable, match="cannot be used"):
        client(materials_project).structure("mp-22862")


def test_an_answer_without_end_is_cut(
    materials_project: MaterialsProjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MAX_BYTES", 100_000)
    materials_project.behaviour.body = b" " * 1_000_000
    with pytest.raises(MaterialsProjectUnavailable, match="TooMuch"):
        client(materials_project).structure("mp-22862")


def test_errors_hold_no_key_and_no_address(materials_project: MaterialsProjectServer) -> None:
    for change in ("silent", "body", "redirect"):
        with running_server() as server:
            if change == "silent":
                server.behaviour.silent.set()
            else:
                value = b"null" if change == "body" else "http://10.1.2.3/internal"
                setattr(server.behaviour, change, value)
            project = MaterialsProject(KEY, server.endpoint, timeout=0.3, retries=0)
            with pytest.raises(MaterialsProjectUnavailable) as failed:
                project.structure("mp-22862")
            assert KEY not in str(failed.value)
            assert "127.0.0.1" not in str(failed.value)
            assert "10.1.2.3" not in str(failed.value)
