"""Whether an ensemble can be believed for a crystal, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evidence import Evidence, Reference, Verdict

N_NEAREST = 3
SAME_CRYSTAL = 0.02  # standard deviations; the nearest two different compounds are 0.044 apart


@dataclass(frozen=True)
class Neighbour:
    """A training crystal near the one asked about; distance in standard deviations."""

    reference: Reference
    distance: float


@dataclass(frozen=True)
class Assessment:
    """The verdict on a crystal, its reasons, the nearest training crystals, and itself if known."""

    verdict: Verdict
    reasons: tuple[str, ...]
    nearest: tuple[Neighbour, ...]
    itself: tuple[Reference, ...]
    distance: float


def assess(
    evidence: Evidence,
    embedding: NDArray[np.float32],
    unknown_elements: Sequence[str],
    fingerprint: str,
) -> Assessment:
    """Return the assessment of a crystal with this embedding [n_members, width].

    `unknown_elements` are those of its elements that no training crystal holds.
    """
    distances = evidence.distances(embedding)
    distance = float(distances.min())
    zone = evidence.calibration.zone(distance)
    return Assessment(
        verdict="outside" if unknown_elements else zone,
        reasons=tuple(_reasons(evidence, distance, zone, unknown_elements)),
        nearest=_nearest(evidence, distances),
        itself=tuple(
            reference
            for reference, away in zip(evidence.references, distances, strict=True)
            if reference.fingerprint == fingerprint or away <= SAME_CRYSTAL
        ),
        distance=distance,
    )


def _nearest(evidence: Evidence, distances: NDArray[np.float64]) -> tuple[Neighbour, ...]:
    order = np.argsort(distances, kind="stable")[:N_NEAREST]
    return tuple(Neighbour(evidence.references[i], float(distances[i])) for i in order)


def _reasons(
    evidence: Evidence, distance: float, zone: Verdict, unknown_elements: Sequence[str]
) -> list[str]:
    reasons = [f"No training crystal holds {symbol}." for symbol in unknown_elements]
    calibration = evidence.calibration
    if zone == "outside":
        reasons.append(
            f"The nearest training crystal is {distance:.2f} away, farther than "
            f"{calibration.outside:.2f}, where errors were largest in testing."
        )
    elif zone == "edge":
        reasons.append(
            f"The nearest training crystal is {distance:.2f} away, farther than the "
            f"{calibration.inside:.2f} of most crystals in testing."
        )
    return reasons
