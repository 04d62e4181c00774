"""The paraisite command: predict and screen, without a server; serve with one."""

import io
import json
import os
import subprocess
import sys

import pytest

from app import __version__
from app.cli import main
from app.server.supervisor import Supervisor
from app.service.ensembles import Ensembles


def test_predict_prints_a_table(paraisite, cifs, capsys):
    assert paraisite("predict", cifs / "nacl.cif", cifs / "deeper" / "zns.cif") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "LTC in W/(m K) at 300 K by mix-stage3 (sha256:mix-stage3)"
    assert lines[2].split()[1:] == ["NaCl", "14.400", "0.258", "-", "-", "-"]
    assert lines[3].split()[1:] == ["ZnS", "23.400", "0.258", "-", "-", "-"]


def test_predict_says_how_far_to_believe_it(sceptic, cifs, capsys):
    assert sceptic("predict", cifs / "nacl.cif") == 0
    line, *notes = capsys.readouterr().out.splitlines()[2:]
    assert line.split()[1:] == ["NaCl", "14.400", "0.258", "7.200", "28.800", "outside"]
    assert [note.strip() for note in notes] == ["No training crystal holds Na.", "Likely a metal."]


@pytest.mark.parametrize("command", ["predict", "screen"])
def test_an_ensemble_that_fails_its_check_answers_nothing(
    paraisite, ensemble, cifs, capsys, command
):
    """One with an edited transform used to answer 5.35 in place of 6.00."""
    ensemble.intact = False
    rest = [cifs / "nacl.cif"] if command == "predict" else [cifs, "--out", cifs / "t.csv"]
    assert paraisite(command, *rest) == 1
    shown = capsys.readouterr()
    assert "golden" in shown.err
    assert "14.4" not in shown.out
    assert not (cifs / "t.csv").exists()


@pytest.mark.parametrize(("digests", "status"), [("sha256:mix-stage3", 0), ("sha256:other", 1)])
def test_only_an_ensemble_of_the_digest_that_is_pinned_answers(
    paraisite, cifs, monkeypatch, digests, status
):
    monkeypatch.setenv("ENSEMBLE_DIGEST", f"sha256:x, {digests}")
    assert paraisite("predict", cifs / "nacl.cif") == status


def test_a_bad_file_does_not_stop_the_others(paraisite, cifs, capsys):
    files = [cifs / "broken.cif", cifs / "missing.cif", cifs / "nacl.cif"]
    assert paraisite("predict", *files, "--json") == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["error"] and row["error"].split(":")[0] for row in rows] == [
        "unreadable-structure",
        "unreadable-file",
        None,
    ]
    assert [row["index"] for row in rows] == [0, 1, 2]
    assert rows[2]["ltc_mean"] == pytest.approx(14.4)


@pytest.mark.parametrize("command", ["predict", "screen"])
def test_the_limit_on_bonds_holds_without_a_server(paraisite, cifs, monkeypatch, capsys, command):
    monkeypatch.setenv("MAX_BONDS", "1")
    table = cifs.parent / "ltc.jsonl"
    rest = ["--json"] if command == "predict" else ["--out", table]
    assert paraisite(command, cifs / "nacl.cif", *rest) == (command == "predict")
    row = table.read_text() if command == "screen" else capsys.readouterr().out
    assert "structure-too-large" in row
    assert "different bonds" in row


@pytest.mark.parametrize("files", [["-"], []])
def test_standard_input(paraisite, rocksalt_cif, monkeypatch, capsys, files):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(rocksalt_cif.encode())))
    assert paraisite("predict", *files, "--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["formula"], row["ensemble"]) == ("NaCl", "mix-stage3")


class Endless(io.RawIOBase):
    """Text without an end, as of `yes`; more than a process can hold is never asked for."""

    def __init__(self):
        self.given = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        self.given += len(buffer)
        assert self.given < 50_000_000
        buffer[:] = bytes(len(buffer))
        return len(buffer)


def test_no_more_of_an_input_is_read_than_is_accepted(paraisite, tmp_path, monkeypatch, capsys):
    stdin = io.TextIOWrapper(io.BufferedReader(Endless()))
    monkeypatch.setattr("sys.stdin", stdin)
    large = tmp_path / "large.cif"
    with large.open("wb") as file:
        file.truncate(1 << 40)
    assert paraisite("predict", "-", large, "--json") == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["error"].split(":")[0] for row in rows] == ["structure-too-large"] * 2


def test_a_closed_standard_input_is_told(paraisite, cifs, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)
    assert paraisite("predict", cifs / "nacl.cif", "-", "--json") == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["formula"] for row in rows] == ["NaCl", None]
    assert rows[1]["error"].startswith("unreadable-file: Standard input is closed")
    assert paraisite("predict", "-") == 1
    assert "Standard input is closed" in capsys.readouterr().out
    assert main(["mcp"]) == 1
    assert "Standard input is closed" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["predict", "screen", "mcp"])
def test_nothing_is_done_whose_output_would_be_lost(paraisite, cifs, monkeypatch, capsys, command):
    monkeypatch.setattr("sys.stdout", None)
    rest = {"predict": [cifs / "nacl.cif"], "screen": [cifs, "--out", cifs / "t.csv"], "mcp": []}
    assert paraisite(command, *rest[command]) == 1
    assert "Standard output is closed" in capsys.readouterr().err
    assert not (cifs / "t.csv").exists()


def test_a_closed_standard_error_stops_nothing(paraisite, cifs, monkeypatch, capsys):
    table = cifs / "t.csv"
    monkeypatch.setattr("sys.stderr", None)
    assert paraisite("predict", cifs / "missing.cif") == 1
    assert paraisite("screen", cifs, "--out", table) == 0
    sys.stderr.close()
    assert table.exists()
    assert "failed" not in capsys.readouterr().out


def test_a_reader_that_has_enough_ends_it_quietly(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "app.cli", "predict", str(tmp_path / "missing.cif")]
    done = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"paraisite {__version__}\n"


def test_completion(capsys, tmp_path):
    with pytest.raises(SystemExit, match="0"):
        main(["--print-completion", "bash"])
    script = f"{capsys.readouterr().out}\nCOMP_WORDS=(paraisite sc); COMP_CWORD=1; _shtab_paraisite"
    done = subprocess.run(
        ["bash", "-c", f'{script}; echo "${{COMPREPLY[@]}}"'], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["screen"]


def test_mcp_without_its_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    monkeypatch.delitem(sys.modules, "paraisite.mcp.server", raising=False)
    assert main(["mcp"]) == 2
    assert "pip install 'paraisite[mcp]'" in capsys.readouterr().err


def test_no_ensemble_at_all(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ENSEMBLES_DIR", str(tmp_path))
    assert main(["predict", "any.cif"]) == 1
    assert "ENSEMBLES_DIR" in capsys.readouterr().err


@pytest.fixture
def served(monkeypatch):
    """The addresses that would have been served, and in what time the service would stop."""
    found = []

    def run(supervisor: Supervisor) -> int:
        found.append((*supervisor._listener.getsockname(), supervisor._stop_within))
        return 0

    monkeypatch.setattr("app.server.serve.load_checked", lambda *_: Ensembles({}, "none"))
    monkeypatch.setattr(Supervisor, "run", run)
    return found


def test_serve_listens_where_it_is_told_and_stops_though_a_request_does_not(served, monkeypatch):
    monkeypatch.setenv("PORT", "8123")
    assert main(["serve", "--host", "127.0.0.1", "--workers", "1"]) == 0
    assert served == [("127.0.0.1", 8123, 35)]


@pytest.mark.parametrize(("port", "options"), [("99999", []), ("8000", ["--port", "99999"])])
def test_a_port_that_there_is_not_is_refused(served, monkeypatch, capsys, port, options):
    monkeypatch.setenv("PORT", port)
    assert main(["serve", *options]) == 2
    assert "port: Input should be less than or equal to 65535" in capsys.readouterr().err
    assert served == []


def test_serve_ends_with_an_error_when_nothing_can_be_served(tmp_path):
    environment = os.environ | {"ENSEMBLES_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "app.cli", "serve", "--host", "127.0.0.1", "--port", "0"]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "ENSEMBLES_DIR" in done.stderr
