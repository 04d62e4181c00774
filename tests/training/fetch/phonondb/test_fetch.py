"""phonondb from an index and archives on a local server, with structures from another."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from tests.training.fetch.phonondb.springs import (
    HEAVY,
    LIGHT,
    SPRING,
    archive,
    frequency,
    rocksalt,
    simple_cubic,
)
from tests.training.fetch.test_materials_project import KEY, STRUCTURES, answer
from tests.training.fetch.web_server import Reply
from training.data.datasets import read_dataset
from training.fetch.download import Downloader
from training.fetch.labelled import Labelled
from training.fetch.materials_project import MaterialsProjectStructures
from training.fetch.phonondb import fetch as phonondb
from training.fetch.phonondb.finished import FinishedLabels
from training.fetch.phonondb.force_set import labelled
from training.fetch.phonondb.index import Calculation, read_index

FILE = "phonondb_harmonic.jsonl.gz"
HEAD = "# Phonondb data\n\n| Materials Project ID | Name | Space group type | URL | data-link |\n"


def index(web_url, numbers):
    """Return the table that phonondb publishes."""
    lines = (
        f"| {n} | NaCl | Fm-3m (225) |  https://example.org/concern/datasets/d{n} "
        f"| [d{n}.zip]({web_url}download_all/d{n}.zip) |\n"
        for n in numbers
    )
    return (HEAD + "".join(lines)).encode()


def number_of(request):
    return int(request.path.removeprefix("/download_all/d").removesuffix(".zip"))


@pytest.fixture(scope="module")
def salt(tmp_path_factory):
    return archive(rocksalt(), tmp_path_factory.mktemp("salt"))


@pytest.fixture
def project(serve, policy):
    return MaterialsProjectStructures(policy, serve(answer).url, KEY)


@pytest.fixture
def fetch(policy, project, tmp_path):
    def run(web, n_workers=1):
        with Downloader(policy) as downloader:
            return phonondb.fetch(
                tmp_path / FILE, downloader, project, f"{web.url}README.md", n_workers
            )

    return run


def serve_archives(serve, archives):
    """Start a server of an index and `archives` by number; a Reply is sent as it is."""

    def respond(request):
        if request.path == "/README.md":
            return Reply(index(web.url, archives))
        found = archives[number_of(request)]
        return found if isinstance(found, Reply) else Reply(found)

    web = serve(respond)
    return web


def test_labels_of_every_archive_are_joined_with_structures(serve, salt, fetch, tmp_path):
    report = fetch(serve_archives(serve, dict.fromkeys((2, 5, 3), salt)), n_workers=2)
    dataset = read_dataset("phonondb", tmp_path)
    assert [crystal.material_id for crystal in dataset.crystals] == ["mp-2", "mp-5", "mp-3"]
    labels = dataset.crystals[1].labels
    assert labels == dataset.crystals[0].labels
    exact = frequency(6 * SPRING * (1 / LIGHT + 1 / HEAVY))
    assert labels["max_frequency"] == pytest.approx(exact, rel=1e-4)
    assert labels["reference_volume"] == pytest.approx(5.05**3 / 8, rel=1e-5)
    assert dataset.crystals[1].structure.volume == pytest.approx(STRUCTURES["mp-5"].volume)
    assert (report.n_rows, report.dropped) == (3, ())
    assert report.origin.licence == "CC BY 4.0"
    assert {path.name for path in tmp_path.iterdir()} == {FILE, f"{FILE}.report.json"}


def test_what_cannot_be_used_is_reported_with_the_reason(serve, salt, fetch, tmp_path):
    argon = archive(simple_cubic(), tmp_path)
    (tmp_path / "phonopy_params.yaml").unlink()
    archives = {1: salt, 2: Reply(status=404), 3: b"<html>", 4: salt[:-99], 6: argon, 999: salt}
    report = fetch(serve_archives(serve, archives))
    assert [dropped.material_id for dropped in report.dropped] == [
        *("mp-2", "mp-3", "mp-4", "mp-6", "mp-999")
    ]
    reasons = [dropped.reason for dropped in report.dropped]
    assert "404" in reasons[0]
    assert "BadZipFile" in reasons[1]
    assert "BadZipFile" in reasons[2]
    assert reasons[3] == "calculated with 1 atoms, not those of today's cell"
    assert reasons[4] == "the Materials Project has no material of this id"
    assert report.n_rows == 1
    assert json.loads((tmp_path / f"{FILE}.report.json").read_text())["dropped"][0]["reason"]


def test_a_server_that_fails_ends_the_fetch_and_what_is_done_is_kept(serve, salt, fetch):
    archives = {1: salt, 2: Reply(status=503), 3: salt}
    web = serve_archives(serve, archives)
    with pytest.raises(DataError, match="run the same command again"):
        fetch(web)
    archives[2] = salt
    before = len(web.requests)
    assert fetch(web).n_rows == 3
    assert "/download_all/d1.zip" not in {request.path for request in web.requests[before:]}


def test_many_archives_that_cannot_be_used_end_the_fetch(serve, fetch, monkeypatch, tmp_path):
    monkeypatch.setattr(phonondb, "MOST_DROPPED", 2)
    with pytest.raises(DataError, match=r"More than 2 archives .* BadZipFile"):
        fetch(serve_archives(serve, dict.fromkeys((1, 2, 3, 4), b"")))
    assert not (tmp_path / FILE).exists()


COMMAND = """
if __name__ == "__main__":
    import pathlib, signal, sys
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored under a background job
    from training.fetch import download, materials_project, retries
    from training.fetch.phonondb import fetch

    policy = retries.RetryPolicy()
    source = materials_project.MaterialsProjectStructures(policy, *sys.argv[3:])
    with download.Downloader(policy) as via:
        fetch.fetch(pathlib.Path(sys.argv[1]), via, source, sys.argv[2], n_workers=1)
"""


@pytest.fixture
def third_waits(serve, salt):
    """Return a server of three archives, and events: the third is asked for; it may be sent."""
    asked, release = threading.Event(), threading.Event()

    def respond(request):
        if request.path == "/README.md":
            return Reply(index(web.url, (1, 2, 3)))
        if number_of(request) == 3 and not release.is_set():
            asked.set()
            release.wait(60)
        return Reply(salt)

    web = serve(respond)
    yield web, asked, release
    release.set()


@pytest.fixture
def command(serve, third_waits, tmp_path):
    """Return the command of a process that fetches from that server."""
    script = tmp_path / "fetch_phonondb.py"
    script.write_text(COMMAND)
    addresses = [f"{third_waits[0].url}README.md", serve(answer).url, KEY]
    return [sys.executable, str(script), str(tmp_path / FILE), *addresses]


def stopped(command, asked, how):
    """Return the exit status of the command, sent a signal in the middle of the third archive."""
    labels = Path(f"{command[2]}.labels.jsonl")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            assert asked.wait(200)
            while not labels.exists() or labels.read_bytes().count(b"\n") < 2:
                time.sleep(0.05)
            process.send_signal(how)
            return process.wait(20)
        finally:
            process.kill()


def test_a_fetch_that_is_killed_goes_on_with_the_rest(third_waits, command, tmp_path):
    web, asked, release = third_waits
    assert stopped(command, asked, signal.SIGKILL) == -signal.SIGKILL
    assert not (tmp_path / FILE).exists()
    assert len(FinishedLabels(tmp_path / f"{FILE}.labels.jsonl").rows) == 2
    release.set()
    before = len(web.requests)
    subprocess.run(command, check=True, timeout=200, stderr=subprocess.DEVNULL)
    assert [r.path for r in web.requests[before:]] == ["/README.md", "/download_all/d3.zip"]
    assert len(read_dataset("phonondb", tmp_path).crystals) == 3


def test_an_interrupt_ends_the_workers_at_once_and_keeps_what_is_done(
    third_waits, command, tmp_path
):
    _, asked, _ = third_waits
    assert stopped(command, asked, signal.SIGINT) != 0
    assert len(FinishedLabels(tmp_path / f"{FILE}.labels.jsonl").rows) == 2


def test_the_index_is_read_line_by_line():
    first, second = read_index(index("https://data.org/", (25, 990448)))
    assert first == Calculation("mp-25", 225, "https://data.org/download_all/d25.zip")
    assert second.material_id == "mp-990448"


def test_an_index_of_another_form_is_refused():
    with pytest.raises(DataError, match="form has changed"):
        read_index(b"<html>moved</html>")


def test_charges_split_the_optical_branches(tmp_path):
    calculation = Calculation("mp-5", 225, "")
    neutral = labelled(calculation, archive(rocksalt(), tmp_path))
    ions = rocksalt()
    ions.nac_params = {
        "born": np.array([np.eye(3), -np.eye(3)]),
        "dielectric": 2.5 * np.eye(3),
        "factor": 14.399652,
    }
    charged = labelled(calculation, archive(ions, tmp_path))
    assert (neutral.labels["nac"], charged.labels["nac"]) == (False, True)
    ratio = float(str(charged.labels["max_frequency"])) / float(
        str(neutral.labels["max_frequency"])
    )
    assert ratio > 1.05
    assert (charged.formula, charged.n_atoms, charged.labels["spacegroup"]) == ("NaCl", 2, 225)


def test_an_archive_of_another_content_is_refused(tmp_path):
    with pytest.raises(KeyError, match="phonopy_params"):
        labelled(Calculation("mp-5", 225, ""), archive(rocksalt(), tmp_path, name="readme"))


def test_a_torn_line_is_cut_off(tmp_path):
    path = tmp_path / "a.labels.jsonl"
    row = Labelled("mp-1", {"max_frequency": 1.5, "nac": True}, "NaCl", 2)
    FinishedLabels(path).add(row)
    with path.open("ab") as file:
        file.write(b'{"material_id": "mp-2", "lab')
    finished = FinishedLabels(path)
    assert finished.rows == {"mp-1": row}
    finished.add(Labelled("mp-3", {}))
    assert list(FinishedLabels(path).rows) == ["mp-1", "mp-3"]
