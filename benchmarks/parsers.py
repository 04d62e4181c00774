"""gemmi against pymatgen on CIFs made from the data sets: the same structure, and how fast."""

import gzip
import json
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from pymatgen.core import Structure
from pymatgen.io.cif import CifParser, CifWriter

from benchmarks.timing import Spread
from models.crystal.crystal import Crystal
from models.errors import ParaisiteError
from models.structure.cif import read_cif
from training.data.datasets import data_directory

FILES = ("dataset1", "dataset2", "phonix_2026", "aflow_agl")
EVERY = {"phonix_2026": 5, "aflow_agl": 4}  # one crystal of so many
LISTED = 40  # differences that are shown
FORMS: dict[str, dict[str, Any]] = {"P1": {}, "symmetry": {"symprec": 0.01}}
LIMIT = 500  # sites


def measure() -> dict[str, Any]:
    """Return times, counts and the differences between what the two parsers read."""
    times: dict[str, dict[str, list[float]]] = {f: {"gemmi": [], "pymatgen": []} for f in FORMS}
    outcomes: Counter[str] = Counter()
    differences = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, structure in _corpus():
            for form, options in FORMS.items():
                text = str(CifWriter(structure, **options))
                outcome = _compare(text, times[form])
                outcomes[f"{form}: {outcome}"] += 1
                if outcome != "same":
                    differences.append(f"{name} ({form}): {outcome}")
    return {
        "outcomes": dict(outcomes),
        "differences": differences[:LISTED],
        "same": f"{sum(n for outcome, n in outcomes.items() if outcome.endswith(': same'))} of "
        f"{outcomes.total()}",
        **{
            f"{form}_{parser}_ms": Spread.of(1e3 * np.array(values)).document()
            for form, by_parser in times.items()
            for parser, values in by_parser.items()
        },
        **{
            f"{form}_ratio": _ratio(by_parser["pymatgen"], by_parser["gemmi"])
            for form, by_parser in times.items()
        },
    }


def _ratio(theirs: list[float], ours: list[float]) -> dict[str, float]:
    return Spread.of(np.array(theirs) / np.median(ours)).document()


def _corpus() -> Iterator[tuple[str, Structure]]:
    for file in FILES:
        with gzip.open(data_directory() / f"{file}.jsonl.gz", "rt") as lines:
            for number, line in enumerate(lines):
                if number % EVERY.get(file, 1) == 0:
                    row = json.loads(line)
                    given = row["structure"]
                    structure = Structure(given["lattice"], given["species"], given["frac_coords"])
                    yield f"{file} {row['material_id']}", structure


def _compare(text: str, times: dict[str, list[float]]) -> str:
    found = []
    for parser, read in (("gemmi", _by_gemmi), ("pymatgen", _by_pymatgen)):
        start = time.perf_counter()
        result = _identity(read, text, times[parser], start)
        found.append(result)
    if found[0] == found[1]:
        return "same"
    errors = [text for text in found if " " in text]
    return " / ".join(errors) if errors else "another fingerprint"


def _identity(read: Callable[[str], Structure], text: str, times: list[float], start: float) -> str:
    try:
        structure = read(text)
        times.append(time.perf_counter() - start)
        return Crystal.of(structure).fingerprint
    except (ParaisiteError, ValueError) as error:
        return f"{type(error).__name__}: {str(error)[:80]}"


def _by_gemmi(text: str) -> Structure:
    return read_cif(text, LIMIT)[0]


def _by_pymatgen(text: str) -> Structure:
    (structure,) = CifParser.from_str(text).parse_structures(primitive=False, on_error="raise")
    return structure
