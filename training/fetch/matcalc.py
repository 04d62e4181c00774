"""Elastic moduli of the Materials Project, as the matcalc project publishes them."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pymatgen.core import Structure

from models.errors import DataError
from models.records import refusal
from models.structure.content import GZIP_FAULTS
from training.data.rows import Row
from training.fetch.download import Downloader
from training.fetch.retries import TransientError
from training.fetch.row_file import Dropped, FetchReport, Origin, RowFile

BASE_URL = "https://raw.githubusercontent.com/materialsvirtuallab/matcalc/main/benchmark_data/"
BINARY = 2  # elements
MODULI = {"bulk_modulus": "bulk_modulus_vrh", "shear_modulus": "shear_modulus_vrh"}


@dataclass(frozen=True)
class PublishedFile:
    """A file of matcalc's, and whether its binaries are left out, which the other has."""

    file_name: str
    ternary_up: bool


FILES: Mapping[str, PublishedFile] = MappingProxyType(
    {
        "elasticity": PublishedFile("mp-binary-pbe-elasticity-2025.1.json.gz", ternary_up=False),
        "moduli_2026": PublishedFile("mp-pbe-elasticity-2025.3.json.gz", ternary_up=True),
    }
)


def fetch(name: str, out: Path, downloader: Downloader, base_url: str = BASE_URL) -> FetchReport:
    """Return the report on `elasticity` or `moduli_2026`, fetched into `out` (`.jsonl.gz`).

    Raises DataError where the server refuses or keeps failing, and for a file of another form.
    """
    file = FILES[name]
    url = f"{base_url.rstrip('/')}/{file.file_name}"
    entries = downloader.parsed(url, _entries)
    origin = Origin(
        url=url,
        licence="BSD-3 (matcalc); CC BY 4.0 (data)",
        cite="M. de Jong et al., Sci. Data 2, 150009 (2015)",
    )
    rows = RowFile(out, url, origin)
    rows.add(list(_rows(entries, file)), position=1, total=len(entries))
    return rows.finish()


def _entries(body: bytes) -> list[Any]:
    try:
        entries = json.loads(gzip.decompress(body))
    except (*GZIP_FAULTS, ValueError) as error:
        raise TransientError(f"matcalc's file is not whole ({error})") from error
    if not isinstance(entries, list):
        raise DataError("matcalc's file is no list of materials; its form has changed.")
    return entries


def _rows(entries: list[Any], file: PublishedFile) -> Iterator[Row | Dropped]:
    for entry in entries:
        material_id = str(entry.get("mp_id") or entry.get("material_id"))
        try:
            structure = Structure.from_dict(entry["structure"])
            if file.ternary_up and len(structure.elements) == BINARY:
                continue
            labels = {name: float(entry[key]) for name, key in MODULI.items()}
            yield Row.of(material_id, structure, None, **labels)
        except ValidationError as error:
            yield Dropped(material_id=material_id, reason=refusal(error))
        except (KeyError, TypeError, ValueError) as error:
            yield Dropped(material_id=material_id, reason=f"{type(error).__name__}: {error}")
