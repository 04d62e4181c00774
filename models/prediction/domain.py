"""Whether an ensemble can be believed for a crystal, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.prediction.evidence import Calibration, Evidence, Reference, Verdict

N_NEAREST = 3
SAME_CRYSTAL = (
    0.1  # standard deviations, for one formula; relaxed by two methods they are 0.04 apart
)


@dataclass(frozen=True)
class Neighbour:
    """A training crystal near the one asked about; distance in standard deviations."""

    reference: Reference
    distance: float


@dataclass(frozen=True)
class Assessment:
    """The verdict on a crystal, its reasons, the nearest training crystals, and itself if known.

    `expected_error` of log10(LTC), from the distance to the nearest training crystal and from how
    far the Gaussian processes disagree.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    nearest: tuple[Neighbour, ...]
    itself: tuple[Reference, ...]
    expected_error: float


@dataclass(frozen=True)
class Asked:
    """The crystal asked about: identity, embedding [n_members, width], and what is new of it.

    `disagreement`: standard deviation of log10(LTC) over a member's Gaussian processes, mean over
    the members.
    """

    formula: str
    fingerprint: str
    embedding: NDArray[np.float32]
    disagreement: float
    unknown_elements: Sequence[str]


def assess(evidence: Evidence, asked: Asked) -> Assessment:
    """Return the assessment of a crystal by the evidence of an ensemble."""
    distances = evidence.distances(asked.embedding)
    distance = float(distances.min())
    expected = evidence.calibration.expected(distance, asked.disagreement)
    zone = evidence.calibration.zone(expected)
    return Assessment(
        verdict="outside" if asked.unknown_elements else zone,
        reasons=(*_unknown(asked), *_reasons(evidence.calibration, zone, distance, asked)),
        nearest=_nearest(evidence, distances),
        itself=tuple(_itself(evidence, asked, distances)),
        expected_error=expected,
    )


def _nearest(evidence: Evidence, distances: NDArray[np.float64]) -> tuple[Neighbour, ...]:
    order = np.argsort(distances, kind="stable")[:N_NEAREST]
    return tuple(Neighbour(evidence.references[i], float(distances[i])) for i in order)


def _itself(
    evidence: Evidence, asked: Asked, distances: NDArray[np.float64]
) -> Iterator[Reference]:
    near = np.flatnonzero(distances <= SAME_CRYSTAL).tolist()
    alike = {row for row in near if evidence.references[row].formula == asked.formula}
    for row in sorted(alike.union(evidence.rows.get(asked.fingerprint, ()))):
        yield evidence.references[row]


def _unknown(asked: Asked) -> Iterator[str]:
    return (f"No training crystal holds {symbol}." for symbol in asked.unknown_elements)


def _reasons(
    calibration: Calibration, zone: Verdict, distance: float, asked: Asked
) -> Iterator[str]:
    if zone == "inside":
        return
    if distance > calibration.usual_distance:
        yield (
            f"The nearest training crystal is {distance:.2f} away, farther than the "
            f"{calibration.usual_distance:.2f} of most crystals in testing."
        )
    if asked.disagreement > calibration.usual_disagreement:
        yield (
            "Models that see different properties of the crystal differ by a factor of "
            f"{10**asked.disagreement:.2f}, more than the {10**calibration.usual_disagreement:.2f} "
            "of most crystals in testing."
        )
    expected = calibration.expected(distance, asked.disagreement)
    yield f"Such crystals were wrong by a factor of {10**expected:.1f} in the mean in testing."
