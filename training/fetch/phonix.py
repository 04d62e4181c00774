"""Phonix: LTC by three-phonon Boltzmann transport with coherence, of all structure types.

From the public API of its Hugging Face data set; structures are today's Materials Project cells.
"""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from tqdm import tqdm

from training.fetch.download import Downloader
from training.fetch.labelled import Labelled
from training.fetch.materials_project import MaterialsProjectStructures, join_structures
from training.fetch.retries import TransientError
from training.fetch.row_file import FetchReport, Origin

BASE_URL = "https://datasets-server.huggingface.co/"
DATASET = "phonix-db/phonix-summary"
PAGE_SIZE = 100  # the API's largest
LTC, ID, ATOMS = "klat[W/mK]", "mp_id", "natoms_prim"
ORIGIN = Origin(
    url=f"https://huggingface.co/datasets/{DATASET}",
    licence="CC BY 4.0",
    cite="M. Ohnishi et al., npj Comput. Mater. 12, 150 (2026)",
)
Entry = Mapping[str, object]


def fetch(
    out: Path,
    downloader: Downloader,
    source: MaterialsProjectStructures,
    base_url: str = BASE_URL,
    page_size: int = PAGE_SIZE,
) -> FetchReport:
    """Return the report on Phonix, fetched into `out` (`.jsonl.gz`), by id.

    Raises DataError where a server refuses or keeps failing.
    """
    entries: list[Entry] = []
    total = 1
    with tqdm(desc="Phonix", unit=" rows") as progress:
        while len(entries) < total:
            url = f"{base_url.rstrip('/')}/filter?{_query(len(entries), page_size)}"
            total, page = downloader.parsed(url, _page)
            entries += page
            progress.total = total
            progress.update(len(page))
    rows = [row for row in map(_labelled, entries) if row]
    return join_structures(sorted(rows, key=lambda row: row.material_id), out, source, ORIGIN)


def _query(offset: int, length: int) -> str:
    return urlencode(
        {
            "dataset": DATASET,
            "config": "default",
            "split": "train",
            "where": f'"{LTC}">0',
            "offset": offset,
            "length": length,
        }
    )


def _page(body: bytes) -> tuple[int, list[Entry]]:
    """Return the number of rows in all and those of one page."""
    try:
        page = json.loads(body)
        total, entries = int(page["num_rows_total"]), [row["row"] for row in page["rows"]]
    except (ValueError, KeyError, TypeError) as error:
        raise TransientError(f"a page of Phonix cannot be read ({body[:200]!r})") from error
    if total and not entries:
        raise TransientError("a page of Phonix is empty")
    return total, entries


def _labelled(entry: Entry) -> Labelled | None:
    """Return an entry's LTC by Materials Project id; None where it has none of the two."""
    number = re.search(r"(\w+)$", str(entry.get(ID) or ""))
    ltc = entry.get(LTC)
    if number is None or not isinstance(ltc, int | float) or not math.isfinite(ltc):
        return None
    atoms = entry.get(ATOMS)
    n_atoms = atoms if isinstance(atoms, int) else None
    return Labelled(f"mp-{number[1]}", {"ltc": ltc}, n_atoms=n_atoms)
