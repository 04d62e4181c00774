"""The paper's two tables of first-principles LTC: ids and labels; structures come by id.

L. Klochko, M. d'Aquin, A. Togo, L. Chaput (arXiv 2411.18259). The published splits go by the order
of these tables, which is kept; ids that the Materials Project has since given up are dropped.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from models.errors import DataError
from training.fetch.download import Downloader
from training.fetch.labelled import Labelled
from training.fetch.materials_project import MaterialsProjectStructures, join_structures
from training.fetch.row_file import FetchReport, Origin

BASE_URL = "https://gitlab.univ-lorraine.fr/klochko1/mdp/-/raw/main/"
LICENCE = "published with the paper, no licence stated; structures: CC BY 4.0"
ID, LTC = "mpd_id", "TC"


@dataclass(frozen=True)
class Table:
    """A published table: its file name, delimiter, and what to cite for its labels."""

    file_name: str
    delimiter: str
    cite: str


MIYAZAKI = "H. Miyazaki et al., Sci. Rep. 11, 13410 (2021)"
PAPER = "L. Klochko et al., arXiv 2411.18259"
TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "dataset1": Table("cif_small_L.csv", ",", PAPER),
        "dataset2": Table("hh_143.csv", ";", f"{MIYAZAKI}; {PAPER}"),
    }
)


def fetch(
    name: str,
    out: Path,
    downloader: Downloader,
    source: MaterialsProjectStructures,
    base_url: str = BASE_URL,
) -> FetchReport:
    """Return the report on `dataset1` or `dataset2`, fetched into `out` (`.jsonl.gz`).

    Raises DataError for a table without its columns, and where a server refuses or keeps failing.
    """
    table = TABLES[name]
    url = f"{base_url.rstrip('/')}/{table.file_name}"
    rows = downloader.parsed(url, lambda body: _rows(body, table, url))
    origin = Origin(url=url, licence=LICENCE, cite=table.cite)
    return join_structures(rows, out, source, origin)


def _rows(body: bytes, table: Table, url: str) -> list[Labelled]:
    reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig")), delimiter=table.delimiter)
    missing = {ID, LTC} - set(reader.fieldnames or ())
    if missing:
        raise DataError(f"{url} has no column {' and no column '.join(sorted(missing))}.")
    return [Labelled(row[ID].strip(), {"ltc": row[LTC].replace(",", ".")}) for row in reader]
