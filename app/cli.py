"""The `paraisite` command: serve, predict, screen, mcp."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import shtab
from pydantic import ValidationError

from app import __version__
from app.screening.entry import Entry
from app.screening.judging import outcomes
from app.screening.options import add_options
from app.screening.outcome import Outcome
from app.screening.ranking.rank import HEAD, Brief, values_of
from app.screening.table.row import Row
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
from models.structure.checks import StructureLimits

LoadEnsemble = Callable[[Settings, str], ServedEnsemble]


def main(argv: Sequence[str] | None = None, load: LoadEnsemble = load_ensemble) -> int:
    """Return the exit status of the command: 0 done, 1 something failed, 2 wrong usage."""
    given = sys.argv[1:] if argv is None else argv
    if sys.stderr is None:  # closed; what is told there would go to standard output
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    options = _parser().parse_args(given)
    try:
        return _run(options, load, given)
    except ValidationError as error:
        print(f"paraisite: {refusal(error)}; see docs/configuration.md", file=sys.stderr)
        return 2
    except BrokenPipeError:  # who reads has what it wants, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes at its end
        return 1
    except (ParaisiteError, OSError) as error:
        print(f"paraisite: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, load: LoadEnsemble, given: Sequence[str]) -> int:
    """Return the exit status of the command. Raises what it failed of."""
    _check_streams(options)
    if options.command == "serve":
        return _serve(options)
    if options.command == "mcp":
        return _mcp(options)
    settings = Settings()
    name = options.ensemble or default_name(ensemble_names(settings), settings)
    if options.command == "screen":
        from app.screening import command  # draws and writes tables

        return command.run(options, settings, name, load, given)
    with without_native_messages():
        ensemble = check_ensemble(load(settings, name), settings)
    return _predict(options, settings, ensemble)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paraisite", description="Lattice thermal conductivity of crystals at 300 K."
    )
    parser.add_argument("--version", action="version", version=f"paraisite {__version__}")
    shtab.add_argument_to(parser, help="print the completion of this command for a shell")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the REST service")
    serve.add_argument("--host", help="address to listen on (default: HOST)")
    serve.add_argument("--port", type=int, help="port to listen on (default: PORT)")
    serve.add_argument("--workers", type=int, help="processes that serve (default: WORKERS)")
    predict = commands.add_parser("predict", help="predict for structure files")
    predict.add_argument(
        "files",
        nargs="*",
        default=["-"],
        metavar="FILE",
        help="structure file (CIF, POSCAR, ...: docs/formats.md); - or none for stdin",
    ).complete = shtab.FILE  # type: ignore[attr-defined]
    predict.add_argument("--json", action="store_true", help="one JSON object a line")
    screen = commands.add_parser(
        "screen", help="predict for many crystals and rank them; resumes where it stopped"
    )
    add_options(screen)
    mcp = commands.add_parser("mcp", help="serve language models (Model Context Protocol)")
    mcp.add_argument("--http", action="store_true", help="streamable HTTP in place of stdio")
    mcp.add_argument("--host", default="127.0.0.1", help="address for HTTP (default: %(default)s)")
    mcp.add_argument("--port", type=int, default=8001, help="port for HTTP (default: %(default)s)")
    mcp.add_argument("--service", metavar="URL", help="service to ask (its key: PARAISITE_API_KEY)")
    for command in (predict, screen, mcp):
        command.add_argument("--ensemble", metavar="NAME", help="ensemble that answers")
    return parser


def _check_streams(options: argparse.Namespace) -> None:
    """Raise OSError where a stream that the command cannot do without is closed."""
    over_stdio = options.command == "mcp" and not options.http
    if sys.stdout is None and (over_stdio or options.command in {"predict", "screen"}):
        raise OSError("Standard output is closed; direct it to a file, or to /dev/null.")
    if over_stdio:
        _stdin()


def _stdin() -> BinaryIO:
    """Return standard input. Raises OSError if it is closed."""
    if sys.stdin is None:
        raise OSError("Standard input is closed; direct a file to it, or a pipe.")
    return sys.stdin.buffer


def _serve(options: argparse.Namespace) -> int:
    from app.server.serve import serve

    given = {key: getattr(options, key) for key in ("host", "port", "workers")}
    return serve(Settings(**{key: value for key, value in given.items() if value is not None}))


def _mcp(options: argparse.Namespace) -> int:
    try:
        from paraisite.mcp.server import run, source
    except ModuleNotFoundError as error:
        print(f"paraisite: {error}; pip install 'paraisite[mcp]'", file=sys.stderr)
        return 2
    load = source(options.ensemble, options.service, os.environ.get("PARAISITE_API_KEY"))
    run(load, (options.host, options.port) if options.http else None)
    return 0


def _predict(options: argparse.Namespace, settings: Settings, ensemble: ServedEnsemble) -> int:
    limits = settings.structure_limits
    entries = (Entry.of_file(file, _loader(file, limits), limits) for file in options.files)
    failed = 0
    if options.files == ["-"] and sys.stdin and sys.stdin.isatty():
        print("Reading a structure from the terminal; Ctrl+D ends it.", file=sys.stderr)
    if not options.json:
        print(f"LTC in W/(m K) at 300 K by {ensemble.name} ({ensemble.digest})")
        print(f"{'file':<32} {'formula':<16} {HEAD}")
    for index, outcome in enumerate(outcomes(entries, ensemble, MAX_CRYSTALS)):
        failed += outcome.error is not None
        row = outcome.row(index)
        print(row.model_dump_json() if options.json else _line(outcome, row), flush=True)
    return int(failed > 0)


def _loader(file: str, limits: StructureLimits) -> Callable[[], bytes]:
    """Return what reads a file, a byte more than is accepted at most: devices have no end."""

    def load() -> bytes:
        with nullcontext(_stdin()) if file == "-" else Path(file).open("rb") as opened:
            return opened.read(limits.max_raw_bytes + 1)

    return load


def _line(outcome: Outcome, row: Row) -> str:
    """Return the line of a table for one file, with one line below for each reason and warning."""
    prediction = outcome.prediction
    if prediction is None:
        return f"{outcome.material_id:<32} {outcome.error}"
    domain = prediction.domain
    notes = (*(domain.reasons if domain else ()), *outcome.warnings)
    first = f"{outcome.material_id:<32} {outcome.formula:<16} {values_of(Brief.of(row))}"
    return "\n".join((first, *(f"  {note}" for note in notes)))


if __name__ == "__main__":
    sys.exit(main())
