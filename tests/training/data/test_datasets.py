import gzip
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from training.data.catalogue import DATASET_NAMES
from training.data.datasets import (
    DroppedRow,
    data_directory,
    read_dataset,
    read_dataset_file,
)

CELL = [[0.0, 2.8, 2.8], [2.8, 0.0, 2.8], [2.8, 2.8, 0.0]]


def row(material_id="mp-1", **changes):
    """Return rocksalt NaCl as a line of a file holds it."""
    structure = {
        "lattice": CELL,
        "species": ["Na", "Cl"],
        "frac_coords": [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]],
    }
    return {
        "material_id": material_id,
        "formula": "NaCl",
        "ltc": 7.9,
        "structure": structure | changes.pop("structure", {}),
    } | changes


def write(path, rows):
    lines = [entry if isinstance(entry, str) else json.dumps(entry) for entry in rows]
    path.write_bytes(gzip.compress("".join(line + "\n" for line in lines).encode()))
    return path


def test_crystals_keep_the_order_and_labels_of_the_file(tmp_path):
    path = write(tmp_path / "dataset1.jsonl.gz", [row("mp-9", ltc=2), row("mp-1"), row("mp-5")])
    dataset = read_dataset("dataset1", tmp_path)
    assert [c.material_id for c in dataset.crystals] == ["mp-9", "mp-1", "mp-5"]
    np.testing.assert_array_equal(dataset.ltc(), [2.0, 7.9, 7.9])
    assert (dataset.name, len(dataset), dataset.dropped) == ("dataset1", 3, ())
    (source,) = dataset.sources
    assert source.file_name == "dataset1.jsonl.gz"
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.n_rows == 3


def test_structures_are_those_of_the_file(tmp_path):
    write(tmp_path / "dataset1.jsonl.gz", [row()])
    (crystal,) = read_dataset("dataset1", tmp_path).crystals
    assert [site.specie.symbol for site in crystal.structure] == ["Na", "Cl"]
    np.testing.assert_array_equal(crystal.structure.lattice.matrix, CELL)
    np.testing.assert_array_equal(crystal.structure.frac_coords, [[0, 0, 0], [0.5, 0.5, 0.5]])


def test_mix_is_dataset1_followed_by_dataset2(tmp_path):
    write(tmp_path / "dataset1.jsonl.gz", [row("mp-3"), row("mp-1", ltc=0.0)])
    write(tmp_path / "dataset2.jsonl.gz", [row("mp-2", ltc=-1.0), row("mp-1")])
    mix = read_dataset("mix", tmp_path)
    assert [c.material_id for c in mix.crystals] == ["mp-3", "mp-1"]
    assert [source.file_name for source in mix.sources] == [
        "dataset1.jsonl.gz",
        "dataset2.jsonl.gz",
    ]
    assert [(d.file_name, d.line) for d in mix.dropped] == [
        ("dataset1.jsonl.gz", 2),
        ("dataset2.jsonl.gz", 1),
    ]


def test_aflow_has_debye_temperature_and_gruneisen(tmp_path):
    complete = row("icsd-1", debye_temperature=300.0, gruneisen=1.9)
    write(tmp_path / "aflow_agl.jsonl.gz", [complete, row("icsd-2", gruneisen=1.9)])
    dataset = read_dataset("aflow", tmp_path)
    assert dataset.crystals[0].labels == {"ltc": 7.9, "debye_temperature": 300.0, "gruneisen": 1.9}
    assert dataset.dropped == (
        DroppedRow("aflow_agl.jsonl.gz", 2, "icsd-2", "no debye_temperature"),
    )


def test_elasticity_has_moduli_but_no_conductivity(tmp_path):
    moduli = row(bulk_modulus=24.0, shear_modulus=14.0)
    del moduli["ltc"]
    write(tmp_path / "mp_elasticity.jsonl.gz", [moduli])
    dataset = read_dataset("elasticity", tmp_path)
    assert dataset.crystals[0].labels == {"bulk_modulus": 24.0, "shear_modulus": 14.0}
    with pytest.raises(DataError, match="mp-1 has no thermal conductivity"):
        dataset.ltc()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("bad", ltc=0.0), "ltc: .*greater than 0"),
        (row("bad", ltc=-3.0), "ltc: .*greater than 0"),
        (row("bad", ltc=float("nan")), "ltc: .*finite"),
        (row("bad", ltc=float("inf")), "ltc: .*finite"),
        (row("bad", ltc="7.9"), "ltc: .*number"),
        (row("bad", ltc=None), "no ltc"),
        (row("bad", formula="KCl"), "formula KCl but the structure is Na1 Cl1"),
        (row("bad", formula="?"), "invalid formula"),
        (row("bad", structure={"lattice": CELL[:2]}), "lattice"),
        (row("bad", structure={"lattice": [CELL[0], CELL[1], CELL[1]]}), "enclose no volume"),
        (row("bad", structure={"lattice": [[0.0] * 3] * 3}), "enclose no volume"),
        (row("bad", structure={"species": ["Na", "Xx"]}), "'Xx' is not an element"),
        (row("bad", structure={"species": ["Na"]}), "1 species but 2 positions"),
        (row("bad", structure={"species": [], "frac_coords": []}), "species"),
        (row("bad", structure={"frac_coords": [[0.0, 0.0], [0.5, 0.5]]}), "frac_coords"),
        (row("bad", structure={"frac_coords": [[0.0] * 3, [float("nan")] * 3]}), "finite"),
        (row("bad", structure={"charge": 1}), "charge"),
    ],
)
def test_a_row_that_cannot_be_used_is_dropped_and_reported(tmp_path, bad, reason):
    write(tmp_path / "phonix_bte.jsonl.gz", [row("mp-1"), bad, row("mp-2")])
    dataset = read_dataset("phonix", tmp_path)
    assert [c.material_id for c in dataset.crystals] == ["mp-1", "mp-2"]
    (dropped,) = dataset.dropped
    assert (dropped.file_name, dropped.line, dropped.material_id) == (
        "phonix_bte.jsonl.gz",
        2,
        "bad",
    )
    assert re.search(reason, dropped.reason), dropped.reason
    assert dataset.sources[0].n_rows == 3


@pytest.mark.parametrize("line", ["[1, 2]", "7", '{"ltc": 1.0}'])
def test_a_row_without_an_id_is_reported_by_its_line(tmp_path, line):
    path = write(tmp_path / "a.jsonl.gz", [row(), line])
    (dropped,) = read_dataset_file("a", path).dropped
    assert (dropped.line, dropped.material_id) == (2, None)


def test_the_first_of_two_rows_with_one_id_is_kept(tmp_path):
    path = write(tmp_path / "a.jsonl.gz", [row("mp-1", ltc=1.0), row("mp-1", ltc=2.0)])
    dataset = read_dataset_file("a", path)
    assert dataset.ltc().tolist() == [1.0]
    assert dataset.dropped == (
        DroppedRow("a.jsonl.gz", 2, "mp-1", "the id is that of an earlier row"),
    )


def test_a_file_that_is_missing_is_named_with_the_remedy(tmp_path):
    with pytest.raises(DataError, match=r"dataset1\.jsonl\.gz cannot be read .*--data"):
        read_dataset("dataset1", tmp_path)


@pytest.mark.parametrize(
    "damage",
    [lambda whole: b"plain text", lambda whole: whole[:-12], lambda whole: whole[:30] + whole[31:]],
    ids=["not gzip", "cut short", "a byte lost"],
)
def test_a_file_that_is_not_whole_gzip_is_named(tmp_path, damage):
    path = write(tmp_path / "dataset2.jsonl.gz", [row()])
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=r"dataset2\.jsonl\.gz is not a whole gzip file"):
        read_dataset("dataset2", tmp_path)


@pytest.mark.parametrize("line", ["{'a': 1}", '{"material_id": "mp-2", ', ""])
def test_a_line_that_is_not_json_is_named(tmp_path, line):
    path = write(tmp_path / "a.jsonl.gz", [row(), line])
    with pytest.raises(DataError, match=r"Line 2 of .*a\.jsonl\.gz is not JSON"):
        read_dataset_file("a", path)


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(DataError, match=", ".join(DATASET_NAMES)):
        read_dataset("dataset3", tmp_path)


def test_the_data_directory_is_the_option_then_the_variable_then_the_default(monkeypatch):
    monkeypatch.setenv("PARAISITE_DATA", "/somewhere")
    assert data_directory(Path("here")) == Path("here")
    assert data_directory() == Path("/somewhere")
    monkeypatch.delenv("PARAISITE_DATA")
    assert data_directory() == Path("data")
