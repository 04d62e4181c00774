"""A screening by the real ensemble that is killed in the middle, and run again."""

import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from tests.app.screening.conftest import write_lines
from tests.crystals import generated_crystals

SCREEN = (
    "import signal, sys; from app.cli import main; import app.screening.run.chunks as chunks\n"
    "if __name__ == '__main__':\n"
    "    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells may have it ignored\n"
    "    chunks.CRYSTALS = 4; sys.exit(main(sys.argv[1:]))\n"
)
WITHIN = 120  # s


@pytest.fixture
def command(tmp_path):
    """A command without the table's path; chunks of four crystals, two worker processes."""
    script = tmp_path / "screen.py"
    script.write_text(SCREEN)
    source = write_lines(tmp_path / "crystals.jsonl", generated_crystals(36, 1))
    return [sys.executable, str(script), "screen", str(source), "--workers", "2", "--out"]


def test_killed_at_any_moment_no_row_is_lost_doubled_or_torn(command, tmp_path):
    whole, out = tmp_path / "whole.parquet", tmp_path / "ltc.parquet"
    subprocess.run([*command, str(whole)], check=True, timeout=WITHIN)
    for n_parts in (1, 4):
        killed_after(n_parts, [*command, str(out)], out)
        assert not out.exists()
    subprocess.run([*command, str(out)], check=True, timeout=WITHIN)
    assert pq.read_table(out).equals(pq.read_table(whole))
    assert pq.read_table(out)["index"].to_pylist() == list(range(36))


def killed_after(n_parts, command, out):
    """Kill the command with SIGKILL once so many parts are there; its workers end by themselves."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, process_group=0) as process:
        deadline = time.monotonic() + WITHIN
        while len(list(out.parent.glob("ltc.parquet.parts/part-*.parquet"))) < n_parts:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.kill()
        process.wait()
        assert workers_end(process.pid)


def workers_end(group):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if subprocess.run(["pgrep", "-g", f"{group}"], check=False, stdout=-3).returncode:
            return True
        time.sleep(0.05)
    return False


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(command, tmp_path):
    out = tmp_path / "ltc.csv"
    with subprocess.Popen(
        [*command, str(out)], stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        deadline = time.monotonic() + WITHIN
        while not list(tmp_path.glob("ltc.csv.parts/part-*.parquet")):
            assert time.monotonic() < deadline
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        message = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert "Run the same command again to go on" in message
    assert "Traceback" not in message
    assert list(tmp_path.glob("ltc.csv.parts/part-*.parquet"))


def test_two_screenings_on_one_table_are_told(command, tmp_path):
    out = tmp_path / "ltc.parquet"
    with subprocess.Popen([*command, str(out)], stderr=subprocess.DEVNULL) as first:
        deadline = time.monotonic() + WITHIN
        while not (tmp_path / "ltc.parquet.parts/lock").exists():
            assert time.monotonic() < deadline
            time.sleep(0.002)
        second = subprocess.run([*command, str(out)], capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert "Another `paraisite screen`" in second.stderr
        assert first.wait(WITHIN) == 0
