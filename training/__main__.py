"""`python -m training fetch | train | evaluate | export`."""

import argparse
import logging
import sys
from pathlib import Path
from typing import Literal

from models.cores import n_cores
from models.errors import ParaisiteError
from models.manifest import CARD
from training.config import PRESETS, read_preset
from training.data.datasets import add_data_option, data_directory
from training.data.splits import N_SPLITS
from training.evaluation import cli as evaluate_cli
from training.fetch import cli as fetch_cli
from training.run import TrainingRun, ensembles_of, require_data
from training.stages import STAGES


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status of one command."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except ParaisiteError as error:
        print(f"{error.title}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on from here.", file=sys.stderr)
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    fetch = commands.add_parser("fetch", help="get data sets and published weights")
    fetch_cli.add_arguments(fetch)
    fetch.set_defaults(command=fetch_cli.run)
    train = commands.add_parser("train", help="train an ensemble and the stages before it")
    _add_run_arguments(train, nargs="?")
    train.add_argument("--workers", type=int, default=n_cores(), help="members side by side")
    train.set_defaults(command=_train)
    evaluate = commands.add_parser("evaluate", help="write the evaluation report")
    evaluate_cli.add_arguments(evaluate)
    evaluate.set_defaults(command=evaluate_cli.run)
    export = commands.add_parser("export", help="write a trained ensemble to be served")
    _add_run_arguments(export)
    export.add_argument("--out", type=Path, default=Path("models/ensembles"), help="folder")
    export.add_argument("--report", type=Path, help="default: docs/reproduction/report.json")
    export.set_defaults(command=_export)
    return parser


def _add_run_arguments(parser: argparse.ArgumentParser, nargs: Literal["?"] | None = None) -> None:
    known = ", ".join(STAGES)
    unnamed = "; default: all that the preset has schedules for" if nargs else ""
    parser.add_argument(
        "ensemble", nargs=nargs, choices=[*STAGES], metavar="ENSEMBLE", help=known + unnamed
    )
    presets = ", ".join(sorted(path.stem for path in PRESETS.glob("*.toml")))
    parser.add_argument("--preset", default="fast", help=f"{presets}, or a .toml file")
    add_data_option(parser)
    parser.add_argument("--run", type=Path, dest="run_dir", help="default: runs/PRESET")
    parser.add_argument(
        *("--splits",),
        type=int,
        nargs="+",
        choices=range(1, N_SPLITS + 1),
        default=range(1, N_SPLITS + 1),
        help="default: all nine",
    )


def training_run(options: argparse.Namespace) -> TrainingRun:
    """Return the run that the options describe."""
    preset = read_preset(options.preset)
    run_dir = options.run_dir or Path("runs") / preset.name
    splits = tuple(sorted(set(options.splits)))
    return TrainingRun(preset, data_directory(options.data_dir), run_dir, splits)


def _train(options: argparse.Namespace) -> int:
    run = training_run(options)
    names = (options.ensemble,) if options.ensemble else ensembles_of(run.preset)
    require_data(names, run)
    from training.train import train_ensemble  # TensorFlow takes seconds

    for name in names:
        train_ensemble(name, run, options.workers)
    return 0


def _export(options: argparse.Namespace) -> int:
    from training.export.write import REPORT, export_ensemble

    report = options.report or REPORT
    manifest = export_ensemble(options.ensemble, training_run(options), options.out, report)
    print((options.out / manifest.name / CARD).read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
