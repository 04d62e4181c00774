"""Many crystals through an ensemble: in batches, resumable, with an error in its own row."""

import csv
import gzip
import heapq
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any, Self

from pymatgen.core import Structure

from app.ensembles import ServedEnsemble
from models.errors import DataError, ParaisiteError, UnreadableStructure
from models.fingerprint import fingerprint
from models.graph import CrystalGraph, crystal_graph
from models.judgement import Judgement
from models.structure import StructureLimits, check_structure, parse_structure

FORMATS = (".csv", ".jsonl")
COLUMNS = (
    "material_id",
    "formula",
    "n_sites",
    "ltc_mean",
    "ltc_std",
    "ltc_median",
    "ltc_min",
    "ltc_max",
    "interval_level",
    "interval_lower",
    "interval_upper",
    "verdict",
    "reasons",
    "in_training_data",
    "warnings",
    "ensemble",
    "digest",
    "error",
)
BOUNDS = ("interval_lower", "interval_upper")

Row = dict[str, Any]
Crystal = tuple[CrystalGraph, str]  # with its fingerprint
Read = Callable[[], Structure]


@dataclass(frozen=True)
class Source:
    """Crystals with their ids, read one at a time, and how many there are."""

    crystals: Iterable[tuple[str, Read]]
    total: int


@dataclass(frozen=True)
class Outcome:
    """What came of one crystal: what the ensemble says of it (LTC in W/(m K)), or an error."""

    material_id: str
    ensemble: ServedEnsemble
    formula: str = ""
    n_sites: int = 0
    judgement: Judgement | None = None
    error: str | None = None

    def row(self) -> Row:
        """Return the outcome as a row with `COLUMNS`; what there is none of is null."""
        known = {
            "material_id": self.material_id,
            "formula": self.formula or None,
            "n_sites": self.n_sites or None,
            "ensemble": self.ensemble.name,
            "digest": self.ensemble.digest,
            "error": self.error,
        }
        if self.judgement:
            known |= _judged(self.judgement)
        return {column: known.get(column) for column in COLUMNS}


def _judged(judgement: Judgement) -> Row:
    ltc, interval, domain = judgement.ltc, judgement.interval, judgement.assessment
    row: Row = {
        f"ltc_{name}": getattr(ltc, name) for name in ("mean", "std", "median", "min", "max")
    }
    if interval:
        row |= {f"interval_{name}": value for name, value in asdict(interval).items()}
    if domain:
        row |= {
            "verdict": domain.verdict,
            "reasons": " ".join(domain.reasons) or None,
            "in_training_data": bool(domain.itself),
        }
    return row | {"warnings": " ".join(judgement.cautions) or None}


@dataclass(frozen=True)
class Progress:
    """How far a screening is: crystals `done` of `total`, `failed` ones, crystals per second."""

    done: int
    total: int
    failed: int
    rate: float

    def __str__(self) -> str:
        left = (self.total - self.done) / self.rate if self.rate else 0.0
        return (
            f"{self.done}/{self.total} crystals, {self.failed} failed, "
            f"{self.rate:.1f}/s, {left:.0f} s left   "
        )


@dataclass(frozen=True)
class Brief:
    """A row in short: LTC and spread in W/(m K), interval and verdict where there are any."""

    material_id: str
    formula: str
    mean: float
    std: float
    lower: float | None
    upper: float | None
    verdict: str | None

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return a row without an error in short, be it as made or as read from a table."""
        lower, upper = (float(row[name]) if row[name] else None for name in BOUNDS)
        return cls(
            material_id=row["material_id"],
            formula=row["formula"],
            mean=float(row["ltc_mean"]),
            std=float(row["ltc_std"]),
            lower=lower,
            upper=upper,
            verdict=row["verdict"] or None,
        )


def read_source(path: Path, limits: StructureLimits) -> Source:
    """Return the crystals of a directory of CIFs, or of a .jsonl[.gz] file of structures.

    Raises DataError when it is neither.
    """
    if path.is_dir():
        files = sorted(path.rglob("*.cif"))
        return Source(
            ((str(f.relative_to(path)), _cif_reader(f, limits)) for f in files), len(files)
        )
    if not path.is_file() or not path.name.endswith((".jsonl", ".jsonl.gz")):
        raise DataError(f"{path} is neither a directory nor a .jsonl or .jsonl.gz file.")
    with _opened(path) as lines:
        total = sum(1 for line in lines if line.strip())
    return Source(_read_lines(path, limits), total)


def outcomes(
    crystals: Iterable[tuple[str, Read]], ensemble: ServedEnsemble, batch: int
) -> Iterator[Outcome]:
    """Yield what comes of each crystal, in order; `batch` of them share a forward pass."""
    stream = iter(crystals)
    while chunk := list(islice(stream, batch)):
        prepared = [_prepare(material_id, read, ensemble) for material_id, read in chunk]
        readable = [crystal for _, crystal in prepared if crystal]
        graphs, fingerprints = [graph for graph, _ in readable], [name for _, name in readable]
        judgements = iter(ensemble.judge(graphs, fingerprints))
        for outcome, crystal in prepared:
            yield replace(outcome, judgement=next(judgements)) if crystal else outcome


def screen(source: Source, ensemble: ServedEnsemble, out: Path, batch: int) -> Iterator[Progress]:
    """Write a row for each crystal that `out` lacks, and yield the progress after each batch.

    Raises DataError when `out` was begun with another ensemble.
    """
    done = _resume(out, ensemble)
    written = len(done)
    failed = 0
    count = 0
    start = time.perf_counter()
    todo = ((material_id, read) for material_id, read in source.crystals if material_id not in done)
    with _appending(out) as write:
        for count, outcome in enumerate(outcomes(todo, ensemble, batch), 1):
            write(outcome.row())
            failed += outcome.error is not None
            if count % batch == 0:
                rate = count / (time.perf_counter() - start)
                yield Progress(written + count, source.total, failed, rate)
    yield Progress(written + count, source.total, failed, count / (time.perf_counter() - start))


def ranked(out: Path, top: int, *, highest: bool) -> list[Brief]:
    """Return the `top` rows of a screening's table by mean LTC, lowest first unless `highest`."""
    rows = [Brief.of(row) for row in _finished_rows(out) if not row["error"]]
    pick = heapq.nlargest if highest else heapq.nsmallest
    return pick(top, rows, key=lambda row: row.mean)


def _prepare(
    material_id: str, read: Read, ensemble: ServedEnsemble
) -> tuple[Outcome, Crystal | None]:
    try:
        structure = read()
        graph = crystal_graph(structure)
    except (ParaisiteError, OSError) as error:
        code = error.code if isinstance(error, ParaisiteError) else "unreadable-file"
        return Outcome(material_id, ensemble, error=f"{code}: {' '.join(str(error).split())}"), None
    formula = structure.composition.reduced_formula
    outcome = Outcome(material_id, ensemble, formula, len(structure))
    return outcome, (graph, fingerprint(graph))


def _cif_reader(file: Path, limits: StructureLimits) -> Read:
    return lambda: parse_structure(file.read_bytes().decode("utf-8", errors="replace"), limits)


def _read_lines(path: Path, limits: StructureLimits) -> Iterator[tuple[str, Read]]:
    with _opened(path) as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _entry(line, number, limits)


def _entry(line: str, number: int, limits: StructureLimits) -> tuple[str, Read]:
    try:
        entry = json.loads(line)
        return str(entry["material_id"]), lambda: _structure(entry, limits)
    except (ValueError, KeyError, TypeError):
        return f"line {number}", lambda: _structure({}, limits)


def _structure(entry: Row, limits: StructureLimits) -> Structure:
    try:
        given = entry["structure"]
        structure = Structure(given["lattice"], given["species"], given["frac_coords"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableStructure(
            "The line is not {material_id, structure: {lattice, species, frac_coords}} "
            f"({type(error).__name__}: {error})."
        ) from error
    return check_structure(structure, limits)


def _opened(path: Path) -> IO[str]:
    return gzip.open(path, "rt") if path.suffix == ".gz" else path.open()


def _resume(out: Path, ensemble: ServedEnsemble) -> set[str]:
    """Cut off a row that an interruption left unfinished; return the ids that have their row."""
    if not out.exists():
        return set()
    content = out.read_bytes()
    complete = content[: content.rfind(b"\n") + 1]
    if complete != content:
        out.write_bytes(complete)
    rows = _finished_rows(out)
    if rows and tuple(rows[0]) != COLUMNS:
        raise DataError(f"{out} has other columns than are written now; choose another file.")
    others = {row["digest"] for row in rows} - {ensemble.digest}
    if others:
        raise DataError(
            f"{out} was begun with another ensemble ({', '.join(sorted(others))}); "
            "choose another file, or remove it."
        )
    return {row["material_id"] for row in rows}


def _finished_rows(out: Path) -> list[Row]:
    with out.open(newline="") as file:
        if out.suffix == ".csv":
            return list(csv.DictReader(file))
        return [json.loads(line) for line in file]


@contextmanager
def _appending(out: Path) -> Iterator[Callable[[Row], None]]:
    """Give a function that appends a row, flushed so that an interruption loses none."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        if out.suffix == ".csv" and file.tell() == 0:
            table.writeheader()

        def write(row: Row) -> None:
            if out.suffix == ".csv":
                table.writerow(row)
            else:
                file.write(json.dumps(row) + "\n")
            file.flush()

        yield write
