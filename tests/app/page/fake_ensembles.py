"""Fake ensembles as the page sees them: one that gives little, one that gives all there is."""

from collections.abc import Sequence
from dataclasses import replace

from models.crystal.graph import CrystalGraph
from models.prediction.domain import Assessment, Neighbour
from models.prediction.evidence import Reference
from models.prediction.judgement import Judgement
from models.prediction.second_opinion import SecondOpinion
from models.prediction.statistics import Interval
from tests.app.conftest import FakeEnsemble
from tests.app.page.fake_manifest import fake_coverage, fake_manifest, fake_table1

WARNS_ABOVE = 20  # W/(m K)
WARNING = "Likely a metal: only the lattice part is predicted."
OPINION = SecondOpinion(
    slack=9.6,
    minimum=0.412,
    debye_temperature=305.0,
    gruneisen=1.62,
    bulk_modulus=24.1,
    shear_modulus=14.7,
)


def reference(material_id: str, dataset: str, ltc: float, out_of_fold: float | None) -> Reference:
    return Reference(
        material_id=material_id,
        formula="NaCl",
        dataset=dataset,
        fingerprint=material_id,
        ltc=ltc,
        out_of_fold=out_of_fold,
    )


REFERENCES = (
    reference("mp-1", "phonix", 1.0, 1.5),
    reference("mp-2", "phonix", 20.0, 8.0),
    reference("mp-3", "phonix", 50.0, 60.0),
    reference("mp-4", "dataset1", 300.0, 200.0),
    reference("mp-5", "dataset1", 2.0, None),
)


class DescribedEnsemble(FakeEnsemble):
    """A fake ensemble with a manifest of the real form."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.manifest = fake_manifest(name)


class CompleteEnsemble(FakeEnsemble):
    """A fake ensemble that fills every field of an answer and of its page."""

    def __init__(self, name: str = "complete") -> None:
        super().__init__(name)
        self.manifest = fake_manifest(name, fake_coverage(), *fake_table1())
        self.references = REFERENCES

    def judge(self, graphs: Sequence[CrystalGraph], fingerprints: Sequence[str]) -> list[Judgement]:
        return [_complete(judgement) for judgement in super().judge(graphs, fingerprints)]


def _complete(judgement: Judgement) -> Judgement:
    mean = judgement.ltc.mean
    return replace(
        judgement,
        interval=Interval(0.9, mean / 1.5, mean * 1.5),
        assessment=Assessment(
            verdict="edge",
            reasons=("No half-Heusler was trained on.",),
            expected_error=0.15,
            nearest=tuple(Neighbour(item, 0.12) for item in REFERENCES[1:3]),
            itself=(),
        ),
        second_opinion=OPINION,
        cautions=(WARNING,) if mean > WARNS_ABOVE else (),
    )
