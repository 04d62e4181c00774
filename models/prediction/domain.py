"""Applicability-domain assessment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from models.crystal.structure_type import OTHER
from models.prediction.calibration import Calibration, ErrorPredictors
from models.prediction.evidence import EstimatedCrystal, Evidence
from models.prediction.result import Domain, Neighbor, PhononEstimate, Reference, Verdict

N_NEAREST = 3
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)  # from the best
SAME_WITHIN = 0.15  # distance, and as much more as the logarithms of the volumes differ
STRAINED = 0.08  # of the volume; references of one crystal by different functionals differ by less
TYPE_NAMES = {OTHER: "types without a name"}
MOST_KNOWN = 10  # references of the same compound and structure type that are shown


@dataclass(frozen=True)
class Query:
    """A crystal to be assessed.

    `prototype`: its structure, whatever the lengths; `structure_type`: the kind of it, if it has
    one. `volume`: of an atom, in A^3. `distances` [n_references]: to the references;
    `disagreement` and `local_error`: in log10(LTC), mean over the members; `phonons_known`: from 0
    to 1; `unknown_elements`: those of no training crystal.
    """

    formula: str
    prototype: str
    structure_type: str
    volume: float
    distances: NDArray[np.float64]
    disagreement: float
    local_error: float
    phonons_known: float
    unknown_elements: Sequence[str]

    @property
    def predictors(self) -> ErrorPredictors:
        """What the error of the prediction depends on."""
        return ErrorPredictors(
            float(self.distances.min()), self.disagreement, self.local_error, self.phonons_known
        )


@dataclass(frozen=True)
class Assessment:
    """The domain of a crystal, and the expected absolute error of its log10(LTC)."""

    domain: Domain
    expected_error: float


def assess(evidence: Evidence, query: Query) -> Assessment:
    """Return the assessment of a crystal by the evidence of an ensemble."""
    calibration = evidence.calibration
    predictors = query.predictors
    expected = calibration.expected(predictors)
    zone = calibration.zone(expected)
    compound = (query.formula, query.prototype)
    alike = evidence.rows.get(compound, ())
    known = [row for row in alike if _is_same(evidence, query, row)]
    estimated = evidence.estimated.get(compound, ()) if query.phonons_known > 0 else ()
    unknown, strained = tuple(_unknown(evidence, query)), tuple(_strained(evidence, query, alike))
    reasons = () if zone == "inside" else (_reason(calibration, expected, predictors),)
    least: Verdict = "outside" if unknown else "edge" if strained else "inside"
    domain = Domain(
        verdict=max(zone, least, key=VERDICTS.index),
        reasons=(*unknown, *strained, *reasons),
        nearest=_nearest(evidence, query, known),
        in_training_data=bool(known),
        same_crystal=tuple(_neighbor(evidence, query, row) for row in known[:MOST_KNOWN]),
        phonon_estimates=tuple(_estimate(each) for each in estimated[:MOST_KNOWN]),
        expected_error=expected,
    )
    return Assessment(domain, expected)


def _is_same(evidence: Evidence, query: Query, row: int) -> bool:
    """Tell whether a reference of the same compound and prototype is the same crystal.

    A type with a name says so, whatever the lengths; one without a name is told by its space group
    and numbers of sites alone, and must be near. Distances of embeddings are in other units, and
    tell nothing of it.
    """
    if evidence.embeddings is not None or query.structure_type != OTHER:
        return True
    volume = evidence.references[row].volume or query.volume
    return bool(query.distances[row] <= SAME_WITHIN + abs(np.log(query.volume / volume)))


def _nearest(evidence: Evidence, query: Query, known: Sequence[int]) -> tuple[Neighbor, ...]:
    """Return the nearest references, those of the same compound in the same type first."""
    count = min(N_NEAREST + len(known), len(query.distances))
    close = np.argpartition(query.distances, count - 1)[:count]
    order = close[np.lexsort((close, query.distances[close]))].tolist()
    others = [row for row in order if row not in known]
    first = sorted(known, key=lambda row: float(query.distances[row]))
    rows = [*first, *others][:N_NEAREST]
    return tuple(_neighbor(evidence, query, row) for row in rows)


def _neighbor(evidence: Evidence, query: Query, row: int) -> Neighbor:
    reference = evidence.references[row]
    values = {name: getattr(reference, name) for name in Reference.model_fields}
    return Neighbor(**values, distance=float(query.distances[row]))


def _estimate(crystal: EstimatedCrystal) -> PhononEstimate:
    values = {name: getattr(crystal, name) for name in PhononEstimate.model_fields}
    return PhononEstimate(**values)


def _unknown(evidence: Evidence, query: Query) -> Iterator[str]:
    """Yield what no training crystal has."""
    yield from (f"No training crystal holds {symbol}." for symbol in query.unknown_elements)
    if query.structure_type not in evidence.structure_types:
        names = (TYPE_NAMES.get(name, name) for name in evidence.structure_types)
        known = ", ".join(names).replace("_", " ")
        yield f"No training crystal is of this structure type; they are {known}."


def _strained(evidence: Evidence, query: Query, alike: Sequence[int]) -> Iterator[str]:
    """Yield how far the volume is from that of all references of this compound and prototype.

    Among these are some that are too far away for the same crystal: the strain may be why.
    """
    references = [evidence.references[row] for row in alike]
    strains = [(query.volume / each.volume - 1, each) for each in references if each.volume]
    if not strains:
        return
    strain, reference = min(strains, key=lambda pair: abs(pair[0]))
    if abs(strain) > STRAINED:
        yield (
            f"An atom has {abs(strain):.0%} {'more' if strain > 0 else 'less'} volume than in the "
            f"crystal in training that has its formula, symmetry and sites "
            f"({reference.material_id}); answers for strained crystals were not tested, and the "
            "interval does not allow for the strain."
        )


def _reason(calibration: Calibration, expected: float, predictors: ErrorPredictors) -> str:
    """Return the expected error, with what adds most to it."""
    causes = (
        f"the distance to the nearest training crystal ({predictors.distance:.2f})",
        f"the disagreement of models trained alike (a factor of {10**predictors.disagreement:.2f})",
        f"the error of training crystals close by (a factor of {10**predictors.local_error:.2f})",
    )
    largest = max(zip(calibration.parts(predictors), causes, strict=True))[1]
    return (
        f"The expected error is a factor of {10**expected:.2f}; {largest} contributes most to it."
    )
