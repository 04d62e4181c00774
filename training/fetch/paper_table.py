"""The paper's Table I, and the nine published runs behind each of its cells.

L. Klochko, M. d'Aquin, A. Togo, L. Chaput (arXiv 2411.18259), from the authors' repository. Files
are those of the commits that hold the runs of Table I; today's are of a later training.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from models.errors import DataError
from training.fetch.download import Downloader

BASE_URL = "https://raw.githubusercontent.com/liudakl/ParAIsite/"
README = "03674b4654f9e7c57d570d9f8c8ca27380863382/README.md"
RUNS: Mapping[str, tuple[str, ...]] = MappingProxyType(  # results_FILE.csv by commit and folder
    {
        "727b10b398e1cad26ac032f18e1010508c1e2532/megnet_p31/pytorch/matgl-main/src": (
            "M0_trained_on_HH143",
            "M0_trained_on_MIX",
            "with_weights_trained_on_L96",
            "double_trained_on_AFLOW_and_L96",
            "double_trained_on_AFLOW_and_HH143",
            "double_trained_on_AFLOW_and_MIX",
        ),
        "3bc092f4844f82c7517dda4f6888bb7c0bb7a833/matgl-main/src": (
            "M0_trained_on_L96",
            "with_weights_trained_on_HH143",
        ),
        "ae03e07f96cf375c45d469b96eaa54531eaeda80/ParAIsite/src": (
            "M0_trained_on_AFLOW",
            "with_weights_trained_on_AFLOW",
            "with_weights_trained_on_MIX",
        ),
    }
)
STAGES = {"M0": "stage1", "with": "stage2", "double": "stage3"}  # first word of a file's name
SETS = {"L96": "dataset1", "HH143": "dataset2", "MIX": "mix", "AFLOW": "aflow"}  # its last
COLUMNS = ("dataset1", "dataset2", "mix", "aflow")  # of the table
N_RUNS = 9
DECIMALS = 4
N_ROWS = 11  # four training sets in stages 1 and 2, three in stage 3
CELL = re.compile(r"(\d+\.\d+)\s*\((\d+\.\d+)\)")

Table = dict[str, dict[str, dict[str, dict[str, float]]]]
Runs = dict[str, dict[str, dict[str, list[float]]]]


def fetch(out: Path, downloader: Downloader, base_url: str = BASE_URL) -> None:
    """Write Table I and its runs, both by stage, training and test set, to `out` (JSON).

    Raises DataError where the server refuses or keeps failing, and for files of another form.
    """
    root = base_url.rstrip("/")
    table = downloader.parsed(f"{root}/{README}", _table)
    runs: Runs = {}
    for folder, names in RUNS.items():
        for name in names:
            url = f"{root}/{folder}/results_on_train_test/results_{name}.csv"
            stage, dataset = STAGES[name.split("_")[0]], SETS[name.split("_")[-1]]
            runs.setdefault(stage, {})[dataset] = downloader.parsed(url, _runs)
    content = {"what": __doc__, "table": table, "per_split": runs}
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    part.write_text(json.dumps(content, indent=1))
    part.replace(out)


def _table(body: bytes) -> Table:
    """Return mean and standard deviation of each cell of the table in the README."""
    table: Table = {}
    for stage, dataset, cells in _rows(body.decode()):
        pairs = zip(COLUMNS, cells, strict=True)
        row = {name: {"mean": float(mean), "std": float(std)} for name, (mean, std) in pairs}
        table.setdefault(stage, {})[dataset] = row
    if sum(map(len, table.values())) != N_ROWS:
        raise DataError("The README of ParAIsite has no Table I; its form has changed.")
    return table


def _rows(text: str) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    number = 0
    for line in text.splitlines():
        number += "**Step " in line
        cells = CELL.findall(line)
        if number and len(cells) == len(COLUMNS):
            yield f"stage{number}", line.split("|")[1].strip().lower(), cells


def _runs(body: bytes) -> dict[str, list[float]]:
    """Return the error of each run [9] by test set; rows of means are left out."""
    rows = [row for row in csv.DictReader(io.StringIO(body.decode())) if row["Run"].isdecimal()]
    if len(rows) != N_RUNS:
        raise DataError(f"A table of ParAIsite's runs has {len(rows)} of {N_RUNS} runs.")
    return {
        name: [round(float(row[f"test_{published}"]), DECIMALS) for row in rows]
        for published, name in SETS.items()
    }
