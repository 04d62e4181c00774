"""Gaussian process for log10 of a crystal's LTC, one a member.

The inputs are the crystal's descriptors, each mapped by a curve, and the embedding of the member's
network. A member's projection takes them to a point; the covariance of two crystals is a Matern
function (nu = 3/2) of the distance between their points, and a linear function of the inputs, which
extends beyond the data. References of a method in `METHODS` share the process with all others and
have a second one on top, of the descriptors alone, so that each informs the other: they are too few
and too much alike for the projection. Its covariance is a squared exponential function. Crystals
whose LTC is only estimated are known to the process as well, and are no references.
Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), Eqs. 2.25, 4.9,
4.17, 5.9, and 5.2 for distances after a linear map.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.network.arrays import MemberArrays, Single
from models.network.covariances import (
    Covariances,
    CovariancesWith,
    KnownCrystals,
    squared_exponential,
)
from models.network.heads import EMBEDDING, METHODS
from models.network.standardise import N_GRID, DescriptorScale, standardise
from models.prediction.policy import LTC

OUTPUTS = (LTC, *METHODS)  # each method has a process of its own on top
MOST_ERROR = 0.7  # of log10(LTC); a reference that is farther off says nothing of others
FAR = 0.01  # what the error of all references counts in it, beside weights of at most one
ESTIMATE_REACH = 0.3  # distance at which the estimate of a crystal tells nothing of another one

Numbers = NDArray[np.float64]


class ProcessOutputs(NamedTuple):
    """log10 of the LTC in W/(m K) [n_crystals, n_members].

    `distance` [n_crystals, n_references]: to the references, in lengths of the covariance, the root
    of the mean over the members of their squared distances. `local_error` [n_crystals, n_members]:
    absolute error of log10(LTC) of the references close by, each predicted without itself; a
    reference that is the crystal itself does not count, nor do those held out from the member.
    `phonons_known` [n_crystals]: from 1 for a crystal whose LTC is estimated from its phonons to 0
    at `ESTIMATE_REACH` from all such crystals.
    """

    log_ltc: Numbers
    distance: Single
    local_error: Numbers
    phonons_known: Numbers


@dataclass(frozen=True)
class Process(MemberArrays):
    """The members' processes; arrays of single precision.

    `center`, `scale` [n_descriptors] and `curves` [n_descriptors, N_GRID] map the descriptors (see
    `DescriptorScale`), `embedding_center`, `embedding_scale` [n_members, 16] standardise the
    embeddings: the inputs are both, side by side. `rate` [n_members, n_inputs]: one over the length
    of each, for a training that starts from this one. `projection` [n_members, n_inputs, width]:
    takes inputs to a point; `points` [n_members, n_known, width]: those of the
    references, then of the crystals whose LTC is estimated.
    `amplitude`: variance of the Matern part, `slope`: standard deviation of the linear part's
    coefficients, `mean`, each [n_members]; `linear` [n_members, n_inputs]: the coefficients.
    `methods` [n_methods, n_references]: 1 where a reference is of the method, else 0;
    `own_amplitude`, `own_offset`, `own_rate` [n_members, n_methods]: variances of a method's own
    process, and one over its length; `own_known` [n_own, n_descriptors]: mapped descriptors of the
    references that are of a method. `coefficients` [n_members, n_known] and `errors` [n_members,
    n_references], the absolute error of log10(LTC) of each reference predicted without itself: zero
    for what is held out from the member.
    """

    center: Single
    scale: Single
    curves: Single
    embedding_center: Single
    embedding_scale: Single
    rate: Single
    projection: Single
    points: Single
    amplitude: Single
    slope: Single
    mean: Single
    linear: Single
    methods: Single
    own_amplitude: Single
    own_offset: Single
    own_rate: Single
    own_known: Single
    coefficients: Single
    errors: Single

    @property
    def n_references(self) -> int:
        """The number of references."""
        n_references: int = self.errors.shape[1]
        return n_references

    def shapes(self, n_members: int) -> dict[str, tuple[int, ...]]:
        """Return the shape that each array must have; ValueError where `points` has other axes."""
        (n_descriptors,), (_, n_known, width) = self.center.shape, self.points.shape
        n_inputs, n_references = n_descriptors + EMBEDDING, self.n_references
        own = ("own_amplitude", "own_offset", "own_rate")
        return {
            **dict.fromkeys(("center", "scale"), (n_descriptors,)),
            **dict.fromkeys(("embedding_center", "embedding_scale"), (n_members, EMBEDDING)),
            **dict.fromkeys(("rate", "linear"), (n_members, n_inputs)),
            **dict.fromkeys(("amplitude", "slope", "mean"), (n_members,)),
            **dict.fromkeys(own, (n_members, len(METHODS))),
            "coefficients": (n_members, n_known),
            "errors": (n_members, n_references),
            "curves": (n_descriptors, N_GRID),
            "projection": (n_members, n_inputs, width),
            "points": (n_members, n_known, width),
            "methods": (len(METHODS), n_references),
            "own_known": (int(self.methods.any(axis=0).sum()), n_descriptors),
        }


class ProcessPredictor:
    """A process ready to predict: everything that does not depend on the crystal is precomputed.

    `covariances` gives what is called in place of `Covariances`.
    """

    def __init__(self, process: Process, covariances: CovariancesWith | None = None) -> None:
        self._process = process
        self._scale = DescriptorScale(process.center, process.scale, process.curves)
        self._map = _InputMap(process)
        self._n_references = process.n_references
        seen = (process.coefficients[:, : self._n_references] != 0).astype(np.float32)
        estimates = ((0, process.points.shape[1] - self._n_references), (0, 0))
        errors = np.minimum(process.errors, np.float32(MOST_ERROR))
        self._usual = errors.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        crystals = KnownCrystals(
            points=process.points,
            weights=process.amplitude[:, None] * process.coefficients,
            local_weights=np.pad(np.concatenate([errors, seen]).T, estimates),
        )
        self._sum = (covariances or Covariances)(crystals)
        self._own = [_OwnPart(process, method) for method in range(len(METHODS))]

    def __call__(
        self, descriptors: Single, embeddings: Single, outputs: NDArray[np.int64]
    ) -> ProcessOutputs:
        """Return the outputs of crystals.

        `descriptors` [n_crystals, n_descriptors], `embeddings` [n_crystals, n_members, 16];
        `outputs` [n_crystals]: the number of the output of `OUTPUTS` for each crystal.
        """
        mapped = self._scale(descriptors)
        points, linear = self._map(mapped, embeddings)
        sums, local, distance = self._sum(points)
        log_ltc = sums + linear + self._process.mean
        for method, own in enumerate(self._own):
            chosen = np.flatnonzero(outputs == method + 1)
            if len(chosen):
                log_ltc[chosen] += own(mapped[chosen])
        errors, weights = np.split(local, 2, axis=1)
        to_references, to_estimates = np.split(distance, [self._n_references], axis=1)
        return ProcessOutputs(
            log_ltc,
            to_references,
            (errors + FAR * self._usual) / (weights + FAR),
            _closeness(to_estimates.min(axis=1, initial=ESTIMATE_REACH)),
        )


def _closeness(distance: Single) -> Numbers:
    """Return 1 at no distance [n], falling smoothly to 0 at `ESTIMATE_REACH`."""
    part = np.minimum(distance.astype(float) / ESTIMATE_REACH, 1.0)
    closeness: Numbers = 1 - part**2 * (3 - 2 * part)
    return closeness


class _InputMap:
    """What takes crystals to the members' points, and to the linear parts.

    In double precision: a crystal's point must not depend on those it is computed with.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        both = np.concatenate([process.projection, process.linear[..., None]], axis=2).astype(float)
        n_descriptors = len(process.center)
        of_descriptors = both[:, :n_descriptors].swapaxes(0, 1)
        self._of_descriptors = np.ascontiguousarray(of_descriptors.reshape(n_descriptors, -1))
        self._of_embedding = np.ascontiguousarray(both[:, n_descriptors:])

    def __call__(self, mapped: Single, embeddings: Single) -> tuple[Single, Numbers]:
        """Return points [n_members, n, width] and linear parts [n, n_members]."""
        process, (n_members, _, n_columns) = self._process, self._of_embedding.shape
        embedded = standardise(embeddings, process.embedding_center, process.embedding_scale)
        values = embedded.swapaxes(0, 1).astype(float) @ self._of_embedding
        common = mapped.astype(float) @ self._of_descriptors
        values += common.reshape(-1, n_members, n_columns).swapaxes(0, 1)
        return values[..., :-1].astype(np.float32, order="C"), values[..., -1].T


class _OwnPart:
    """A method's own process, of distances between descriptors, and an offset."""

    def __init__(self, process: Process, method: int) -> None:
        of_method = process.methods[method] != 0
        self._known = process.own_known[of_method[process.methods.any(axis=0)]]
        references = process.coefficients[:, : process.n_references]
        coefficients = references[:, of_method].astype(float)
        self._weights = process.own_amplitude[:, method, None] * coefficients
        self._offset = process.own_offset[:, method] * coefficients.sum(axis=1)
        self._rate = process.own_rate[:, method, None, None].astype(float)

    def __call__(self, mapped: Single) -> Numbers:
        """Return its part of log10(LTC) [n, n_members] of mapped descriptors [n, n_descriptors]."""
        shape = squared_exponential(self._rate * descriptor_distances(mapped, self._known))
        part: Numbers = np.einsum("mnk,mk->nm", shape, self._weights) + self._offset
        return part


def descriptor_distances(mapped: Single | Numbers, others: Single | Numbers) -> Numbers:
    """Return the root mean square differences [n, m] of descriptors, [n, d] and [m, d]."""
    first, second = mapped.astype(float), others.astype(float)
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    distance: Numbers = np.sqrt(np.maximum(squares, 0) / first.shape[1])
    return distance
