"""`python -m training fetch | train | evaluate | export`: the command line."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from models.arguments import positive_int
from models.cores import n_cores
from models.errors import DataError, ParaisiteError
from models.manifest import CARD
from training.config import PRESETS, read_preset
from training.data.datasets import add_data_option, data_directory
from training.data.splits import N_SPLITS
from training.evaluation import cli as evaluate_cli
from training.fetch import cli as fetch_cli
from training.run import TrainingRun, ensembles_of, require_data
from training.stages import FOUNDATION, MEGNET, RECOMMENDED, STAGES

ENSEMBLES = Path("models/ensembles")


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status of one command."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    options = _parser().parse_args(arguments)
    if options.command is _train and (misuse := _misuse(options)):
        options.refuse(misuse)
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
    own = train.add_argument_group("a user's own ensemble, instead of ENSEMBLE")
    own.add_argument("--data", type=Path, metavar="TABLE.csv", help="ltc; cif or material_id")
    own.add_argument("--name", help="name of the ensemble")
    own.add_argument(
        "--start", choices=(RECOMMENDED, FOUNDATION, "megnet"), help="default: the best there is"
    )
    own.add_argument("--out", type=Path, help=f"folder of exported ensembles; default: {ENSEMBLES}")
    train.add_argument(
        "--workers", type=positive_int, help="members side by side; default: one for each core"
    )
    train.add_argument(
        "--ray", nargs="?", const="local", metavar="ADDRESS", help="train on a Ray cluster"
    )
    train.set_defaults(command=_train, refuse=train.error)
    evaluate = commands.add_parser("evaluate", help="write the evaluation report")
    evaluate_cli.add_arguments(evaluate)
    evaluate.set_defaults(command=evaluate_cli.run)
    export = commands.add_parser("export", help="write a trained ensemble to be served")
    _add_run_arguments(export)
    export.add_argument("--out", type=Path, default=ENSEMBLES, help="folder")
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
    parser.add_argument("--preset", help=f"{presets}, or a .toml file; default: fast")
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
    preset = read_preset(options.preset or "fast")
    run_dir = options.run_dir or Path("runs") / preset.name
    splits = tuple(sorted(set(options.splits)))
    return TrainingRun(preset, data_directory(options.data_dir), run_dir.absolute(), splits)


def _misuse(options: argparse.Namespace) -> str | None:
    """Return which options of `train` do not go together, if any."""
    own = bool(options.data or options.name)
    if own and (not (options.data and options.name) or options.ensemble):
        return "give --data TABLE.csv and --name NAME together, and no ENSEMBLE"
    if own and options.ray:
        return "--ray does not train a user's own ensemble"
    if not own and (options.start or options.out):
        return "--start and --out are of a user's own ensemble, which --data and --name give"
    if options.ray and options.workers:
        return "--workers is of this machine alone, not of a cluster"
    return None


def _train(options: argparse.Namespace) -> int:
    workers = options.workers or n_cores()
    if options.data:
        return _train_own(options, workers)
    run = training_run(options)
    names = (options.ensemble,) if options.ensemble else ensembles_of(run.preset)
    if not names:
        raise DataError(f"Preset {run.preset.name} trains no published ensemble whole: name one.")
    require_data(names, run)
    from training.train import train_ensemble  # TensorFlow takes seconds

    for name in names:
        train_ensemble(name, run, workers, options.ray)
    print(_after_training(names, options))
    return 0


def _after_training(names: Sequence[str], options: argparse.Namespace) -> str:
    """Return the command that exports the last ensemble trained."""
    preset = f" --preset {options.preset}" if options.preset else ""
    run_dir = f" --run {options.run_dir}" if options.run_dir else ""
    return f"Next: python -m training export {names[-1]}{preset}{run_dir}"


def _train_own(options: argparse.Namespace, workers: int) -> int:
    from training.own.pipeline import OwnEnsemble, next_steps, train_own

    own = OwnEnsemble(
        table=options.data,
        name=options.name,
        base=read_preset(options.preset) if options.preset else None,
        data_dir=data_directory(options.data_dir),
        run_dir=options.run_dir or Path("runs") / options.name,
        ensembles=options.out or ENSEMBLES,
        splits=tuple(sorted(set(options.splits))),
        start=MEGNET if options.start == "megnet" else options.start,
    )
    manifest = train_own(own, workers)
    print((own.ensembles / manifest.name / CARD).read_text())
    print(next_steps(own))
    return 0


def _export(options: argparse.Namespace) -> int:
    from training.export.write import REPORT, export_ensemble

    report = options.report or REPORT
    manifest = export_ensemble(options.ensemble, training_run(options), options.out, report)
    print((options.out / manifest.name / CARD).read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
