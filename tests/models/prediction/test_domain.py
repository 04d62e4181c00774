"""Verdict, reasons and nearest crystals, from evidence made by hand."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.errors import DamagedEnsemble
from models.prediction.domain import Query, assess
from models.prediction.evidence import (
    EMBEDDINGS,
    EVIDENCE,
    Calibration,
    Evidence,
    EvidenceRecord,
    TrainingCrystal,
    load_evidence,
)

CALIBRATION = Calibration(
    level=0.9,
    base=0.1,
    per_distance=0.2,
    per_disagreement=1.0,
    quantile=2.0,
    inside=0.2,
    outside=0.4,
    usual_distance=0.5,
    usual_disagreement=0.05,
)
PLACES = (0.0, 1.0, 3.0, 10.0)
N_MEMBERS, WIDTH = 2, 4


def reference(number: int) -> TrainingCrystal:
    return TrainingCrystal(
        material_id=f"mp-{number}",
        formula="NaCl",
        dataset="dataset1",
        fingerprint=f"print-{number}",
        ltc=1.0 + number,
        out_of_fold=None,
    )


def at(place: float) -> np.ndarray:
    """Return an embedding [n_members, width] this far from the origin in every direction."""
    return np.full((N_MEMBERS, WIDTH), place, dtype=np.float32)


@pytest.fixture
def evidence() -> Evidence:
    references = tuple(reference(number) for number in range(len(PLACES)))
    embeddings = np.stack([at(place) for place in PLACES])
    return Evidence(CALIBRATION, references, embeddings, np.ones((N_MEMBERS, WIDTH), np.float32))


def query(
    place: float,
    formula: str = "KCl",
    fingerprint: str = "unknown",
    disagreement: float = 0.0,
    unknown_elements: Sequence[str] = (),
) -> Query:
    """Return a crystal at this place: of another formula than the references, unless told."""
    return Query(formula, fingerprint, at(place), disagreement, unknown_elements)


@pytest.mark.parametrize(
    ("place", "verdict"), [(0.0, "inside"), (0.4, "inside"), (1.9, "edge"), (6.0, "outside")]
)
def test_the_verdict_follows_the_distance_to_the_nearest_training_crystal(evidence, place, verdict):
    domain = assess(evidence, query(place)).domain
    assert domain.verdict == verdict
    assert (domain.reasons == ()) == (verdict == "inside")


@pytest.mark.parametrize(
    ("disagreement", "verdict"), [(0.0, "inside"), (0.2, "edge"), (0.4, "outside")]
)
def test_the_verdict_follows_the_disagreement_of_the_processes(evidence, disagreement, verdict):
    domain = assess(evidence, query(0.0, disagreement=disagreement)).domain
    assert domain.verdict == verdict
    assert any("Gaussian processes" in reason for reason in domain.reasons) == (verdict != "inside")


def test_the_reasons_name_what_is_unusual_and_nothing_else(evidence):
    far = assess(evidence, query(1.9)).domain
    doubtful = assess(evidence, query(0.0, disagreement=0.2)).domain
    assert "0.90 away" in far.reasons[0]
    assert "a factor of 1.58, more than the 1.12" in doubtful.reasons[0]
    assert far.reasons[-1] == "The mean error of such crystals in testing is a factor of 1.9."
    assert len(far.reasons) == len(doubtful.reasons) == 2


def test_distances_are_in_standard_deviations(evidence):
    doubled = Evidence(CALIBRATION, evidence.references, evidence.embeddings, evidence.scale * 2)
    assert assess(doubled, query(0.8)).domain.nearest[0].distance == pytest.approx(0.4)


def test_an_element_of_no_training_crystal_is_outside_and_named(evidence):
    domain = assess(evidence, query(0.0, unknown_elements=["Xe"])).domain
    assert domain.verdict == "outside"
    assert "Xe" in domain.reasons[0]


def test_the_three_nearest_come_nearest_first(evidence):
    nearest = assess(evidence, query(0.9)).domain.nearest
    assert [item.material_id for item in nearest] == ["mp-1", "mp-0", "mp-2"]
    assert [item.distance for item in nearest] == pytest.approx([0.1, 0.9, 2.1])


def test_a_training_crystal_is_known_by_its_fingerprint(evidence):
    assert assess(evidence, query(0.5, fingerprint="print-2")).domain.in_training_data
    assert not assess(evidence, query(0.5, fingerprint="print")).domain.in_training_data


def test_a_training_crystal_relaxed_otherwise_is_known_by_formula_and_embedding(evidence):
    assert assess(evidence, query(0.05, formula="NaCl")).domain.in_training_data
    assert not assess(evidence, query(0.05, formula="KCl")).domain.in_training_data
    assert not assess(evidence, query(0.5, formula="NaCl")).domain.in_training_data


def test_the_interval_widens_with_the_expected_error():
    assert CALIBRATION.half_width(CALIBRATION.expected(0.0, 0.0)) == pytest.approx(0.2)
    assert CALIBRATION.half_width(CALIBRATION.expected(1.0, 0.1)) == pytest.approx(0.8)


@pytest.fixture
def folder(evidence, tmp_path):
    record = EvidenceRecord(calibration=CALIBRATION, references=evidence.references)
    (tmp_path / EVIDENCE).write_text(record.model_dump_json())
    arrays = {"embeddings": evidence.embeddings, "scale": evidence.scale}
    save_file(arrays, tmp_path / EMBEDDINGS)
    return tmp_path


def test_evidence_comes_back_from_disk(folder, evidence):
    found = load_evidence(folder, N_MEMBERS)
    assert found is not None
    assert (found.calibration, found.references) == (CALIBRATION, evidence.references)
    np.testing.assert_array_equal(found.embeddings, evidence.embeddings)


def test_evidence_that_is_missing_is_refused(tmp_path):
    with pytest.raises(DamagedEnsemble, match="cannot be read"):
        load_evidence(tmp_path, N_MEMBERS)


@pytest.mark.parametrize("name", ["embeddings", "scale"])
def test_evidence_with_a_number_that_is_none_is_refused(folder, name):
    arrays = load_file(folder / EMBEDDINGS)
    arrays[name] = np.full_like(arrays[name], np.nan)
    save_file(arrays, folder / EMBEDDINGS)
    with pytest.raises(DamagedEnsemble, match="not finite"):
        load_evidence(folder, N_MEMBERS)


def test_evidence_of_another_ensemble_is_refused(folder):
    with pytest.raises(DamagedEnsemble, match="shape"):
        load_evidence(folder, N_MEMBERS + 1)


def test_evidence_with_an_unknown_field_is_refused(folder):
    record = json.loads((folder / EVIDENCE).read_text())
    (folder / EVIDENCE).write_text(json.dumps(record | {"guess": 1}))
    with pytest.raises(DamagedEnsemble, match="guess"):
        load_evidence(folder, N_MEMBERS)
