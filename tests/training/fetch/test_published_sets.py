"""Sets joined from a published table and structures by id, and matcalc's files."""

import gzip
import json
from urllib.parse import parse_qs

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from models.errors import DataError
from tests.damaged import gzip_with_damage
from tests.training.fetch.test_materials_project import KEY, STRUCTURES, answer
from tests.training.fetch.web_server import Reply
from training.data.datasets import read_dataset
from training.fetch import matcalc, paper, phonix
from training.fetch.download import Downloader
from training.fetch.materials_project import MaterialsProjectStructures
from training.fetch.retries import RetryPolicy

CESIUM = Structure(Lattice.cubic(4.1), ["Cs", "Cl"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
HALF_HEUSLER = Structure(
    np.eye(3) * 5.5, ["Ba", "Cl", "F"], [[0.0, 0.0, 0.0], [0.25, 0.25, 0.25], [0.5, 0.5, 0.5]]
)


@pytest.fixture
def project(serve, policy):
    return MaterialsProjectStructures(policy, serve(answer).url, KEY)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("dataset1", "\ufeff,chemsys,mpd_id,TC\n0,NaCl,mp-3,7.9\n1,NaCl,mp-1,2\n"),
        ("dataset2", "mpd_id;compound;TC\nmp-3;NaCl;7,9\nmp-1;NaCl;2\n"),
    ],
)
def test_the_papers_tables_keep_their_order(serve, project, tmp_path, name, table):
    web = serve(lambda _: Reply(table.encode()))
    out = tmp_path / f"{name}.jsonl.gz"
    with Downloader(RetryPolicy()) as downloader:
        report = paper.fetch(name, out, downloader, project, web.url)
    crystals = read_dataset(name, tmp_path).crystals
    assert [(c.material_id, c.ltc) for c in crystals] == [("mp-3", 7.9), ("mp-1", 2.0)]
    assert web.requests[0].path == f"/{paper.TABLES[name].file_name}"
    assert "2411.18259" in report.origin.cite


def test_a_table_of_other_columns_is_refused(serve, policy, project, tmp_path):
    web = serve(lambda _: Reply(b"<html>Sign in</html>"))
    with Downloader(policy) as downloader, pytest.raises(DataError, match="no column TC"):
        paper.fetch("dataset1", tmp_path / "a.gz", downloader, project, web.url)


PHONIX = [
    {"mp_id": "mp-5", "klat[W/mK]": 2.5, "natoms_prim": 2},
    {"mp_id": "2", "klat[W/mK]": 3.5, "natoms_prim": 2},
    {"mp_id": "mp-3", "klat[W/mK]": 4.5, "natoms_prim": 4},
    {"mp_id": None, "klat[W/mK]": 4.5},
    {"mp_id": "mp-4", "klat[W/mK]": None},
]


def phonix_page(request):
    query = {name: value[0] for name, value in parse_qs(request.query).items()}
    assert query["dataset"] == "phonix-db/phonix-summary"
    assert query["where"] == '"klat[W/mK]">0'
    first = int(query["offset"])
    rows = [{"row": row} for row in PHONIX[first : first + int(query["length"])]]
    return Reply(json.dumps({"rows": rows, "num_rows_total": len(PHONIX)}).encode())


def test_phonix_is_fetched_page_by_page(serve, policy, project, tmp_path):
    web = serve(phonix_page)
    out = tmp_path / "phonix_2026.jsonl.gz"
    with Downloader(policy) as downloader:
        report = phonix.fetch(out, downloader, project, web.url, page_size=2)
    crystals = read_dataset("phonix_2026", tmp_path).crystals
    assert [(c.material_id, c.ltc) for c in crystals] == [("mp-2", 3.5), ("mp-5", 2.5)]
    assert crystals[0].structure.volume == pytest.approx(STRUCTURES["mp-2"].volume)
    assert [entry.material_id for entry in report.dropped] == ["mp-3"]
    assert len(web.requests) == 3


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"error": "busy"}', b'{"rows": [], "num_rows_total": 9}']
)
def test_a_page_of_phonix_that_is_none_is_asked_again(serve, policy, project, tmp_path, body):
    def respond(request):
        return Reply(body) if len(web.requests) == 1 else phonix_page(request)

    web = serve(respond)
    with Downloader(policy) as downloader:
        report = phonix.fetch(tmp_path / "a.gz", downloader, project, web.url, page_size=5)
    assert report.n_rows == 2


def matcalc_entry(material_id, structure, bulk=20.0):
    return {
        "mp_id": material_id,
        "structure": structure.as_dict(),
        "bulk_modulus_vrh": bulk,
        "shear_modulus_vrh": 10.0,
    }


@pytest.mark.parametrize(
    ("name", "kept"), [("elasticity", ["mp-1", "mp-2"]), ("moduli_2026", ["mp-2"])]
)
def test_moduli_come_from_matcalc_the_binaries_once(serve, policy, tmp_path, name, kept):
    entries = [
        matcalc_entry("mp-1", CESIUM),
        matcalc_entry("mp-2", HALF_HEUSLER),
        matcalc_entry("mp-3", HALF_HEUSLER, bulk=-1.0),
        {"mp_id": "mp-4"},
    ]
    web = serve(lambda _: Reply(gzip.compress(json.dumps(entries).encode())))
    out = tmp_path / {"elasticity": "mp_elasticity", "moduli_2026": "mp_moduli_2026"}[name]
    out = out.with_suffix(".jsonl.gz")
    with Downloader(policy) as downloader:
        report = matcalc.fetch(name, out, downloader, web.url)
    crystals = read_dataset(name, tmp_path).crystals
    assert [c.material_id for c in crystals] == kept
    assert crystals[0].labels == {"bulk_modulus": 20.0, "shear_modulus": 10.0}
    assert [entry.material_id for entry in report.dropped] == ["mp-3", "mp-4"]


def test_a_damaged_file_of_matcalc_is_asked_for_again(serve, policy, tmp_path):
    web = serve(lambda _: Reply(gzip_with_damage(b"[]" * 20)))
    with Downloader(policy) as downloader, pytest.raises(DataError, match="not whole"):
        matcalc.fetch("elasticity", tmp_path / "a.jsonl.gz", downloader, web.url)
    assert len(web.requests) == policy.attempts
