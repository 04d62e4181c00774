"""phonondb (A. Togo): PBEsol force sets of ten thousand crystals.

Index: github.com/atztogo/phonondb; archives: the Materials Data Repository of NIMS. Structures are
today's Materials Project cells.
"""

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from models.cores import n_cores
from models.errors import DataError
from training.fetch.download import Downloader
from training.fetch.materials_project import MaterialsProjectStructures, join_structures
from training.fetch.phonondb.finished import FinishedLabels
from training.fetch.phonondb.index import Calculation, read_index
from training.fetch.phonondb.workers import compute
from training.fetch.row_file import Dropped, FetchReport, Origin

INDEX_URL = "https://raw.githubusercontent.com/atztogo/phonondb/main/mdr/phonondb/README.md"
ORIGIN = Origin(
    url="https://doi.org/10.48505/nims.4197",
    licence="CC BY 4.0",
    cite="A. Togo, MDR phonon calculation database (2023), doi 10.48505/nims.4197",
)
MOST_DROPPED = 100  # more, and it is not single archives that are damaged


def fetch(
    out: Path,
    downloader: Downloader,
    source: MaterialsProjectStructures,
    index_url: str = INDEX_URL,
    n_workers: int | None = None,
) -> FetchReport:
    """Return the report on phonondb's crystals, computed into `out` (`.jsonl.gz`), by id.

    Labels that are computed are kept in `out`.labels.jsonl until all are. Raises DataError where a
    server refuses or keeps failing, and where many archives cannot be used.
    """
    calculations = downloader.parsed(index_url, read_index)
    finished = FinishedLabels(out.with_name(out.name + ".labels.jsonl"))
    rest = [entry for entry in calculations if entry.material_id not in finished.rows]
    dropped = _compute_rest(rest, finished, downloader, n_workers or n_cores())
    rows = [finished.rows.get(c.material_id) or dropped[c.material_id] for c in calculations]
    report = join_structures(rows, out, source, ORIGIN)
    finished.delete()
    return report


def _compute_rest(
    rest: Sequence[Calculation], finished: FinishedLabels, downloader: Downloader, n_workers: int
) -> dict[str, Dropped]:
    """Return the calculations without labels, after all others of `rest` are finished."""
    dropped: dict[str, Dropped] = {}
    n_done = len(finished.rows)
    with tqdm(total=n_done + len(rest), initial=n_done, unit=" crystals", desc="phonondb") as bar:
        for row in compute(rest, downloader.policy, n_workers):
            bar.update()
            if not isinstance(row, Dropped):
                finished.add(row)
                continue
            tqdm.write(f"{row.material_id}: {row.reason}")
            dropped[row.material_id] = row
            if len(dropped) > MOST_DROPPED:
                raise DataError(
                    f"More than {MOST_DROPPED} archives of phonondb cannot be used, the last "
                    f"because {row.reason}. Those before are kept; try again later."
                )
    return dropped
