"""Sources of the data sets, by name in the catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType

from models.structure.materials_project import ENDPOINT
from training.data.catalogue import CATALOGUE, PAPER_TABLE_FILE
from training.fetch import aflow, matcalc, megnet, paper, paper_table, phonix
from training.fetch.download import Downloader
from training.fetch.materials_project import MaterialsProjectStructures
from training.fetch.phonondb import fetch as phonondb
from training.fetch.row_file import FetchReport
from training.run import MEGNET_FILE

MEGNET = "megnet"
PAPER_TABLE = "paper_table"


@dataclass(frozen=True)
class Connections:
    """Clients of the sources; that of the Materials Project is made for those that need it.

    `base_url` replaces a source's own address.
    """

    downloader: Downloader
    base_url: str | None = None
    materials_project_url: str = ENDPOINT

    @cached_property
    def materials_project(self) -> MaterialsProjectStructures:
        """The Materials Project's client; MaterialsProjectKeyMissing where there is no key."""
        return MaterialsProjectStructures(self.downloader.policy, self.materials_project_url)

    def url(self, default: str) -> str:
        """Return the address of a source."""
        return self.base_url or default


Fetch = Callable[[Path, Connections], FetchReport | None]


def path_of(name: str, data_dir: Path) -> Path:
    """Return where a fetched data set, MEGNet's weights, or the paper's table lie."""
    others = {MEGNET: MEGNET_FILE, PAPER_TABLE: PAPER_TABLE_FILE}
    return data_dir / (others.get(name) or CATALOGUE[name].file_name)


def _megnet(out: Path, via: Connections) -> None:
    megnet.fetch(out.parent.parent, via.downloader, via.url(megnet.BASE_URL))


def _paper_table(out: Path, via: Connections) -> None:
    paper_table.fetch(out, via.downloader, via.url(paper_table.BASE_URL))


def _aflow(out: Path, via: Connections) -> FetchReport:
    return aflow.fetch(out, via.downloader, via.url(aflow.BASE_URL))


def _phonix(out: Path, via: Connections) -> FetchReport:
    return phonix.fetch(out, via.downloader, via.materials_project, via.url(phonix.BASE_URL))


def _paper(name: str, out: Path, via: Connections) -> FetchReport:
    return paper.fetch(name, out, via.downloader, via.materials_project, via.url(paper.BASE_URL))


def _matcalc(name: str, out: Path, via: Connections) -> FetchReport:
    return matcalc.fetch(name, out, via.downloader, via.url(matcalc.BASE_URL))


def _phonondb(out: Path, via: Connections) -> FetchReport:
    url = via.url(phonondb.INDEX_URL)
    return phonondb.fetch(out, via.downloader, via.materials_project, url)


SOURCES: Mapping[str, Fetch] = MappingProxyType(
    {
        MEGNET: _megnet,
        PAPER_TABLE: _paper_table,
        "aflow": _aflow,
        "elasticity": partial(_matcalc, "elasticity"),
        "moduli_2026": partial(_matcalc, "moduli_2026"),
        "dataset1": partial(_paper, "dataset1"),
        "dataset2": partial(_paper, "dataset2"),
        "phonix_2026": _phonix,
        "phonondb": _phonondb,
    }
)
