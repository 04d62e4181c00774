import json
import re
import subprocess
import sys
import threading

import pytest

from models.errors import DataError
from tests.training.fetch.web_server import Reply
from training.data.datasets import read_dataset, read_dataset_file
from training.fetch import aflow
from training.fetch.download import Downloader

AURL = "aflowlib.duke.edu:AFLOWDATA/ICSD_WEB/FCC/"


def entry(number, **changes):
    """Return rocksalt number `number` as AFLUX gives it."""
    return {
        "compound": "Cl1Na1",
        "auid": f"aflow:{number:016x}",
        "aurl": f"{AURL}Cl1Na1_ICSD_{number}",
        "agl_thermal_conductivity_300K": 5.0 + number,
        "agl_debye": 300.0,
        "agl_gruneisen": 1.7,
        "species": ["Cl", "Na"],
        "composition": [1, 1],
        "geometry": [4.02, 4.02, 4.02, 60, 60, 60],
        "positions_fractional": [[0, 0, 0], [0.5, 0.5, 0.5]],
    } | changes


def paging(query):
    """Return the page number and the page size that `query` asks for."""
    (found,) = re.findall(r"paging\((\d+),(\d+)\)", query)
    return int(found[0]), int(found[1])


def answer(entries, query):
    """Return the page that `query` asks for, as AFLUX does: filtered, sorted, keyed "i of n"."""
    assert "$catalog(ICSD)" in query
    number, size = paging(query)
    words = [word.removesuffix("(*)") for word in re.split(r",(?![^(]*\))", query)]
    columns = {"compound", "auid", "aurl", *words}
    matches = sorted((e for e in entries if words[0] in e), key=lambda e: float(e[words[0]]))
    first = (number - 1) * size
    page = {
        f"{i} of {len(matches)}": {k: v for k, v in match.items() if k in columns}
        for i, match in enumerate(matches[first : first + size], start=first + 1)
    }
    return json.dumps(page).encode()


def fetched(web, out, policy, page_size=3):
    with Downloader(policy) as downloader:
        return aflow.fetch(out, downloader, web.url, page_size)


def test_every_page_ends_in_a_file_that_datasets_read(serve, policy, tmp_path):
    entries = [entry(n) for n in range(1, 8)]
    web = serve(lambda request: Reply(answer(entries, request.query)))
    report = fetched(web, tmp_path / "aflow_agl.jsonl.gz", policy)
    dataset = read_dataset("aflow", tmp_path)
    assert [c.material_id for c in dataset.crystals] == [f"icsd-{n}" for n in range(1, 8)]
    assert dataset.crystals[0].labels == {"ltc": 6.0, "debye_temperature": 300.0, "gruneisen": 1.7}
    assert dataset.crystals[0].structure.formula == "Na1 Cl1"
    assert dataset.crystals[0].structure.volume == pytest.approx(4.02**3 / 2**0.5)
    assert (report.n_rows, report.dropped, report.sha256) == (7, (), dataset.sources[0].sha256)
    assert len(web.requests) == 3
    assert {path.name for path in tmp_path.iterdir()} == {
        "aflow_agl.jsonl.gz",
        "aflow_agl.jsonl.gz.report.json",
    }


def test_entries_of_older_versions_hold_lists_as_text(serve, policy, tmp_path):
    old = entry(
        1,
        agl_thermal_conductivity_300K="83.0737",
        species="Cl,Na",
        composition="1,1",
        geometry="4.02,4.02,4.02,60,60,60",
        positions_fractional="0,0,0;0.5,0.5,0.5",
    )
    web = serve(lambda request: Reply(answer([old], request.query)))
    fetched(web, tmp_path / "old.jsonl.gz", policy)
    (crystal,) = read_dataset_file("aflow", tmp_path / "old.jsonl.gz").crystals
    assert crystal.ltc == 83.0737
    assert crystal.structure.frac_coords.tolist() == [[0, 0, 0], [0.5, 0.5, 0.5]]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"agl_debye": None}, "no agl_debye"),
        ({"agl_gruneisen": -0.2}, "gruneisen: .*greater than 0"),
        ({"agl_gruneisen": "nan"}, "gruneisen: .*finite"),
        ({"composition": [1, 2]}, "6 coordinates for 3 sites"),
        ({"composition": [1]}, "1 amounts of 2 species"),
        ({"species": ["Cl", "Xx"]}, "Xx"),
        ({"geometry": [4, 4, 4, 90, 90, 1e-5]}, "no volume"),
    ],
)
def test_entries_that_cannot_be_used_are_dropped_with_a_reason(
    serve, policy, tmp_path, changes, reason
):
    entries = [entry(1, **changes), entry(2)]
    web = serve(lambda request: Reply(answer(entries, request.query)))
    report = fetched(web, tmp_path / "a.jsonl.gz", policy)
    assert report.n_rows == 1
    (dropped,) = report.dropped
    assert dropped.material_id == "icsd-1"
    assert re.search(reason, dropped.reason)
    assert dropped.reason in (tmp_path / "a.jsonl.gz.report.json").read_text()


def test_a_second_entry_of_one_icsd_number_is_dropped(serve, policy, tmp_path):
    entries = [entry(1), entry(2), entry(1, agl_thermal_conductivity_300K=9.0)]
    web = serve(lambda request: Reply(answer(entries, request.query)))
    report = fetched(web, tmp_path / "a.jsonl.gz", policy, page_size=2)
    assert report.n_rows == 2
    assert [d.reason for d in report.dropped] == ["the id is that of an earlier row"]


def test_pages_that_are_cut_short_are_asked_again(serve, policy, tmp_path):
    entries = [entry(n) for n in range(1, 6)]
    faults = {1: lambda body: body[:-40], 3: lambda _: b"{}", 4: lambda _: b'"error"'}

    def respond(request):
        body = answer(entries, request.query)
        if len(web.requests) == 6:  # a page whose last entry is missing, but whole JSON
            return Reply(json.dumps(dict([next(iter(json.loads(body).items()))])).encode())
        return Reply(faults.get(len(web.requests), lambda body: body)(body))

    web = serve(respond)
    report = fetched(web, tmp_path / "a.jsonl.gz", policy, page_size=2)
    assert report.n_rows == 5
    assert len(web.requests) == 3 + len(faults)


def test_a_page_that_stays_short_ends_the_fetch(serve, policy, tmp_path):
    web = serve(lambda _: Reply(json.dumps({"1 of 9": entry(1)}).encode()))
    with pytest.raises(DataError, match="holds 1 of 3 entries"):
        fetched(web, tmp_path / "a.jsonl.gz", policy)
    assert not (tmp_path / "a.jsonl.gz").exists()


def test_a_set_that_changes_during_the_fetch_ends_it(serve, policy, tmp_path):
    def respond(request):
        return Reply(answer([entry(n) for n in range(5 + len(web.requests))], request.query))

    web = serve(respond)
    with pytest.raises(DataError, match="announced 6 entries, then 7"):
        fetched(web, tmp_path / "a.jsonl.gz", policy)


def test_a_fetch_that_is_killed_goes_on_where_it_stopped(serve, policy, tmp_path):
    entries = [entry(n, agl_gruneisen=-1.0 if n == 2 else 1.7) for n in range(1, 12)]
    third_asked, release = threading.Event(), threading.Event()

    def respond(request):
        if "paging(3," in request.query and not release.is_set():
            third_asked.set()
            release.wait(30)
        return Reply(answer(entries, request.query))

    web = serve(respond)
    out = tmp_path / "killed.jsonl.gz"
    command = (
        "import sys, pathlib; from training.fetch import aflow, download, retries;"
        "via = download.Downloader(retries.RetryPolicy());"
        "aflow.fetch(pathlib.Path(sys.argv[1]), via, sys.argv[2], page_size=3)"
    )
    arguments = [str(out), web.url]
    process = subprocess.Popen([sys.executable, "-c", command, *arguments])
    assert third_asked.wait(30)
    process.kill()
    process.wait()
    release.set()
    with out.with_name(out.name + ".part").open("ab") as part:
        part.write(b'{"material_id": "a row half wri')  # as a kill in the middle of a page leaves

    before = len(web.requests)
    assert not out.exists()
    subprocess.run([sys.executable, "-c", command, *arguments], check=True, timeout=60)
    again = [paging(request.query)[0] for request in web.requests[before:]]
    assert again == [3, 4]

    report = fetched(web, tmp_path / "whole.jsonl.gz", policy)
    assert out.read_bytes() == (tmp_path / "whole.jsonl.gz").read_bytes()
    assert [dropped.material_id for dropped in report.dropped] == ["icsd-2"]


def test_an_unfinished_fetch_of_other_pages_is_not_mixed_in(serve, policy, tmp_path):
    entries = [entry(n) for n in range(1, 8)]

    def respond(request):
        if "paging(2," in request.query:
            return Reply(status=404)
        return Reply(answer(entries, request.query))

    web = serve(respond)
    with pytest.raises(DataError, match="404"):
        fetched(web, tmp_path / "a.jsonl.gz", policy)
    with pytest.raises(DataError, match="belongs to a fetch of"):
        fetched(web, tmp_path / "a.jsonl.gz", policy, page_size=5)


def test_a_file_that_exists_is_not_overwritten(serve, policy, tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(b"precious")
    web = serve(lambda _: Reply())
    with pytest.raises(DataError, match="exists"):
        fetched(web, tmp_path / "a.jsonl.gz", policy)
    assert not web.requests
