import json
import re
from pathlib import Path

import pytest

from benchmarks import report

RESULTS = json.loads(Path("benchmarks/results.json").read_text())


@pytest.fixture
def page(tmp_path, monkeypatch):
    """The page of the measures, empty yet."""
    path = tmp_path / "performance.md"
    path.write_text("Before\n<!-- measured -->\n<!-- end -->\nAfter\n")
    monkeypatch.setattr(report, "PAGE", path)
    monkeypatch.setattr(report, "PLOT", tmp_path / "throughput.svg")
    return path


@pytest.mark.parametrize("name", [*RESULTS, None])
def test_what_was_not_measured_is_left_out(page, name):
    report.write_report({each: found for each, found in RESULTS.items() if each != name})
    text = page.read_text()
    assert re.match("Before\n.*\nAfter\n$", text, re.DOTALL)
    assert ("ratio | must | goal" in text) == (name != "compare")
    assert ("| TensorFlow | compiled |" in text) == (name != "engines")
    assert ("| cold | cached |" in text) == (name != "profile")
