"""The real mp-api client against a server that speaks its protocol."""

import json
from urllib.parse import parse_qs

import pytest

from models.errors import DataError, MaterialError, MaterialsProjectKeyMissing
from tests.crystals import ROCKSALT
from tests.training.fetch.web_server import Reply
from training.data.datasets import read_dataset_file
from training.fetch.labelled import Labelled
from training.fetch.materials_project import MaterialsProjectStructures, join_structures
from training.fetch.row_file import Dropped, Origin

KEY = "k" * 32
HEARTBEAT = {"version": "0.87.3", "db_version": "2026.1.1", "access_controlled_batch_ids": []}
STRUCTURES = {f"mp-{n}": ROCKSALT.crystal(["Na", "Cl"], 2.5 + n / 200) for n in range(1, 8)}


def answer(request, known=None):
    """Return what the Materials Project answers: its heartbeat, or summary documents."""
    if request.path == "/heartbeat":
        return Reply(json.dumps(HEARTBEAT).encode())
    assert request.path == "/materials/summary/"
    if request.headers["x-api-key"] != KEY:
        return Reply(b'{"detail": "Invalid authentication credentials"}', status=401)
    asked = parse_qs(request.query)["material_ids"][0].split(",")
    documents = [
        {"material_id": (known or {}).get(i, i), "structure": STRUCTURES[i].as_dict()}
        for i in reversed(asked)
        if i in STRUCTURES
    ]
    body = {"data": documents, "meta": {"total_doc": len(documents)}}
    return Reply(json.dumps(body).encode())


@pytest.fixture
def project(serve):
    return serve(answer)


@pytest.fixture
def source(project, policy):
    return MaterialsProjectStructures(policy, project.url, KEY)


ORIGIN = Origin(url="https://example.org", licence="CC BY 4.0", cite="A table")


def rows(*labels):
    """Return rows of (id, ltc) or (id, ltc, formula)."""
    return [Labelled(i, {"ltc": ltc}, *formula) for i, ltc, *formula in labels]


def searches(web):
    return [r for r in web.requests if r.path != "/heartbeat"]


def test_structures_are_joined_to_their_labels_in_the_order_of_the_table(project, source, tmp_path):
    table = rows(("mp-3", 7.9, "NaCl"), ("mp-1", "2"), ("mp-2", 3.5, "NaCl"))
    out = tmp_path / "a.jsonl.gz"
    report = join_structures(table, out, source, ORIGIN, chunk_size=2)
    crystals = read_dataset_file("a", out).crystals
    assert [(c.material_id, c.ltc) for c in crystals] == [
        ("mp-3", 7.9),
        ("mp-1", 2.0),
        ("mp-2", 3.5),
    ]
    assert [c.formula for c in crystals] == ["NaCl"] * 3
    assert crystals[0].structure.volume == pytest.approx(STRUCTURES["mp-3"].volume)
    assert (report.n_rows, report.dropped) == (3, ())
    assert len(searches(project)) == 2


def test_rows_without_a_material_or_a_label_are_reported(source, tmp_path):
    table = rows(
        *(("mp-999", 1), ("mp-1", "much"), ("mp-2", -1), ("mp-3", "nan"), ("mp-4", 1, "KCl")),
        *(("", 1), ("NaCl", 1), ("mp-5", 1, "NaCl"), ("mp-5", 2, "NaCl")),
    )
    report = join_structures(table, tmp_path / "a.jsonl.gz", source, ORIGIN, chunk_size=10)
    assert report.n_rows == 1
    reasons = [(d.material_id, d.reason) for d in report.dropped]
    unknown = "the Materials Project has no material of this id"
    assert [reasons[0], reasons[5], reasons[6]] == [
        ("mp-999", unknown),
        ("", unknown),
        ("NaCl", unknown),
    ]
    assert [i for i, _ in reasons[1:5]] == ["mp-1", "mp-2", "mp-3", "mp-4"]
    assert "much" in reasons[1][1]
    assert "greater than 0" in reasons[2][1]
    assert "finite" in reasons[3][1]
    assert "formula KCl but the structure is Na1 Cl1" in reasons[4][1]
    assert reasons[7] == ("mp-5", "the id is that of an earlier row")


def test_ids_answered_in_the_new_spelling_are_recognised(serve, policy):
    web = serve(lambda request: answer(request, known={"mp-1": "mp-b"}))
    assert list(MaterialsProjectStructures(policy, web.url, KEY).structures(["mp-1"])) == ["mp-1"]


def test_outages_are_outlasted(serve, policy):
    statuses = [503, 500]

    def respond(request):
        if request.path != "/heartbeat" and statuses:
            return Reply(b'{"detail": "down"}', status=statuses.pop())
        return answer(request)

    web = serve(respond)
    assert list(MaterialsProjectStructures(policy, web.url, KEY).structures(["mp-1"])) == ["mp-1"]
    assert not statuses


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b'{"detail": "down"}'])
def test_a_heartbeat_that_fails_is_asked_again(serve, policy, body):
    replies = [body]

    def respond(request):
        return Reply(replies.pop(), status=503) if replies else answer(request)

    web = serve(respond)
    assert list(MaterialsProjectStructures(policy, web.url, KEY).structures(["mp-2"])) == ["mp-2"]


def test_an_outage_that_stays_ends_in_an_error_and_the_fetch_goes_on_later(serve, policy, tmp_path):
    table = rows(*((f"mp-{n}", n) for n in range(1, 8)))
    out = tmp_path / "a.jsonl.gz"
    down = True

    def respond(request):
        if down and "mp-5" in request.query:
            return Reply(b'{"detail": "down"}', status=503)
        return answer(request)

    web = serve(respond)
    source = MaterialsProjectStructures(policy, web.url, KEY)
    with pytest.raises(DataError, match="run the same command again"):
        join_structures(table, out, source, ORIGIN, chunk_size=2)
    assert not out.exists()

    down, before = False, len(web.requests)
    report = join_structures(table, out, source, ORIGIN, chunk_size=2)
    assert report.n_rows == 7
    assert len(web.requests) - before == 2
    assert [c.material_id for c in read_dataset_file("a", out).crystals] == list(STRUCTURES)


def test_another_table_does_not_go_on_with_the_fetch_of_the_first(serve, policy, tmp_path):
    def respond(request):
        return Reply(status=400) if "mp-2" in request.query else answer(request)

    web = serve(respond)
    source = MaterialsProjectStructures(policy, web.url, KEY)
    out = tmp_path / "a.jsonl.gz"
    with pytest.raises(MaterialError, match="refused the request"):
        join_structures(rows(("mp-1", 1), ("mp-2", 1)), out, source, ORIGIN, 1)
    with pytest.raises(DataError, match="belongs to a fetch of"):
        join_structures(rows(("mp-3", 1), ("mp-1", 1)), out, source, ORIGIN, 1)


def test_a_refused_key_is_said_to_be_one(project, policy):
    with pytest.raises(MaterialsProjectKeyMissing, match="refused"):
        MaterialsProjectStructures(policy, project.url, "x" * 32).structures(["mp-1"])
    with pytest.raises(MaterialsProjectKeyMissing, match="32 characters"):
        MaterialsProjectStructures(policy, project.url, "short")
    assert len(searches(project)) == 1


def test_no_key_is_said_before_anything_is_asked(project, policy, monkeypatch):
    monkeypatch.delenv("MP_API_KEY", raising=False)
    with pytest.raises(MaterialsProjectKeyMissing, match="MP_API_KEY"):
        MaterialsProjectStructures(policy, project.url)
    assert not project.requests


def test_a_table_of_no_valid_ids_asks_for_nothing(project, source, tmp_path):
    report = join_structures(rows(("NaCl", 1)), tmp_path / "a.jsonl.gz", source, ORIGIN)
    assert (report.n_rows, len(report.dropped)) == (0, 1)
    assert not searches(project)


def test_a_cell_of_another_size_than_was_calculated_is_dropped(source, tmp_path):
    table = [Labelled(f"mp-{n}", {"ltc": 1.0}, n_atoms=n) for n in (1, 2)]
    report = join_structures(table, tmp_path / "a.jsonl.gz", source, ORIGIN)
    assert [entry.material_id for entry in report.dropped] == ["mp-1"]


def test_a_cell_of_another_volume_than_was_calculated_is_dropped(source, tmp_path):
    now = STRUCTURES["mp-1"].volume / 2
    table = [
        Labelled(f"mp-{n}", {"ltc": 1.0, "reference_volume": now / ratio})
        for n, ratio in ((1, 1.24), (2, 1.3), (3, 0.8), (4, 0.9))
    ]
    report = join_structures(table, tmp_path / "a.jsonl.gz", source, ORIGIN)
    assert [entry.material_id for entry in report.dropped] == ["mp-2", "mp-3"]
    assert "times the volume" in report.dropped[0].reason


def test_rows_that_are_dropped_already_are_reported_in_their_place(source, project, tmp_path):
    gone = Dropped(material_id="mp-2", reason="no archive")
    table = [*rows(("mp-1", 1)), gone, *rows(("mp-3", "much"))]
    report = join_structures(table, tmp_path / "a.jsonl.gz", source, ORIGIN)
    assert (report.n_rows, report.dropped[0], len(report.dropped)) == (1, gone, 2)
    assert "mp-2" not in searches(project)[0].query
