import gzip

import pytest
from pymatgen.core import Lattice, Structure

from models.errors import DataError
from training.data.rows import Row
from training.fetch.row_file import Dropped, FetchReport, Origin, RowFile

ORIGIN = Origin(url="https://example.org", licence="CC BY 4.0", cite="A table")
SODIUM = Structure(Lattice.cubic(4.2), ["Na"], [[0, 0, 0]])


def row(number):
    return Row.of(f"mp-{number}", SODIUM, ltc=float(number))


def test_rows_appear_at_the_end_and_all_at_once(tmp_path):
    path = tmp_path / "new" / "a.jsonl.gz"
    file = RowFile(path, "here", ORIGIN)
    file.add([row(1), row(2)], position=1, total=4)
    assert not path.exists()
    file.add([row(3), Dropped(material_id="mp-4", reason="bad")], position=2, total=4)
    report = file.finish()
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert [Row.model_validate_json(line) for line in lines] == [row(1), row(2), row(3)]
    assert report.dropped == (Dropped(material_id="mp-4", reason="bad"),)
    written = (path.parent / "a.jsonl.gz.report.json").read_text()
    assert FetchReport.model_validate_json(written) == report


def test_the_next_run_knows_what_is_done(tmp_path):
    bad = Dropped(material_id="mp-9", reason="bad")
    RowFile(tmp_path / "a", "here", ORIGIN).add([row(1), bad], position=5, total=7)
    file = RowFile(tmp_path / "a", "here", ORIGIN)
    assert (file.position, file.total, file.n_seen) == (5, 7, 2)
    file.add([row(1)], position=6, total=7)
    assert [d.material_id for d in file.finish().dropped] == ["mp-9", "mp-1"]


def test_rows_written_after_the_last_cursor_are_cut_off(tmp_path):
    RowFile(tmp_path / "a", "here", ORIGIN).add([row(1)], position=1)
    with (tmp_path / "a.part").open("a") as part:
        part.write(row(2).to_line() + '\n{"half')
    file = RowFile(tmp_path / "a", "here", ORIGIN)
    file.add([row(2)], position=2)
    assert file.finish().n_rows == 2


def test_a_damaged_cursor_is_named(tmp_path):
    (tmp_path / "a.cursor.json").write_text("{")
    with pytest.raises(DataError, match=r"a\.cursor\.json is damaged"):
        RowFile(tmp_path / "a", "here", ORIGIN)


def test_rows_that_have_gone_are_noticed(tmp_path):
    RowFile(tmp_path / "a", "here", ORIGIN).add([row(1)], position=1)
    (tmp_path / "a.part").write_bytes(b"")
    with pytest.raises(DataError, match=r"a\.part is shorter"):
        RowFile(tmp_path / "a", "here", ORIGIN)
