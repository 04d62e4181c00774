"""A user's table of crystals and LTC, as a data set file."""

import csv
import gzip
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from pymatgen.core import Structure

from models.crystal.crystal import Crystal
from models.errors import DataError, ParaisiteError
from models.records import refusal
from models.structure.materials_project import ENDPOINT
from models.structure.read import parse_structure
from training.data.rows import Row
from training.data.splits import N_SPLITS
from training.fetch.materials_project import MaterialsProjectStructures
from training.fetch.retries import RetryPolicy

logger = logging.getLogger(__name__)

CIF, ID, LTC = "cif", "material_id", "ltc"
FEWEST_FORMULAS = 2 * N_SPLITS  # so that each member is kept from two


@dataclass(frozen=True)
class Line:
    """A line of the table: the path of a structure file, or an id, and the LTC as written."""

    number: int
    cif: Path | None
    material_id: str
    ltc: str


def write_own_set(table: Path, out: Path, endpoint: str = ENDPOINT) -> int:
    """Return the number of crystals of `table` (CSV) written to `out` (`.jsonl.gz`).

    The table has a column `ltc` [W/(m K)] and one of `cif` (paths of CIF or POSCAR files, relative
    to the table) or `material_id` (of the Materials Project, which needs a key). A line that cannot
    be used is logged with the reason and left out. Raises DataError for another table, one without
    enough formulas, and a copy of another table beside `out`.
    """
    copy = out.with_name(table.name)
    if out.is_file() and copy.is_file() and copy.read_bytes() == table.read_bytes():
        return gzip.decompress(out.read_bytes()).count(b"\n")
    if out.exists():
        raise DataError(f"{out} is of another table; choose another --name or --run folder.")
    rows = list(_rows(table, _read(table), endpoint))
    formulas = {row.formula for row in rows}
    if len(formulas) < FEWEST_FORMULAS:
        raise DataError(
            f"{table} has {len(rows)} usable crystals of {len(formulas)} formulas; nine members, "
            f"each kept from a ninth of the formulas, need {FEWEST_FORMULAS}."
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(table.read_bytes())
    unfinished = out.with_name(f"{out.name}.part")  # a kill leaves no torn set
    content = "".join(row.to_line() + "\n" for row in rows)
    unfinished.write_bytes(gzip.compress(content.encode(), mtime=0))
    unfinished.replace(out)
    return len(rows)


def _read(table: Path) -> list[Line]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = set(reader.fieldnames or ())
            if LTC not in columns or not columns & {CIF, ID}:
                raise DataError(
                    f"{table} needs a column `{LTC}` and one of `{CIF}` or `{ID}` in its first "
                    f"line; it has {', '.join(sorted(columns)) or 'none'}."
                )
            return [_line(table, number, line) for number, line in enumerate(reader, start=2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read as a CSV table ({error}).") from error


def _line(table: Path, number: int, line: Mapping[str, str | None]) -> Line:
    path = (line.get(CIF) or "").strip()
    material_id = (line.get(ID) or "").strip()
    cif = table.parent / path if path else None
    return Line(number, cif, material_id or path, (line.get(LTC) or "").strip())


def _rows(table: Path, lines: Sequence[Line], endpoint: str) -> Iterator[Row]:
    ids = [line.material_id for line in lines if line.cif is None and line.material_id]
    known = MaterialsProjectStructures(RetryPolicy(), endpoint).structures(ids) if ids else {}
    seen: set[str] = set()
    for line in lines:
        leave_out = partial(logger.warning, "%s line %d is not used: %s", table, line.number)
        try:
            row = _row(line, known)
        except ValidationError as error:
            leave_out(refusal(error))
        except (ParaisiteError, OSError, ValueError) as error:
            leave_out(error)
        else:
            if row.material_id in seen:
                leave_out(f"{row.material_id} is on an earlier line")
                continue
            seen.add(row.material_id)
            yield row


def _row(line: Line, known: Mapping[str, Structure]) -> Row:
    structure = known.get(line.material_id)
    if line.cif:
        structure = parse_structure(line.cif.read_bytes())
    if structure is None:
        raise ValueError(f"the Materials Project has no material {line.material_id!r}")
    Crystal.of(structure)  # raises where an atom is isolated
    return Row.of(line.material_id, structure, ltc=float(line.ltc))
