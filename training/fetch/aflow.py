"""AFLOW's AGL set (quasi-harmonic Debye-Grueneisen model), through its search API AFLUX.

AFLUX: F. Rose et al., Comput. Mater. Sci. 137, 362 (2017). AGL: C. Toher et al., Phys. Rev. B
90, 174107 (2014). The relaxed cell comes with each entry (`geometry`, `species`, `composition`,
`positions_fractional`), so that no file per entry is needed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from pydantic import ValidationError
from pymatgen.core import Lattice, Structure
from tqdm import tqdm

from models.errors import DataError
from models.records import refusal
from training.data.rows import Row
from training.fetch.download import Downloader
from training.fetch.retries import TransientError
from training.fetch.row_file import Dropped, FetchReport, Origin, RowFile

BASE_URL = "https://aflow.org/API/aflux/"
PAGE_SIZE = 200
ORIGIN = Origin(
    url=BASE_URL,
    licence="free to use, with citation (aflow.org)",
    cite="C. Toher et al., Phys. Rev. B 90, 174107 (2014); F. Rose et al., "
    "Comput. Mater. Sci. 137, 362 (2017)",
)
CELL_PARAMETERS = 6
KEYWORDS = (
    # AFLUX sorts by the first keyword; `(*)` leaves out the entries that lack it.
    "agl_thermal_conductivity_300K(*)",
    "agl_debye",
    "agl_gruneisen",
    "species",
    "composition",
    "geometry",
    "positions_fractional",
)
WANTED = tuple(word.removesuffix("(*)") for word in KEYWORDS)
ICSD_NUMBER = re.compile(r"_ICSD_(\d+)$")

Entry = Mapping[str, object]


def fetch(
    out: Path, downloader: Downloader, base_url: str = BASE_URL, page_size: int = PAGE_SIZE
) -> FetchReport:
    """Return the report on the AGL set, fetched page by page into `out` (`.jsonl.gz`).

    Raises DataError where AFLUX refuses, keeps failing, or changes its set during the fetch.
    """
    query = f"{base_url}?{','.join(KEYWORDS)},$catalog(ICSD),format(json)"
    file = RowFile(out, f"{query},paging(*,{page_size})", ORIGIN)
    progress = tqdm(total=file.total, initial=file.n_seen, unit=" rows", desc="AFLOW")
    while file.total is None or file.n_seen < file.total:
        number = file.position + 1
        total, entries = downloader.parsed(
            f"{query},paging({number},{page_size})",
            partial(_page, number=number, page_size=page_size),
        )
        if file.total not in (None, total):
            raise DataError(
                f"AFLOW announced {file.total} entries, then {total}: its set changed during the "
                f"fetch. Delete {out}.part and {out}.cursor.json, and start again."
            )
        file.add([_row(entry) for entry in entries], position=number, total=total)
        progress.total = total
        progress.update(file.n_seen - progress.n)
    progress.close()
    return file.finish()


def _page(body: bytes, *, number: int, page_size: int) -> tuple[int, list[Entry]]:
    """Return the announced number of entries and those of one page, keyed "i of n" by AFLUX."""
    try:
        page = json.loads(body)
    except ValueError as error:
        raise TransientError(f"page {number} of AFLUX is not whole JSON ({error})") from error
    if not isinstance(page, dict) or not page:
        raise TransientError(f"page {number} of AFLUX holds no entries: {body[:200]!r}")
    announced = next(iter(page)).partition(" of ")[2]
    if not announced.isdecimal():
        raise TransientError(f"page {number} of AFLUX does not say how many entries there are")
    total = int(announced)
    expected = min(page_size, total - (number - 1) * page_size)
    if len(page) != expected:
        raise TransientError(f"page {number} of AFLUX holds {len(page)} of {expected} entries")
    return total, list(page.values())


def _row(entry: Entry) -> Row | Dropped:
    """Return an entry as a row, or why it cannot be one."""
    aurl = str(entry.get("aurl"))
    icsd = ICSD_NUMBER.search(aurl)
    material_id = f"icsd-{icsd[1]}" if icsd else str(entry.get("auid"))
    missing = [word for word in WANTED if entry.get(word) in (None, "", [])]
    if missing:
        return Dropped(material_id=material_id, reason=f"no {', '.join(missing)}")
    try:
        structure = _structure(entry)
        return Row.of(
            material_id,
            structure,
            ltc=_number(entry["agl_thermal_conductivity_300K"]),
            debye_temperature=_number(entry["agl_debye"]),
            gruneisen=_number(entry["agl_gruneisen"]),
        )
    except ValidationError as error:
        return Dropped(material_id=material_id, reason=refusal(error))
    except ValueError as error:
        return Dropped(material_id=material_id, reason=str(error))


def _structure(entry: Entry) -> Structure:
    cell = [float(word) for word in _words(entry["geometry"])]
    counts = [int(word) for word in _words(entry["composition"])]
    symbols = _words(entry["species"])
    if len(counts) != len(symbols):
        raise ValueError(f"{len(counts)} amounts of {len(symbols)} species")
    species = [s for s, n in zip(symbols, counts, strict=True) for _ in range(n)]
    positions = np.array([float(word) for word in _words(entry["positions_fractional"])])
    if len(cell) != CELL_PARAMETERS or len(positions) != 3 * len(species):
        raise ValueError(
            f"{len(cell)} cell parameters and {len(positions)} coordinates for {len(species)} sites"
        )
    return Structure(Lattice.from_parameters(*cell), species, positions.reshape(-1, 3))


def _number(value: object) -> float:
    return float(str(value))


def _words(value: object) -> list[str]:
    """Return the parts of a list, which AFLUX gives as JSON or, in older entries, as "a,b;c,d"."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [word for part in value for word in _words(part)]
    return [word.strip() for word in re.split("[,;]", str(value))]
