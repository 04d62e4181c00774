"""One crystal that cannot be predicted, and the others of its batch."""

import json

import pytest

from models.errors import DamagedEnsemble
from tests.app.conftest import FakeEnsemble, run_cli
from tests.app.screening.conftest import entry, rows_of


class Choosy(FakeEnsemble):
    """Has no finite answer for crystals of zinc, nor memory for a batch."""

    def predict(self, crystals):
        if len(crystals) > 1:
            raise MemoryError("too large")
        if 30 in crystals[0].numbers:
            raise DamagedEnsemble("An answer is not finite.")
        return super().predict(crystals)


def test_a_crystal_without_a_finite_answer_spoils_no_other(cifs, tmp_path, capsys):
    table = tmp_path / "ltc.jsonl"
    assert run_cli(Choosy(), "screen", cifs, "--out", table) == 0
    errors = {row["material_id"]: row["error"] for row in rows_of(table)}
    assert errors["deeper/zns.cif"] == "damaged-ensemble: An answer is not finite."
    assert errors["nacl.cif"] is None
    files = [cifs / "deeper/zns.cif", cifs / "nacl.cif"]
    assert run_cli(Choosy(), "predict", *files) == 1
    assert "14.400" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("error", [MemoryError("full"), RuntimeError("full")])
def test_a_file_that_cannot_be_parsed_spoils_no_other(paraisite, cifs, monkeypatch, capsys, error):
    def fail_once(text, limits, name):
        monkeypatch.undo()
        raise error

    monkeypatch.setattr("app.screening.entry.read_structure", fail_once)
    assert paraisite("predict", "a\0b", cifs / "nacl.cif", cifs / "deeper/zns.cif", "--json") == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0]["error"].startswith("ValueError: embedded null byte")
    assert rows[1]["error"] == f"{type(error).__name__}: full"
    assert rows[2]["error"] is None


def test_screen_works_in_batches(paraisite, ensemble, tmp_path, rocksalt):
    source = tmp_path / "crystals.jsonl"
    source.write_text("".join(json.dumps(entry(f"{i}", rocksalt)) + "\n" for i in range(150)))
    paraisite("screen", source, "--out", tmp_path / "ltc.csv")
    assert ensemble.calls == [64, 64, 22]
