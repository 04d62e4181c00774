"""`python -m training fetch`: its options."""

import argparse
import sys
from pathlib import Path

from models.arguments import positive_float, positive_int
from models.errors import DataError, ParaisiteError
from training.data.datasets import add_data_option, data_directory
from training.fetch.download import Downloader
from training.fetch.retries import RetryPolicy
from training.fetch.row_file import FetchReport

DROPPED_SHOWN = 10
NAMES = (
    *("megnet", "aflow", "elasticity", "moduli_2026", "paper_table"),
    *("dataset1", "dataset2", "phonix_2026", "phonondb"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sources and their options to the parser of `fetch`."""
    policy = RetryPolicy()
    known = ", ".join(NAMES)
    parser.add_argument(
        "sources", nargs="*", type=_name, metavar="NAME", help=f"{known}; default: all"
    )
    add_data_option(parser)
    parser.add_argument("--base-url", help="another address of the source, of one name")
    parser.add_argument(
        "--attempts", type=positive_int, default=policy.attempts, help="(%(default)s)"
    )
    parser.add_argument(
        *("--timeout",),
        type=positive_float,
        default=policy.timeout,
        help="of a request, in s (%(default)s)",
    )


def _name(text: str) -> str:
    if text not in NAMES:
        raise argparse.ArgumentTypeError(f"no data set {text}; choose from {', '.join(NAMES)}")
    return text


def run(args: argparse.Namespace) -> int:
    """Fetch what `args` name, unless it is there, and return the exit status.

    One source that fails does not keep the others from being fetched; the status is then 2.
    """
    # Importing the Materials Project's client takes seconds.
    from training.fetch.sources import MEGNET, SOURCES, Connections, path_of

    names = args.sources or NAMES
    if args.base_url and len(names) != 1:
        raise DataError("--base-url is of one source: name it.")
    policy = RetryPolicy(attempts=args.attempts, timeout=args.timeout)
    failed = 0
    with Downloader(policy) as downloader:
        connections = Connections(downloader, args.base_url)
        for name in names:
            out = path_of(name, data_directory(args.data_dir))
            if out.exists() and name != MEGNET:  # of whose files each is checked
                _say(f"{name}: {out} is there")
                continue
            try:
                report = SOURCES[name](out, connections)
            except ParaisiteError as error:
                _say(f"{name}: {error.title}: {error}")
                failed += 1
            else:
                _summarise(name, out, report)
    return 2 if failed else 0


def _summarise(name: str, out: Path, report: FetchReport | None) -> None:
    if report is None:
        _say(f"{name}: {out} is there")
        return
    _say(f"{name}: {report.n_rows} rows in {out}, {len(report.dropped)} dropped")
    _say(f"  {report.origin.url}; {report.origin.licence}; {report.origin.cite}")
    for entry in report.dropped[:DROPPED_SHOWN]:
        _say(f"  {entry.material_id}: {entry.reason}")
    if len(report.dropped) > DROPPED_SHOWN:
        _say(f"  ... all of them in {out}.report.json")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
