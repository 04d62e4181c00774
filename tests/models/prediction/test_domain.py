"""Verdict, reasons and nearest crystals, from evidence made by hand."""

import dataclasses
import itertools
import json
from collections.abc import Sequence

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.crystal.structure_type import OTHER
from models.errors import DamagedEnsemble
from models.prediction.calibration import Calibration
from models.prediction.domain import MOST_KNOWN, Query, assess
from models.prediction.evidence import (
    EMBEDDINGS,
    EVIDENCE,
    Embeddings,
    EstimatedCrystal,
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
    per_local_error=0.5,
    least=0.05,
    quantile=2.0,
    inside=0.2,
    outside=0.4,
)
ROCKSALT, ZINCBLENDE = "rocksalt Na Cl", "zincblende Na Cl"
TYPES = ("rocksalt", "zincblende")
PLACES = (0.0, 1.0, 3.0, 10.0)
N_MEMBERS, WIDTH = 2, 4


def reference(number: int, formula: str = "NaCl", prototype: str = ROCKSALT) -> TrainingCrystal:
    return TrainingCrystal(
        material_id=f"mp-{number}",
        formula=formula,
        dataset="dataset1",
        ltc=1.0 + number,
        out_of_fold=None,
        prototype=prototype,
    )


@pytest.fixture
def evidence() -> Evidence:
    """References at `PLACES` of a line; the one at 3 is NaCl as rocksalt, that at 10 as another."""
    references = (
        reference(0, "KCl"),
        reference(1, "KBr"),
        reference(2),
        reference(3, prototype=ZINCBLENDE),
    )
    return Evidence(CALIBRATION, TYPES, references, None)


def query(  # noqa: PLR0913  (the parts of a query)
    place: float,
    formula: str = "LiF",
    prototype: str = ROCKSALT,
    *,
    disagreement: float = 0.0,
    local_error: float = 0.0,
    phonons_known: float = 0.0,
    unknown_elements: Sequence[str] = (),
    volume: float = 20.0,
) -> Query:
    """Return a crystal at this place of the line: no reference, unless told."""
    distances = np.abs(np.array(PLACES) - place)
    kind = prototype.partition(" ")[0]
    errors = (disagreement, local_error, phonons_known)
    return Query(formula, prototype, kind, volume, distances, *errors, unknown_elements)


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
def test_the_verdict_follows_the_disagreement(evidence, disagreement, verdict):
    domain = assess(evidence, query(0.0, disagreement=disagreement)).domain
    assert domain.verdict == verdict
    assert any("disagreement" in reason for reason in domain.reasons) == (verdict != "inside")


def test_the_reason_names_the_expected_error_and_what_adds_most_to_it(evidence):
    far = assess(evidence, query(1.9, disagreement=0.01)).domain
    doubtful = assess(evidence, query(0.1, disagreement=0.2)).domain
    near_odd = assess(evidence, query(0.1, local_error=0.4)).domain
    for domain, error, cause in (
        (far, "1.95", "the distance to the nearest training crystal (0.90)"),
        (doubtful, "2.09", "the disagreement of models trained alike (a factor of 1.58)"),
        (near_odd, "2.09", "the error of training crystals close by (a factor of 2.51)"),
    ):
        assert domain.reasons == (
            f"The expected error is a factor of {error}; {cause} contributes most to it.",
        )


def test_reasons_never_contradict_the_verdict(evidence):
    grid = itertools.product((0, 0.5, 1.9, 6), (0, 0.05, 0.15, 0.5), ((), ("Xe",)))
    seen = set()
    for place, disagreement, unknown in grid:
        found = assess(evidence, query(place, disagreement=disagreement, unknown_elements=unknown))
        domain = found.domain
        seen.add(domain.verdict)
        assert domain.expected_error == found.expected_error
        zone = CALIBRATION.zone(found.expected_error)
        assert domain.verdict == ("outside" if unknown else zone)
        errors = [reason for reason in domain.reasons if "expected error" in reason]
        assert len(errors) == (zone != "inside")
        assert len(domain.reasons) == len(errors) + len(unknown)
        assert (domain.verdict == "inside") == (not domain.reasons)
    assert seen == {"inside", "edge", "outside"}


def test_an_element_of_no_training_crystal_is_outside_and_named(evidence):
    domain = assess(evidence, query(0.0, unknown_elements=["Xe"])).domain
    assert domain.verdict == "outside"
    assert domain.reasons == ("No training crystal holds Xe.",)


def test_a_structure_type_of_no_training_crystal_is_outside_and_the_known_ones_are_named(evidence):
    domain = assess(evidence, query(0.0, prototype="half_heusler Ti Ni Sn")).domain
    assert domain.verdict == "outside"
    assert domain.reasons == (
        "No training crystal is of this structure type; they are rocksalt, zincblende.",
    )


def test_the_three_nearest_come_nearest_first(evidence):
    nearest = assess(evidence, query(0.9)).domain.nearest
    assert [item.material_id for item in nearest] == ["mp-1", "mp-0", "mp-2"]
    assert [item.distance for item in nearest] == pytest.approx([0.1, 0.9, 2.1])


def test_the_same_compound_in_the_same_type_is_known_and_listed_first(evidence):
    near = dataclasses.replace(query(0.9, formula="NaCl"), distances=np.array([0.9, 0.1, 0.5, 9.0]))
    domain = assess(evidence, near).domain
    assert domain.in_training_data
    assert [item.material_id for item in domain.nearest] == ["mp-2", "mp-1", "mp-0"]
    assert [item.material_id for item in domain.same_crystal] == ["mp-2"]
    assert domain.verdict == "inside"


def test_what_is_far_from_its_namesake_is_another_crystal(evidence):
    """Of types without a name the counts of sites may agree."""
    nameless = f"{OTHER} 4/2 Na1,Cl1"
    references = (*evidence.references[:2], reference(2, prototype=nameless), reference(3))
    known = dataclasses.replace(
        evidence, references=references, structure_types=(*TYPES, OTHER), embeddings=None
    )
    near, far = (assess(known, query(place, "NaCl", nameless)).domain for place in (2.9, 2.8))
    assert near.in_training_data
    assert far.nearest[0].material_id == "mp-2"
    assert not far.in_training_data
    assert far.same_crystal == ()


def test_what_is_far_from_itself_in_a_type_with_a_name_is_still_known(evidence):
    domain = assess(evidence, query(2.0, formula="NaCl")).domain
    assert [item.material_id for item in domain.same_crystal] == ["mp-2"]


@pytest.mark.parametrize(
    ("volume", "verdict", "strain"),
    [
        (20.0, "inside", None),
        (21.5, "inside", None),
        (22.0, "edge", "10% more"),
        (17.0, "edge", "15% less"),
    ],
)
def test_a_strained_crystal_is_not_inside(volume, verdict, strain):
    """The nearest volume counts: one crystal may have several references."""
    volumes = (20.0, 12.0, None)
    references = tuple(
        reference(number).model_copy(update={"volume": each}) for number, each in enumerate(volumes)
    )
    known = Evidence(CALIBRATION, TYPES, references, None)
    given = Query("NaCl", ROCKSALT, "rocksalt", volume, np.zeros(3), 0.0, 0.0, 0.0, ())
    domain = assess(known, given).domain
    assert domain.verdict == verdict
    assert len(domain.reasons) == (strain is not None)
    assert all(f"{strain} volume" in reason and "(mp-0)" in reason for reason in domain.reasons)
    other = dataclasses.replace(given, formula="NaBr")
    assert assess(known, other).domain.reasons == ()
    outside = dataclasses.replace(given, unknown_elements=("U",))
    assert assess(known, outside).domain.verdict == "outside"


@pytest.mark.parametrize(
    ("volume", "distance", "is_known", "verdict"),
    [(18.0, 0.2, True, "edge"), (17.9, 0.5, False, "edge"), (19.9, 0.5, False, "inside")],
)
def test_distorted_too_far_to_be_known_is_no_better(volume, distance, is_known, verdict):
    nameless = f"{OTHER} 4/2 Na1,Cl1"
    references = (reference(0, prototype=nameless).model_copy(update={"volume": 20.0}),)
    known = Evidence(CALIBRATION, (OTHER,), references, None)
    given = Query("NaCl", nameless, OTHER, volume, np.array([distance]), 0.0, 0.0, 0.0, ())
    domain = assess(known, given).domain
    assert (domain.in_training_data, domain.verdict) == (is_known, verdict)


def test_another_polymorph_or_compound_is_not_known(evidence):
    polymorph = assess(evidence, query(3.0, "NaCl", "rocksalt Cl Na")).domain
    compound = assess(evidence, query(3.0, "NaBr")).domain
    for domain in (polymorph, compound):
        assert not domain.in_training_data
        assert domain.same_crystal == ()
        assert domain.nearest[0].material_id == "mp-2"  # still the nearest


def test_formulas_that_identify_a_crystal_are_shown_in_the_usual_order():
    known = Evidence(CALIBRATION, TYPES, (reference(1, "TePb"),), None)
    given = Query("TePb", ROCKSALT, "rocksalt", 20.0, np.zeros(1), 0.0, 0.0, 0.0, ())
    domain = assess(known, given).domain
    assert known.references[0].formula == "TePb"
    assert domain.in_training_data
    assert domain.nearest[0].formula == domain.same_crystal[0].formula == "PbTe"


def test_estimates_from_phonons_are_of_the_same_compound_in_the_same_type(evidence):
    estimates = tuple(
        EstimatedCrystal(
            material_id=material_id,
            formula=formula,
            dataset="phonondb",
            ltc=7.0,
            prototype=ROCKSALT,
        )
        for material_id, formula in (("mp-8", "NaBr"), ("mp-9", "NaI"))
    )
    known = dataclasses.replace(evidence, estimates=estimates)
    domain = assess(known, query(0.9, formula="NaBr", phonons_known=0.4)).domain
    assert [each.material_id for each in domain.phonon_estimates] == ["mp-8"]
    assert domain.phonon_estimates[0].ltc == 7.0
    assert not domain.in_training_data
    plain = assess(evidence, query(0.9, formula="NaBr")).domain
    assert plain == domain.model_copy(update={"phonon_estimates": ()})
    other = query(0.9, formula="NaBr", prototype=ZINCBLENDE, phonons_known=0.4)
    unlike = query(0.9, formula="NaBr", phonons_known=0.0)
    for crystal in (other, unlike):
        assert assess(known, crystal).domain.phonon_estimates == ()


def test_known_phonons_lower_the_expected_error(evidence):
    relieved = CALIBRATION.model_copy(update={"with_phonons": 0.5})
    known = dataclasses.replace(evidence, calibration=relieved)
    plain, relief = (assess(known, query(0.9, phonons_known=each)) for each in (0.0, 1.0))
    assert relief.expected_error == pytest.approx(0.5 * plain.expected_error)
    assert relief.domain.expected_error == relief.expected_error


def test_many_references_of_one_crystal_are_cut_off():
    references = tuple(reference(number) for number in range(MOST_KNOWN + 5))
    distances = np.linspace(0.5, 0.1, len(references))
    domain = assess(
        Evidence(CALIBRATION, TYPES, references, None),
        Query("NaCl", ROCKSALT, "rocksalt", 20.0, distances, 0.0, 0.0, 0.0, ()),
    ).domain
    assert len(domain.same_crystal) == MOST_KNOWN
    assert [item.material_id for item in domain.nearest] == ["mp-14", "mp-13", "mp-12"]


# --- On disk -----------------------------------------------------------------------------------


@pytest.fixture
def embeddings() -> Embeddings:
    values = np.random.default_rng(1).normal(size=(4, N_MEMBERS, WIDTH)).astype(np.float32)
    return Embeddings(values, np.full((N_MEMBERS, WIDTH), 2.0, np.float32))


@pytest.fixture
def folder(evidence, embeddings, tmp_path):
    record = EvidenceRecord(
        calibration=CALIBRATION, structure_types=TYPES, references=evidence.references
    )
    (tmp_path / EVIDENCE).write_text(record.model_dump_json())
    save_file({"embeddings": embeddings.values, "scale": embeddings.scale}, tmp_path / EMBEDDINGS)
    return tmp_path


def test_embeddings_are_apart_by_standard_deviations_as_the_mean_over_members(embeddings):
    place = np.zeros((N_MEMBERS, WIDTH), np.float32)
    expected = np.sqrt((embeddings.values**2).mean(axis=2)).mean(axis=1)
    assert embeddings.distances(place) == pytest.approx(expected)
    itself = embeddings.values[2] * embeddings.scale
    assert embeddings.distances(itself)[2] == pytest.approx(0, abs=1e-6)


def test_evidence_comes_back_from_disk(folder, evidence, embeddings):
    found = load_evidence(folder, N_MEMBERS, embedded=True)
    assert (found.calibration, found.structure_types) == (CALIBRATION, TYPES)
    assert found.references == evidence.references
    assert found.embeddings is not None
    np.testing.assert_array_equal(found.embeddings.values, embeddings.values)


def test_evidence_of_a_process_has_no_embeddings(folder):
    (folder / EMBEDDINGS).unlink()
    assert load_evidence(folder, N_MEMBERS, embedded=False).embeddings is None


def test_evidence_that_is_missing_is_refused(tmp_path):
    with pytest.raises(DamagedEnsemble, match="cannot be read"):
        load_evidence(tmp_path, N_MEMBERS, embedded=True)


@pytest.mark.parametrize("name", ["embeddings", "scale"])
def test_embeddings_with_a_hole_are_refused(folder, name):
    arrays = load_file(folder / EMBEDDINGS)
    arrays[name] = np.full_like(arrays[name], np.nan)
    save_file(arrays, folder / EMBEDDINGS)
    with pytest.raises(DamagedEnsemble, match="not finite"):
        load_evidence(folder, N_MEMBERS, embedded=True)


def test_embeddings_of_another_ensemble_are_refused(folder):
    with pytest.raises(DamagedEnsemble, match="shape"):
        load_evidence(folder, N_MEMBERS + 1, embedded=True)


def test_evidence_with_an_unknown_field_is_refused(folder):
    record = json.loads((folder / EVIDENCE).read_text())
    (folder / EVIDENCE).write_text(json.dumps(record | {"guess": 1}))
    with pytest.raises(DamagedEnsemble, match="guess"):
        load_evidence(folder, N_MEMBERS, embedded=True)
