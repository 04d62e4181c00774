"""Applicability-domain assessment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.prediction.evidence import Calibration, Evidence
from models.prediction.result import Domain, Neighbor, Verdict

N_NEAREST = 3
SAME_CRYSTAL = 0.1  # standard deviations; one compound relaxed by two methods is 0.04 apart


@dataclass(frozen=True)
class Query:
    """A crystal to be assessed: identity, embedding [n_members, width], unknown elements.

    `disagreement`: standard deviation of log10(LTC) over a member's Gaussian processes, mean over
    the members.
    """

    formula: str
    fingerprint: str
    embedding: NDArray[np.float32]
    disagreement: float
    unknown_elements: Sequence[str]


@dataclass(frozen=True)
class Assessment:
    """The domain of a crystal, and the expected absolute error of its log10(LTC)."""

    domain: Domain
    expected_error: float


def assess(evidence: Evidence, query: Query) -> Assessment:
    """Return the assessment of a crystal by the evidence of an ensemble."""
    distances = evidence.distances(query.embedding)
    distance = float(distances.min())
    expected = evidence.calibration.expected(distance, query.disagreement)
    zone = evidence.calibration.zone(expected)
    domain = Domain(
        verdict="outside" if query.unknown_elements else zone,
        reasons=(*_unknown(query), *_reasons(evidence.calibration, zone, distance, query)),
        nearest=_nearest(evidence, distances),
        in_training_data=_is_known(evidence, query, distances),
    )
    return Assessment(domain, expected)


def _nearest(evidence: Evidence, distances: NDArray[np.float64]) -> tuple[Neighbor, ...]:
    order = np.argsort(distances, kind="stable")[:N_NEAREST]
    return tuple(
        Neighbor(
            **evidence.references[row].model_dump(exclude={"fingerprint"}),
            distance=float(distances[row]),
        )
        for row in order
    )


def _is_known(evidence: Evidence, query: Query, distances: NDArray[np.float64]) -> bool:
    near = np.flatnonzero(distances <= SAME_CRYSTAL).tolist()
    alike = any(evidence.references[row].formula == query.formula for row in near)
    return alike or query.fingerprint in evidence.rows


def _unknown(query: Query) -> Iterator[str]:
    return (f"No training crystal holds {symbol}." for symbol in query.unknown_elements)


def _reasons(
    calibration: Calibration, zone: Verdict, distance: float, query: Query
) -> Iterator[str]:
    if zone == "inside":
        return
    if distance > calibration.usual_distance:
        yield (
            f"The nearest training crystal is {distance:.2f} away, farther than the "
            f"{calibration.usual_distance:.2f} of most crystals in testing."
        )
    if query.disagreement > calibration.usual_disagreement:
        yield (
            "Gaussian processes on different descriptors differ by a factor of "
            f"{10**query.disagreement:.2f}, more than the {10**calibration.usual_disagreement:.2f} "
            "of most crystals in testing."
        )
    expected = calibration.expected(distance, query.disagreement)
    yield f"The mean error of such crystals in testing is a factor of {10**expected:.1f}."
