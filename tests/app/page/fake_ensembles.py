"""Fake ensembles as the page sees them: a sparse one, and one that fills every field."""

from collections.abc import Sequence

from models.crystal.crystal import Crystal
from models.prediction.description import describe_number
from models.prediction.result import (
    Domain,
    Interval,
    Method,
    MinimumConductivity,
    Neighbor,
    PhononEstimate,
    Prediction,
    Reference,
    SecondOpinion,
    SlackEstimate,
)
from models.prediction.second_opinion import MINIMUM, SLACK
from tests.app.conftest import FakeEnsemble
from tests.app.page.fake_manifest import fake_coverage, fake_manifest, fake_table1

WARNS_ABOVE = 20  # W/(m K)
WARNING = "Likely a metal: only the lattice part is predicted."
OPINION = SecondOpinion(
    slack=SlackEstimate(ltc=9.6, debye_temperature=305.0, gruneisen=1.62, source=SLACK),
    minimum=MinimumConductivity(ltc=0.412, bulk_modulus=24.1, shear_modulus=14.7, source=MINIMUM),
)


def reference(material_id: str, dataset: str, ltc: float, out_of_fold: float | None) -> Reference:
    return Reference(
        material_id=material_id,
        formula="NaCl",
        dataset=dataset,
        ltc=ltc,
        out_of_fold=out_of_fold,
    )


METHOD = Method(  # as long as those of the shipped ensembles
    name="phono3py, finite displacements or first-principles anharmonic lattice dynamics",
    details="Three-phonon Boltzmann transport from first-principles force constants, 300 K. "
    "Functional, solution and isotopes are not stated with the data.",
    source="Someone, Another, A. Third, Phys. Rev. B 91, 094306 (2015); First et al., Sci. Rep. "
    "11, 13410 (2021); the second data set of arXiv:2411.18259",
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

    def predict(self, crystals: Sequence[Crystal]) -> list[Prediction]:
        number = describe_number(None, None)
        return [each.model_copy(update={"number": number}) for each in super().predict(crystals)]


class CompleteEnsemble(FakeEnsemble):
    """A fake ensemble that fills every field of an answer and of its page."""

    def __init__(self, name: str = "complete") -> None:
        super().__init__(name)
        self.manifest = fake_manifest(name, fake_coverage(), *fake_table1())
        self.references = REFERENCES

    def predict(self, crystals: Sequence[Crystal]) -> list[Prediction]:
        return [_complete(prediction) for prediction in super().predict(crystals)]


def _complete(prediction: Prediction) -> Prediction:
    mean = prediction.ltc.mean
    interval = Interval(level=0.9, lower=mean / 1.5, upper=mean * 1.5)
    return Prediction(
        ltc=prediction.ltc.model_copy(update={"interval": interval}),
        domain=Domain(
            verdict="edge",
            reasons=("No half-Heusler was trained on.",),
            nearest=tuple(Neighbor(**item.model_dump(), distance=0.12) for item in REFERENCES[1:3]),
            phonon_estimates=(
                PhononEstimate(material_id="mp-7", formula="NaCl", dataset="phonondb", ltc=7.0),
            ),
        ),
        second_opinion=OPINION,
        number=describe_number(METHOD, "edge"),
        warnings=(WARNING,) if mean > WARNS_ABOVE else (),
    )
