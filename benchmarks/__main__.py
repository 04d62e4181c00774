"""Runs one measure, or all of them, and writes what they found."""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from app.startup import import_tensorflow
from benchmarks import compare
from benchmarks.stamp import stamp

NAMES = ("profile", "parsers", "engines", "forward", "bulk", "training", "service")
WITH_TENSORFLOW = ("engines", "forward", "training")
RESULTS = Path("benchmarks/results.json")


def main() -> int:
    """Return 0 when every measure asked for was taken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "name", nargs="?", choices=(*NAMES, "compare", "report"), help="left out: all"
    )
    parser.add_argument("folder", nargs="?", type=Path, help="worktree to compare with")
    options = parser.parse_args()
    name = options.name
    if name == "compare":
        _record(name, compare.measure(options.folder))
        return 0
    if name != "report":
        for each in (name,) if name else NAMES:
            _measure(each)
    if name is None or name == "report":
        from benchmarks.report import write_report  # noqa: PLC0415 - draws with matplotlib

        write_report(json.loads(RESULTS.read_text()))
    return 0


def _measure(name: str) -> None:
    """Print what the measure finds, and add it to the results."""
    print(f"== {name}", flush=True)
    if name in WITH_TENSORFLOW:
        import_tensorflow()
    _record(name, importlib.import_module(f"benchmarks.{name}").measure())


def _record(name: str, measured: dict[str, Any]) -> None:
    found = {"taken": stamp(), **measured}
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[name] = found
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(found, indent=1), flush=True)


if __name__ == "__main__":
    sys.exit(main())
