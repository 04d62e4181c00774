"""What an ensemble says of a crystal, in the words of the answer."""

from dataclasses import asdict

from app.schemas import (
    TEMPERATURE,
    Document,
    Domain,
    Interval,
    Ltc,
    MinimumConductivity,
    Neighbour,
    SecondOpinion,
    SlackEstimate,
)
from models.prediction import second_opinion
from models.prediction.domain import Assessment
from models.prediction.evidence import Reference
from models.prediction.judgement import Judgement

SLACK = (
    "Slack's formula as in AFLOW's AGL (Slack 1973; Toher et al. 2014), with the Debye temperature "
    "and Grüneisen parameter that the ensemble predicts"
)
MINIMUM = "Cahill, Watson and Pohl (1992), with the elastic moduli that the ensemble predicts"


class Evaluation(Document):
    """What an ensemble says about a crystal: decided by the digest and the fingerprint alone."""

    ltc: Ltc
    domain: Domain | None
    second_opinion: SecondOpinion | None
    warnings: list[str]


def evaluation_of(judgement: Judgement) -> Evaluation:
    """Return what an ensemble says of a crystal, as the answer has it."""
    summary, interval = judgement.ltc, judgement.interval
    ltc = Ltc(
        mean=summary.mean,
        std=summary.std,
        median=summary.median,
        min=summary.min,
        max=summary.max,
        members=list(summary.members),
        interval=interval and Interval(**asdict(interval)),
        temperature=TEMPERATURE,
    )
    return Evaluation(
        ltc=ltc,
        domain=judgement.assessment and _domain(judgement.assessment),
        second_opinion=judgement.second_opinion and _opinion(judgement.second_opinion),
        warnings=list(judgement.cautions),
    )


def _opinion(opinion: second_opinion.SecondOpinion) -> SecondOpinion:
    return SecondOpinion(
        slack=SlackEstimate(
            ltc=opinion.slack,
            debye_temperature=opinion.debye_temperature,
            gruneisen=opinion.gruneisen,
            source=SLACK,
        ),
        minimum=MinimumConductivity(
            ltc=opinion.minimum,
            bulk_modulus=opinion.bulk_modulus,
            shear_modulus=opinion.shear_modulus,
            source=MINIMUM,
        ),
    )


def _domain(assessment: Assessment) -> Domain:
    return Domain(
        verdict=assessment.verdict,
        reasons=list(assessment.reasons),
        nearest=[_neighbour(item.reference, item.distance) for item in assessment.nearest],
        in_training_data=bool(assessment.itself),
    )


def _neighbour(reference: Reference, distance: float) -> Neighbour:
    return Neighbour(
        material_id=reference.material_id,
        formula=reference.formula,
        ltc=reference.ltc,
        out_of_fold=reference.out_of_fold,
        dataset=reference.dataset,
        distance=distance,
    )
