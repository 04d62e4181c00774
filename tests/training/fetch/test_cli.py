import argparse

import pytest

from models.errors import DataError
from tests.training.fetch.web_server import Reply
from training.fetch import cli


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    return parser


def test_aflow_needs_only_a_file_to_write(parser):
    args = parser.parse_args(["aflow", "--out", "a.jsonl.gz"])
    assert args.base_url == "https://aflow.org/API/aflux/"
    assert args.attempts > 1


@pytest.mark.parametrize(
    "command", [[], ["aflow"], ["materials-project", "--out", "a.jsonl.gz"], ["atoms"]]
)
def test_what_is_missing_is_asked_for(parser, command, capsys):
    with pytest.raises(SystemExit) as stop:
        parser.parse_args(command)
    assert stop.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_what_was_dropped_is_shown(parser, serve, tmp_path, capsys):
    page = b'{"1 of 2": {"auid": "aflow:1"}, "2 of 2": {"aurl": "X_ICSD_7", "species": ["Na"]}}'
    web = serve(lambda _: Reply(page))
    out = tmp_path / "a.jsonl.gz"
    args = parser.parse_args(["aflow", "--out", str(out), "--base-url", web.url])
    assert cli.run(args) == 0
    shown = capsys.readouterr().err
    assert f"0 rows in {out}, 2 dropped" in shown
    assert "aflow:1: no agl_thermal_conductivity_300K" in shown
    assert "icsd-7: no agl_thermal_conductivity_300K" in shown


def test_only_the_first_of_many_dropped_entries_are_shown(parser, serve, tmp_path, capsys):
    entries = ", ".join(f'"{i} of 12": {{"auid": "aflow:{i}"}}' for i in range(1, 13))
    web = serve(lambda _: Reply(f"{{{entries}}}".encode()))
    out = tmp_path / "a.jsonl.gz"
    cli.run(parser.parse_args(["aflow", "--out", str(out), "--base-url", web.url]))
    shown = capsys.readouterr().err
    assert "12 dropped" in shown
    assert "aflow:10:" in shown
    assert "aflow:11:" not in shown
    assert f"{out}.report.json" in shown


def test_weights_come_from_where_the_command_says(parser, serve, tmp_path):
    web = serve(lambda _: Reply(b"tampered"))
    args = parser.parse_args(["megnet", "--out", str(tmp_path), "--base-url", web.url])
    with pytest.raises(DataError, match="not the published file"):
        cli.run(args)
    assert web.requests[0].path == "/mp-2018.6.1/formation_energy.hdf5"


def test_ids_are_looked_up_where_the_command_says(parser, serve, tmp_path, monkeypatch):
    monkeypatch.setenv("MP_API_KEY", "k" * 32)
    heartbeat = b'{"version": "0.87.3", "db_version": "1", "access_controlled_batch_ids": []}'
    nothing = b'{"data": [], "meta": {"total_doc": 0}}'
    web = serve(lambda request: Reply(heartbeat if request.path == "/heartbeat" else nothing))
    table, out = tmp_path / "ids.csv", tmp_path / "a.jsonl.gz"
    table.write_text("material_id,ltc\nmp-1,1\n")
    command = ["materials-project", "--ids", str(table), "--out", str(out), "--base-url", web.url]
    assert cli.run(parser.parse_args(command)) == 0
    assert "material_ids=mp-1" in web.requests[-1].query
    assert out.exists()
