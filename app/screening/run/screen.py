"""The screening itself: from a source to a table, with its progress."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.screening.run.chunks import Chunk, chunks
from app.screening.run.judge import Judge
from app.screening.run.parts import Part, Parts, check_same
from app.screening.run.provenance import Provenance, Run, Started
from app.screening.run.workers import Executor
from app.screening.sources.source import Source
from app.screening.table.files import read_provenance, write_table
from models.errors import DataError


@dataclass(frozen=True)
class Progress:
    """How far a screening is: crystals `done`, of which `failed` and `new` (in this run)."""

    done: int
    failed: int
    new: int


def screen(
    source: Source, judge: Judge, executor: Executor, out: Path, command: Sequence[str] = ()
) -> Iterator[Progress]:
    """Write the table `out` of a source, and yield the progress after each chunk.

    Every crystal has one row, in the source's order, however often this is interrupted and called
    again: a finished chunk is a file that is there in full or not at all, named after its input,
    and the table takes its place when all are there; without a crystal there is none. Raises
    DataError when another process writes to `out`, when it is of another run, or the disk cannot be
    written to.
    """
    with Parts.of(out) as parts:
        provenance = read_provenance(out) if out.exists() else None
        run = Run.of(source.name, executor.identify(judge), judge.thresholds)
        if provenance:
            yield _check_finished(source, run, out, provenance)
        else:
            started = parts.begin(Started.now(run, command))
            finished: list[Part] = []
            yield from _judge(source, judge, executor, parts, finished)
            if finished:
                _write(out, parts, started, finished)
        parts.remove()


def _judge(
    source: Source, judge: Judge, executor: Executor, parts: Parts, finished: list[Part]
) -> Iterator[Progress]:
    """Yield the progress, and add each finished part to `finished`, which is then in order."""
    done = failed = new = 0
    for chunk in executor.run(judge, partial(_chunks, source), parts.names()):
        if chunk.rows is not None:
            parts.add(chunk)
            new += len(chunk.rows)
        part = parts.part(chunk.number, chunk.name)
        finished.append(part)
        done, failed = done + part.n_rows, failed + part.n_failed
        yield Progress(done, failed, new)
    finished.sort(key=lambda part: part.number)
    if [part.number for part in finished] != list(range(len(finished))):
        raise DataError("Chunks of the source are missing; run the same command again.")


def _write(out: Path, parts: Parts, started: Started, finished: Sequence[Part]) -> None:
    inputs = _digest(part.name for part in finished)
    n_rows, n_failed = sum(p.n_rows for p in finished), sum(p.n_failed for p in finished)
    provenance = Provenance.of(started, inputs, n_rows, n_failed)
    try:
        write_table(out, (parts.read(part.name) for part in finished), provenance)
    except OSError as error:
        raise DataError(
            f"{out} cannot be written ({error.strerror or error}). All {n_rows} rows are saved in "
            f"{parts.folder}; make room and run the same command again."
        ) from error


def _chunks(source: Source) -> Iterator[Chunk]:
    return chunks(source.entries())


def _digest(names: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _check_finished(source: Source, run: Run, out: Path, provenance: Provenance) -> Progress:
    """Return the progress of a finished table. Raises DataError when it is of anything else."""
    check_same(provenance.run, run, out)
    if _digest(chunk.name for chunk in _chunks(source)) != provenance.inputs:
        raise DataError(
            f"{source.name} has changed since {out} was made of it; choose another --out, or "
            "remove that."
        )
    return Progress(provenance.n_rows, provenance.n_failed, 0)
