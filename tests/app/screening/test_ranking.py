"""The ranked list under a screening."""

import pytest

from app.screening.ranking.rank import rank
from tests.app.conftest import Sceptic, run_cli
from tests.app.screening.conftest import write_lines
from tests.crystals import ROCKSALT, supercell


def test_highest_first(paraisite, cifs, tmp_path, capsys):
    paraisite("screen", cifs, "--out", tmp_path / "t.csv", "--highest", "--top", 1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[3:]] == ["deeper/zns.cif"]


class Doubtful(Sceptic):
    """Doubts crystals of caesium only; calls NaCl low and all else high."""

    def _doubted(self, prediction):
        inside = prediction.ltc.mean < 50
        doubted = super()._doubted(prediction)
        domain = doubted.domain.model_copy(update={"verdict": "inside" if inside else "outside"})
        return doubted.model_copy(update={"domain": domain})


@pytest.fixture
def ranking(tmp_path):
    """Six crystals: one twice, one a metal, one outside."""
    pairs = [("Na", "Cl"), ("Li", "F"), ("Mg", "O"), ("Na", "Cl"), ("Ca", "Cu"), ("Cs", "At")]
    crystals = [ROCKSALT.crystal(list(pair), 2.5) for pair in pairs]
    crystals[3] = supercell(crystals[3], [[2, 0, 0], [0, 1, 0], [0, 0, 1]])
    source = write_lines(tmp_path / "crystals.jsonl", crystals)
    table = tmp_path / "t.parquet"
    assert run_cli(Doubtful(), "screen", source, "--out", table, "--below", 10) == 0
    return lambda top, **options: rank(table, top, **options)


def test_one_place_a_crystal_by_probability(ranking):
    found = ranking(10, highest=False)
    assert [each.ids for each in found["candidates"]] == [("mp-1",), ("mp-2",), ("mp-0", "mp-3")]
    probabilities = [each.probability for each in found["candidates"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert [each.brief.material_id for each in found["metals"]] == ["mp-4"]
    assert [each.brief.material_id for each in found["outside"]] == ["mp-5"]


def test_the_few_best_are_those_of_the_whole_ranking(ranking):
    for highest in (False, True):
        whole = ranking(10, highest=highest)["candidates"]
        assert ranking(2, highest=highest)["candidates"] == whole[:2]
    assert ranking(0, highest=False)["candidates"] == []
