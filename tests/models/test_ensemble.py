"""An ensemble in memory: its answers, and what they depend on."""

import hashlib
import json
import shutil
from itertools import chain

import numpy as np
import pytest
from pymatgen.core import Structure

import models.prediction.members
from models.crystal.crystal import Crystal
from models.ensemble import Ensemble
from models.errors import DamagedEnsemble
from models.manifest import MANIFEST
from models.network.inputs import InputSettings, network_input
from models.prediction.evidence import EVIDENCE
from tests.crystals import HALF_HEUSLER, ROCKSALT, equivalent_cells, generated_crystals
from tests.models.made_ensemble import GOLDEN, N_MEMBERS, change_manifest, renew_checksum

SAME_ANSWER = 1e-4  # relative


def ltc(ensemble: Ensemble, structures: list[Structure]) -> np.ndarray:
    return ensemble.ltc([Crystal.of(structure) for structure in structures])


@pytest.fixture(params=["ensemble", "head_ensemble"])
def either(request) -> Ensemble:
    """The ensemble of networks alone, and that with heads."""
    found: Ensemble = request.getfixturevalue(request.param)
    return found


def test_list_in_list_out(either):
    found = ltc(either, generated_crystals(7, seed=5))
    assert found.shape == (7, N_MEMBERS)
    assert found.dtype == np.float64
    assert (found > 0).all()
    assert len(np.unique(found.round(6))) > N_MEMBERS


def test_no_crystals_give_no_answers(either):
    assert either.ltc([]).shape == (0, N_MEMBERS)
    assert either.predict([]) == []


@pytest.mark.parametrize("crystal", generated_crystals(4, seed=6))
def test_every_cell_of_a_crystal_gives_one_answer(ensemble, crystal):
    cells = equivalent_cells(crystal)
    expected = ltc(ensemble, [crystal])[0]
    for name, found in zip(cells, ltc(ensemble, list(cells.values())), strict=True):
        assert found == pytest.approx(expected, rel=SAME_ANSWER), name


@pytest.mark.parametrize("max_bonds", [1, 200, 10_000])
def test_a_crystals_answer_does_not_depend_on_its_batch(either, monkeypatch, max_bonds):
    crystals = [Crystal.of(each) for each in (GOLDEN, *generated_crystals(9, seed=7))]
    alone = [either.predict([crystal])[0] for crystal in crystals]
    monkeypatch.setattr(models.prediction.members, "MAX_BONDS", max_bonds)
    for found in (either.predict(crystals), either.predict(crystals[::-1])[::-1]):
        for expected, prediction in zip(alone, found, strict=True):
            assert prediction.ltc.members == pytest.approx(expected.ltc.members, rel=SAME_ANSWER)
            if expected.domain is None:
                continue
            assert prediction.domain is not None
            assert [n.material_id for n in prediction.domain.nearest] == [
                n.material_id for n in expected.domain.nearest
            ]
            assert prediction.domain.expected_error == pytest.approx(
                expected.domain.expected_error, rel=0.01
            )


def test_a_forward_pass_takes_a_limited_number_of_crystals(monkeypatch):
    entries = [
        (network_input(Crystal.of(crystal), InputSettings()), "ltc")
        for crystal in generated_crystals(5, seed=7)
    ]
    monkeypatch.setattr(models.prediction.members, "MAX_CRYSTALS", 2)
    groups = list(models.prediction.members._groups(entries))
    assert [len(group) for group in groups] == [2, 2, 1]
    assert all(a[0] is b[0] for a, b in zip(chain(*groups), entries, strict=True))


def test_answers_follow_each_members_own_transform(intact, ensemble, tmp_path):
    changed = shutil.copytree(intact, tmp_path / intact.name)
    change_manifest(
        changed, lambda m: m["members"][1].update(transforms=[{"mean": 3.0, "std": 0.1}])
    )
    before, after = (ltc(e, [GOLDEN])[0] for e in (ensemble, Ensemble.load(changed)))
    assert after[[0, 2]] == pytest.approx(before[[0, 2]])
    target = (np.log10(before[1] + 1) - 1.14) / 0.6
    assert after[1] == pytest.approx(10 ** (target * 0.1 + 3) - 1, rel=1e-5)


def test_the_policy_of_the_manifest_decides(head_ensemble, head_copy):
    rocksalt, heusler = GOLDEN, HALF_HEUSLER.crystal(["Ti", "Ni", "Sn"], 2.6)
    share = {"ltc": 0.25, "ltc_phono3py": 0.9, "ltc_half_heusler": 1.0}
    change_manifest(head_copy, lambda m: m["answers"].update(process_share=share))
    before, after = (ltc(e, [rocksalt, heusler]) for e in (head_ensemble, Ensemble.load(head_copy)))
    assert np.abs(np.log(after[0] / before[0])).min() > 0.005
    assert after[1] == pytest.approx(before[1])


def test_the_digest_is_that_of_the_manifest(ensemble, intact):
    content = (intact / MANIFEST).read_bytes()
    assert ensemble.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert ensemble.name == intact.name


def test_the_golden_check_passes(either):
    either.check_golden()


def test_a_golden_answer_that_differs_is_refused(copy):
    change_manifest(
        copy, lambda m: m["golden"]["members"].__setitem__(1, 1.01 * m["golden"]["members"][1])
    )
    with pytest.raises(DamagedEnsemble, match=r"mix-stage3 predicts [\s\S]* golden crystal"):
        Ensemble.load(copy).check_golden()


def test_evidence_that_the_manifest_does_not_list_is_not_taken(copy):
    (copy / EVIDENCE).write_text("not even JSON")
    assert Ensemble.load(copy).references == ()


# --- Domain and interval ---------------------------------------------------------------------


def test_a_known_crystal_is_the_nearest(head_ensemble):
    (prediction,) = head_ensemble.predict([Crystal.of(GOLDEN)])
    assert prediction.domain is not None
    assert prediction.domain.in_training_data
    assert prediction.domain.nearest[0].material_id == "mp-0"
    nearest, second, *_ = prediction.domain.nearest
    assert nearest.distance < 0.6 * second.distance  # embeddings of the references are made up
    assert prediction.domain.nearest[1].distance > 0.1


def test_a_known_compound_at_another_lattice_constant_is_known_and_listed_first(head_ensemble):
    stretched = ROCKSALT.crystal(["Na", "Cl"], 2.845 * 1.1)
    (prediction,) = head_ensemble.predict([Crystal.of(stretched)])
    assert prediction.domain is not None
    assert prediction.domain.in_training_data
    assert [each.material_id for each in prediction.domain.same_crystal] == ["mp-0"]
    assert prediction.domain.nearest[0].material_id == "mp-0"


def test_a_structure_type_of_no_training_crystal_is_outside(head_ensemble, head_copy):
    path = head_copy / EVIDENCE
    record = json.loads(path.read_text())
    record["structure_types"].remove("rocksalt")
    path.write_text(json.dumps(record))
    renew_checksum(head_copy, EVIDENCE)
    for found, verdict in ((head_ensemble, "inside"), (Ensemble.load(head_copy), "outside")):
        (prediction,) = found.predict([Crystal.of(GOLDEN)])
        assert prediction.domain is not None
        any_type = any("structure type" in reason for reason in prediction.domain.reasons)
        assert any_type == (verdict == "outside")


def test_another_polymorph_is_not_known(head_ensemble, zincblende):
    polymorph = zincblende.copy()
    polymorph.replace_species({"Zn": "Na", "S": "Cl"})
    (prediction,) = head_ensemble.predict([Crystal.of(polymorph)])
    assert prediction.domain is not None
    assert not prediction.domain.in_training_data
    assert prediction.domain.same_crystal == ()


def test_an_element_of_no_training_crystal_is_outside(head_ensemble):
    known = head_ensemble.manifest.elements
    missing = next(symbol for symbol in ("Na", "K", "Rb", "Cs", "Li") if symbol not in known)
    (prediction,) = head_ensemble.predict([Crystal.of(ROCKSALT.crystal([missing, "Cl"], 2.8))])
    assert prediction.domain is not None
    assert prediction.domain.verdict == "outside"
    assert prediction.domain.reasons[0] == f"No training crystal holds {missing}."


def test_the_interval_is_about_the_mean_as_wide_as_the_calibration_says(head_ensemble):
    (prediction,) = head_ensemble.predict([Crystal.of(GOLDEN)])
    interval = prediction.ltc.interval
    assert prediction.domain is not None
    assert interval is not None
    half_width = 2.0 * prediction.domain.expected_error
    assert np.log10(interval.upper / prediction.ltc.mean) == pytest.approx(half_width)
    assert np.log10(prediction.ltc.mean / interval.lower) == pytest.approx(half_width)


def test_an_ensemble_without_evidence_gives_no_interval(ensemble):
    (prediction,) = ensemble.predict([Crystal.of(GOLDEN)])
    assert prediction.domain is None
    assert prediction.ltc.interval is None


def test_a_member_without_a_finite_answer_is_refused(copy):
    change_manifest(
        copy, lambda m: m["members"][0].update(transforms=[{"mean": 1e9, "std": 0.1, "offset": 1}])
    )
    broken = Ensemble.load(copy)
    with np.errstate(over="ignore"), pytest.raises(DamagedEnsemble, match="finite number"):
        broken.predict([Crystal.of(GOLDEN)])


def test_a_manifest_read_and_written_again_is_the_same(intact_heads, head_ensemble):
    written = json.loads(head_ensemble.manifest.model_dump_json())
    kept = json.loads((intact_heads / MANIFEST).read_text())
    assert written == kept
