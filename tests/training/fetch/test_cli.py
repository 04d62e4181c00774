import argparse
import hashlib

import pytest

from models.errors import DataError, MaterialError
from tests.training.fetch.web_server import Reply
from training.data.catalogue import CATALOGUE
from training.fetch import cli, megnet
from training.fetch.sources import SOURCES


@pytest.fixture
def fetch(tmp_path):
    """Return a function that runs `fetch` into a folder and returns its exit status."""
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)

    def run(*arguments):
        options = [*arguments, "--data-dir", str(tmp_path), "--attempts", "1"]
        return cli.run(parser.parse_args(options))

    return run


def test_every_data_set_that_is_trained_on_has_a_source():
    assert set(cli.NAMES) == set(SOURCES) == {*CATALOGUE, "megnet", "paper_table"} - {"phonix"}


def test_a_name_that_is_none_is_refused_with_the_known_ones(fetch, capsys):
    with pytest.raises(SystemExit) as stop:
        fetch("atoms")
    assert stop.value.code == 2
    assert "no data set atoms; choose from megnet, aflow" in capsys.readouterr().err


def test_an_address_is_of_one_source(fetch):
    with pytest.raises(DataError, match="name it"):
        fetch("--base-url", "http://localhost")


def test_what_was_dropped_is_shown_with_origin_and_licence(fetch, serve, tmp_path, capsys):
    page = b'{"1 of 2": {"auid": "aflow:1"}, "2 of 2": {"aurl": "X_ICSD_7", "species": ["Na"]}}'
    web = serve(lambda _: Reply(page))
    assert fetch("aflow", "--base-url", web.url) == 0
    shown = capsys.readouterr().err
    out = tmp_path / "aflow_agl.jsonl.gz"
    assert f"aflow: 0 rows in {out}, 2 dropped" in shown
    assert "aflow:1: no agl_thermal_conductivity_300K" in shown
    assert "Toher" in shown


def test_what_is_there_is_not_fetched_again(fetch, serve, tmp_path, capsys):
    (tmp_path / "aflow_agl.jsonl.gz").write_bytes(b"mine")
    web = serve(lambda _: Reply(status=500))
    assert fetch("aflow", "--base-url", web.url) == 0
    assert "is there" in capsys.readouterr().err
    assert not web.requests


def test_only_the_first_of_many_dropped_entries_are_shown(fetch, serve, capsys):
    entries = ", ".join(f'"{i} of 12": {{"auid": "aflow:{i}"}}' for i in range(1, 13))
    web = serve(lambda _: Reply(f"{{{entries}}}".encode()))
    fetch("aflow", "--base-url", web.url)
    shown = capsys.readouterr().err
    assert "aflow:10:" in shown
    assert "aflow:11:" not in shown
    assert "aflow_agl.jsonl.gz.report.json" in shown


def test_weights_that_are_not_the_published_ones_are_refused(fetch, serve, tmp_path, capsys):
    web = serve(lambda _: Reply(b"tampered"))
    assert fetch("megnet", "--base-url", web.url) == 2
    assert "not the published file" in capsys.readouterr().err
    assert web.requests[0].path == "/mp-2018.6.1/formation_energy.hdf5"


def test_each_of_the_weight_files_is_looked_at(fetch, serve, tmp_path, monkeypatch):
    files = {"formation_energy.hdf5": b"weights", "log10K.hdf5": b"more", "log10G.hdf5": b"most"}
    checksums = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    monkeypatch.setattr(megnet.fetch, "__defaults__", (megnet.BASE_URL, checksums))
    folder = tmp_path / "megnet" / megnet.VERSION
    folder.mkdir(parents=True)
    (folder / "formation_energy.hdf5").write_bytes(b"weights")
    (folder / "log10K.hdf5").write_bytes(b"damaged")
    web = serve(lambda request: Reply(files[request.path.rpartition("/")[2]]))
    assert fetch("megnet", "--base-url", web.url) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    assert len(web.requests) == 2


def test_a_source_that_is_refused_does_not_keep_the_others_away(fetch, monkeypatch, capsys):
    def refused(_out, _via):
        raise MaterialError("The Materials Project refused the request.")

    sources = {"dataset1": refused, "megnet": lambda _out, _via: None}
    monkeypatch.setattr("training.fetch.sources.SOURCES", sources)
    assert fetch("dataset1", "megnet") == 2
    shown = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in shown] == ["dataset1", "megnet"]
    assert "refused the request" in shown[0]


@pytest.mark.parametrize("name", ["dataset1", "phonix_2026", "phonondb"])
def test_what_needs_a_key_says_so(fetch, name, monkeypatch, capsys):
    monkeypatch.delenv("MP_API_KEY", raising=False)
    assert fetch(name, "--base-url", "http://localhost:1") == 2
    assert "MP_API_KEY" in capsys.readouterr().err
