"""`python -m training fetch aflow | materials-project | megnet`."""

import argparse
import sys
from pathlib import Path

from training.fetch import aflow, megnet
from training.fetch.download import Downloader
from training.fetch.retries import RetryPolicy
from training.fetch.row_file import FetchReport

DROPPED_SHOWN = 10
MATERIALS_PROJECT = "https://api.materialsproject.org/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sources and their options to the parser of `fetch`."""
    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")
    of_aflow = sources.add_parser("aflow", help="AFLOW's AGL set: LTC, Debye temperature, gamma")
    _add_common(of_aflow, out="FILE.jsonl.gz", base_url=aflow.BASE_URL)
    of_aflow.add_argument("--page-size", type=int, default=aflow.PAGE_SIZE, metavar="N")
    of_ids = sources.add_parser("materials-project", help="structures by id, labels from a table")
    _add_common(of_ids, out="FILE.jsonl.gz", base_url=MATERIALS_PROJECT)
    of_ids.add_argument(
        "--ids", type=Path, required=True, metavar="TABLE.csv", help="material_id, ltc[, formula]"
    )
    of_weights = sources.add_parser("megnet", help="MEGNet's published weights")
    _add_common(of_weights, out="DIR", base_url=megnet.BASE_URL)


def _add_common(parser: argparse.ArgumentParser, *, out: str, base_url: str) -> None:
    policy = RetryPolicy()
    parser.add_argument("--out", type=Path, required=True, metavar=out)
    parser.add_argument("--base-url", default=base_url, help="where to ask (%(default)s)")
    parser.add_argument("--attempts", type=int, default=policy.attempts, help="(%(default)s)")
    parser.add_argument(
        "--timeout", type=float, default=policy.timeout, help="of a request, in s (%(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    """Fetch what `args` name and return the exit status.

    Raises ParaisiteError where the source refuses or keeps failing.
    """
    policy = RetryPolicy(attempts=args.attempts, timeout=args.timeout)
    if args.source == "materials-project":
        # Importing the client takes seconds that no other source should pay for.
        from training.fetch import materials_project

        source = materials_project.MaterialsProject(policy, args.base_url)
        return _summarise(args.out, materials_project.fetch(args.ids, args.out, source))
    with Downloader(policy) as downloader:
        if args.source == "aflow":
            return _summarise(
                args.out, aflow.fetch(args.out, downloader, args.base_url, args.page_size)
            )
        megnet.fetch(args.out, downloader, args.base_url)
        return 0


def _summarise(out: Path, report: FetchReport) -> int:
    lines = [f"{report.n_rows} rows in {out}, {len(report.dropped)} dropped"]
    lines += [f"  {entry.material_id}: {entry.reason}" for entry in report.dropped[:DROPPED_SHOWN]]
    if len(report.dropped) > DROPPED_SHOWN:
        lines.append(f"  ... all of them in {out}.report.json")
    sys.stderr.write("\n".join(lines) + "\n")
    return 0
