"""Sources that are asked by a query, against real local servers."""

import re
from itertools import islice
from urllib.parse import parse_qs, urlsplit

import pytest

from app.screening.sources import materials_project as module
from app.screening.sources import optimade
from app.screening.sources.materials_project import MaterialsProjectQuery
from app.screening.sources.pages import Paged
from models.errors import DataError, MaterialsProjectKeyMissing
from models.structure.checks import StructureLimits
from models.structure.materials_project import client
from models.structure.materials_project.session import BoundedSession
from tests.app.screening.conftest import rows_of
from tests.optimade_server import running_optimade
from tests.training.fetch.web_server import Reply, WebServer

KEY = "k" * 32


@pytest.fixture
def mp(materials_project, monkeypatch):
    monkeypatch.setenv("MP_API_KEY", KEY)
    monkeypatch.setenv("MP_API_ENDPOINT", materials_project.endpoint)
    monkeypatch.setattr(module, "PAGE", 2)
    materials_project.structures |= {
        f"mp-9{place}": materials_project.structures["mp-22862"] for place in range(4)
    }
    return materials_project


def summaries(server):
    """The queries for summaries that the server was asked."""
    urls = [urlsplit(path) for path in server.behaviour.asked]
    return [parse_qs(url.query) for url in urls if "summary" in url.path]


def test_a_query_of_the_materials_project_is_paged_and_kept(mp, paraisite, tmp_path):
    out = tmp_path / "ltc.parquet"
    assert paraisite("screen", "mp:num_sites=1:4", "--out", out) == 0
    ids = [row["material_id"] for row in rows_of(out)]
    assert ids == sorted(ids)
    assert len(ids) > 2
    assert [query["_page"] for query in summaries(mp)] == [
        [f"{n}"] for n in range(1, len(ids) // 2 + 2)
    ]
    assert all(query["nsites_max"] == ["4"] for query in summaries(mp))
    mp.behaviour.asked.clear()
    out.unlink()
    assert paraisite("screen", "mp:num_sites=1:4", "--out", out) == 0
    assert [row["material_id"] for row in rows_of(out)] == ids
    assert mp.behaviour.asked == []


def query(server, text="", **options):
    return MaterialsProjectQuery(text, KEY, server.endpoint, sleep=lambda _s: None, **options)


def first_page(query):
    with query.opened() as fetch:
        return fetch(None)


def test_one_session_asks_for_all_pages_and_is_closed(mp, tmp_path, monkeypatch):
    made, closed = [], []

    class Watched(BoundedSession):
        def __init__(self, *args):
            super().__init__(*args)
            made.append(self)

        def close(self):
            super().close()
            closed.append(self)

    monkeypatch.setattr(client, "_Session", type("Watched", (Watched, client._Session), {}))
    mp.behaviour.failures = 6
    assert len(list(Paged(query(mp), tmp_path, StructureLimits()).entries())) > 2
    assert len(made) == 1
    assert closed == made


def test_a_fault_that_passes_is_waited_for(mp):
    mp.behaviour.failures = 6
    assert len(first_page(query(mp)).documents) == 2


def test_a_refused_key_ends_the_query(mp):
    mp.behaviour.key = "another"
    with pytest.raises(MaterialsProjectKeyMissing):
        first_page(query(mp))


@pytest.mark.parametrize("text", ["colour=red", "band_gap=a:b", "elements"])
def test_a_condition_that_there_is_not(mp, paraisite, tmp_path, capsys, text):
    assert paraisite("screen", f"mp:{text}", "--out", tmp_path / "ltc.csv") == 1
    message = capsys.readouterr().err
    assert "summary.search" in message or "is no query" in message
    assert KEY not in message


def test_a_query_goes_on_at_the_page_where_it_stopped(mp, tmp_path):
    paged = Paged(query(mp), tmp_path, StructureLimits())
    first = [entry.material_id for entry in islice(paged.entries(), 3)]
    mp.behaviour.asked.clear()
    again = [entry.material_id for entry in paged.entries()]
    assert again[:3] == first
    assert summaries(mp)[0]["_page"] == ["3"]


def test_a_damaged_page_is_told(mp, tmp_path):
    paged = Paged(query(mp), tmp_path, StructureLimits())
    list(paged.entries())
    page = next(tmp_path.glob("page-000000*"))
    page.write_bytes(page.read_bytes()[:-9])
    with pytest.raises(DataError, match="damaged"):
        list(paged.entries())


@pytest.fixture(scope="module")
def optimade_server(tmp_path_factory, rocksalt, zincblende):
    structures = {f"x-{place}": rocksalt for place in range(6)} | {"y": zincblende}
    with running_optimade(tmp_path_factory.mktemp("optimade") / "data.jsonl", structures) as base:
        yield base


def test_an_optimade_provider_is_asked_page_by_page(
    optimade_server, paraisite, tmp_path, monkeypatch
):
    monkeypatch.setattr(optimade, "PAGE", 2)
    out = tmp_path / "ltc.parquet"
    source = f'optimade:{optimade_server}?filter=elements HAS "Cl" AND nelements>=2'
    assert paraisite("screen", source, "--out", out) == 0
    assert len(list(tmp_path.glob("*.source-*/page-*"))) >= 3
    assert sorted((row["material_id"], row["formula"]) for row in rows_of(out)) == [
        (f"x-{place}", "NaCl") for place in range(6)
    ]


def test_a_filter_that_the_provider_does_not_understand(optimade_server):
    with pytest.raises(DataError, match="refuses the query"):
        first_page(optimade.optimade_query(f"{optimade_server}?filter=elements HAZ 1"))


REFUSED = (
    ('{"errors": [{"detail": "no such field"}, {"detail": "sorry"}]}', "no such field; sorry"),
    *(
        (body, "status 400")
        for body in ("{}", '["x"]', "<html>", '{"errors": null}', '{"errors": ["bad"]}')
    ),
)


def answered(body, status=200):
    """The first page of a provider that gives this answer."""
    server = WebServer(lambda _request: Reply(body.encode(), status))
    try:
        return first_page(optimade.OptimadeQuery(server.url, ""))
    finally:
        server.close()


@pytest.mark.parametrize(("body", "told"), REFUSED)
def test_a_refusal_tells_what_the_provider_says_or_its_status(body, told):
    with pytest.raises(DataError, match=re.escape(f"refuses the query ({told})")):
        answered(body, 400)


@pytest.mark.parametrize("body", ['["x"]', '{"data": [], "links": {"next": 5}}', '{"data": [[]]}'])
def test_an_answer_that_is_not_one_of_optimade(body):
    with pytest.raises(DataError, match="not one of OPTIMADE"):
        answered(body)


def test_a_delay_that_is_none_is_no_wait():
    assert answered('{"data": [], "meta": {"request_delay": -1}}').documents == []


def test_a_provider_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(optimade, "RETRIES", 0)
    with pytest.raises(DataError, match="try again later"):
        first_page(optimade.optimade_query("http://127.0.0.1:9?filter=nsites<3"))


@pytest.mark.parametrize("text", ["ftp://x/?filter=a", "https://x/?query=a"])
def test_an_address_that_is_no_optimade_query(text):
    with pytest.raises(DataError, match="is no query"):
        optimade.optimade_query(text)
