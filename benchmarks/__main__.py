"""Runs one measure, or all of them, and writes what they found."""

import argparse
import importlib
import json
import sys
from pathlib import Path

from app.startup import import_tensorflow
from benchmarks.stamp import stamp

NAMES = (
    *("profile", "parsers", "forward", "bulk", "training", "service"),
    *("kills", "scaling", "batch"),
)
RESULTS = Path("benchmarks/results.json")


def main() -> int:
    """Return 0 when every measure asked for was taken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=(*NAMES, "report"), help="left out: all")
    name = parser.parse_args().name
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
    if name != "profile":  # times the import
        import_tensorflow()
    found = {"taken": stamp(), **importlib.import_module(f"benchmarks.{name}").measure()}
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[name] = found
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(found, indent=1), flush=True)


if __name__ == "__main__":
    sys.exit(main())
