"""Options of the command `paraisite screen`."""

import argparse
from pathlib import Path

from models.arguments import positive_float, positive_int
from models.cores import n_cores

FORMATS = (".parquet", ".csv", ".jsonl")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add = parser.add_argument
    add(
        "source",
        help="folder, 'pattern*' in quotes, .zip, .tar[.gz], .jsonl[.gz], .parquet or .csv of "
        "structures, or a query (docs/screening.md)",
    )
    add("--out", type=Path, required=True, help=f"table to write: {', '.join(FORMATS)}")
    add("--top", type=positive_int, default=10, help="length of the ranked list (10)")
    add("--highest", action="store_true", help="rank by the probability of a high LTC")
    add("--below", type=positive_float, default=1.0, help="low threshold, W/(m K) (1)")
    add("--above", type=positive_float, default=100.0, help="high threshold, W/(m K) (100)")
    add("--report", type=Path, metavar="FILE", help="HTML report to write")
    add("--shortlist", type=Path, metavar="FOLDER", help="CIFs of the ranked list to write")
    add(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="share the work out on a Ray cluster (left out: one of this machine)",
    )
    add("--workers", type=positive_int, default=n_cores(), help="processes (one for each core)")
