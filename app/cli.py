"""The `paraisite` command: serve, predict, screen."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from app.screening.entry import Entry
from app.screening.judging import outcomes
from app.screening.outcome import Outcome
from app.screening.ranking import Brief, ranked
from app.screening.screen import screen
from app.screening.source import Source, read_source
from app.screening.table import FORMATS
from app.service.ensembles import (
    ServedEnsemble,
    check_ensemble,
    default_name,
    ensemble_names,
    load_ensemble,
)
from app.settings import Settings
from app.startup import without_native_messages
from models.errors import ParaisiteError
from models.network.batch import MAX_CRYSTALS
from models.records import refusal

_HEAD = f"{'LTC':>9} {'spread':>9} {'from':>9} {'to':>9} {'verdict':>8}"
SHOWN_FILES = 10  # names of ignored files that are told
LoadEnsemble = Callable[[Settings, str], ServedEnsemble]


def main(argv: Sequence[str] | None = None, load: LoadEnsemble = load_ensemble) -> int:
    """Return the exit status of the command: 0 done, 1 something failed, 2 wrong usage."""
    options = _parser().parse_args(argv)
    try:
        if options.command == "serve":
            return _serve(options)
        settings = Settings()
        name = options.ensemble or default_name(ensemble_names(settings), settings)
        with without_native_messages():
            ensemble = check_ensemble(load(settings, name), settings)
        return (
            _predict(options, settings, ensemble)
            if options.command == "predict"
            else _screen(options, settings, ensemble)
        )
    except ValidationError as error:
        print(f"paraisite: {refusal(error)}; see docs/configuration.md", file=sys.stderr)
        return 2
    except (ParaisiteError, OSError) as error:
        print(f"paraisite: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paraisite", description="Lattice thermal conductivity of crystals at 300 K."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the REST service")
    serve.add_argument("--host", help="address to listen on (default: HOST)")
    serve.add_argument("--port", type=int, help="port to listen on (default: PORT)")
    serve.add_argument("--workers", type=int, help="processes that serve (default: WORKERS)")
    predict = commands.add_parser("predict", help="predict for structure files")
    predict.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="structure file (CIF, POSCAR, ...: docs/formats.md); - for stdin",
    )
    predict.add_argument("--json", action="store_true", help="one JSON object a line")
    screening = commands.add_parser(
        "screen", help="predict for many crystals and rank them; resumes where it stopped"
    )
    screening.add_argument(
        "source",
        type=Path,
        help="directory of structure files (CIF, POSCAR, ...: docs/formats.md), or .jsonl[.gz] of "
        "structures",
    )
    screening.add_argument(
        "--out", type=Path, required=True, help=f"table to write: {' or '.join(FORMATS)}"
    )
    screening.add_argument("--top", type=int, default=10, help="length of the ranked list")
    screening.add_argument("--highest", action="store_true", help="rank the highest LTC first")
    for command in (predict, screening):
        command.add_argument("--ensemble", metavar="NAME", help="ensemble that answers")
    return parser


def _serve(options: argparse.Namespace) -> int:
    from app.server.serve import serve

    given = {key: getattr(options, key) for key in ("host", "port", "workers")}
    return serve(Settings(**{key: value for key, value in given.items() if value is not None}))


def _predict(options: argparse.Namespace, settings: Settings, ensemble: ServedEnsemble) -> int:
    limits = settings.structure_limits
    entries = (Entry.of_file(file, _loader(file), limits) for file in options.files)
    failed = 0
    if not options.json:
        print(f"{'file':<32} {'formula':<16} {_HEAD}  in W/(m K)")
    for outcome in outcomes(entries, ensemble, MAX_CRYSTALS):
        failed += outcome.error is not None
        print(json.dumps(outcome.row()) if options.json else _line(outcome))
    return int(failed > 0)


def _loader(file: str) -> Callable[[], bytes]:
    return sys.stdin.buffer.read if file == "-" else Path(file).read_bytes


def _line(outcome: Outcome) -> str:
    """Return the line of a table for one file, with one line below for each reason and warning."""
    prediction = outcome.prediction
    if prediction is None:
        return f"{outcome.material_id:<32} {outcome.error}"
    domain = prediction.domain
    notes = (*(domain.reasons if domain else ()), *outcome.warnings)
    first = f"{outcome.material_id:<32} {outcome.formula:<16} {_values(Brief.of(outcome.row()))}"
    return "\n".join((first, *(f"  {note}" for note in notes)))


def _values(brief: Brief) -> str:
    bounds = (brief.lower, brief.upper)
    low, high = ("-" if bound is None else f"{bound:.3f}" for bound in bounds)
    return f"{brief.mean:9.3f} {brief.std:9.3f} {low:>9} {high:>9} {brief.verdict or '-':>8}"


def _screen(options: argparse.Namespace, settings: Settings, ensemble: ServedEnsemble) -> int:
    if "".join(options.out.suffixes[-1:]) not in FORMATS:
        print(f"paraisite: --out must end in {' or '.join(FORMATS)}", file=sys.stderr)
        return 2
    source = read_source(options.source, settings.structure_limits)
    _report_ignored(source)
    for progress in screen(source, ensemble, options.out, MAX_CRYSTALS):
        print(f"\r{progress}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    _print_ranking(options)
    return 0


def _report_ignored(source: Source) -> None:
    if source.ignored:
        named = ", ".join(source.ignored[:SHOWN_FILES])
        more = ", ..." if len(source.ignored) > SHOWN_FILES else ""
        print(
            f"{len(source.ignored)} files that are no structure are ignored: {named}{more}",
            file=sys.stderr,
        )


def _print_ranking(options: argparse.Namespace) -> None:
    order = "highest" if options.highest else "lowest"
    rows = ranked(options.out, options.top, highest=options.highest)
    print(f"{order} LTC of {options.out} in W/(m K)")
    print(f"     {'crystal':<32} {'formula':<16} {_HEAD}")
    for place, row in enumerate(rows, 1):
        print(f"{place:4} {row.material_id:<32} {row.formula:<16} {_values(row)}")


if __name__ == "__main__":
    sys.exit(main())
