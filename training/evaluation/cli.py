"""`python -m training evaluate`: its options."""

import argparse
from pathlib import Path

from training.data.datasets import add_data_option, data_directory

RUNS = Path("runs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate` to its parser."""
    add_data_option(parser)
    parser.add_argument(
        "--ensembles", type=Path, default=Path("models/ensembles"), help="default: %(default)s"
    )
    parser.add_argument(
        "--run", type=Path, nargs="*", dest="runs", help="training runs; default: all in runs/"
    )
    parser.add_argument(
        *("--only",),
        nargs="+",
        metavar="PRESET",
        help="presets to answer anew, or `baseline`; kept answers stand for all else",
    )
    parser.add_argument("--out", type=Path, default=Path("docs"), help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Write the report below `args.out` and return the exit status.

    Raises ParaisiteError where a data set, an ensemble or earlier outputs cannot be used.
    """
    from training.evaluation.evaluate import evaluate  # TensorFlow takes seconds

    runs = args.runs
    if runs is None:
        runs = sorted(path.parent for path in RUNS.glob("*/config.json"))
    for path in evaluate(data_directory(args.data_dir), args.ensembles, runs, args.out, args.only):
        print(path)
    return 0
