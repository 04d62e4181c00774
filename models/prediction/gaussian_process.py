"""Gaussian process for log10 of a crystal's LTC, one a member.

The inputs are the crystal's descriptors and the embedding of the member's network. The covariance
is a Matern function (nu = 5/2) with a length for each descriptor and one for the embedding, and a
linear function of the descriptors, which extends beyond the data. All members share lengths and
variances; they differ in embedding and in the references that each is fitted to. References of a
method in `METHODS` share the process with all others and have a second one on top, of the
descriptors alone, so that each informs the other. Source: Rasmussen and Williams, Gaussian
Processes for Machine Learning (2006), Eqs. 2.25, 4.17 and 5.9.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.network.arrays import MemberArrays, Single
from models.network.heads import EMBEDDING, METHODS
from models.network.standardise import standardise
from models.prediction.policy import LTC

OUTPUTS = (LTC, *METHODS)  # each method has a process of its own on top
SQRT_5 = 5**0.5
LOCAL = 3.0  # lengths of the local error are this much shorter than those of the process
FAR = 0.01  # what the error of all references counts in it, beside weights of at most one

Numbers = NDArray[np.float64]


class ProcessOutputs(NamedTuple):
    """log10 of the LTC in W/(m K) [n_crystals, n_members].

    `distance` [n_crystals, n_known]: to the known crystals, in lengths of the covariance of the
    descriptors. `local_error` [n_crystals, n_members]: absolute error of log10(LTC) of the
    references close by, each predicted without itself; references of no member are left out.
    """

    log_ltc: Numbers
    distance: Single
    local_error: Numbers


@dataclass(frozen=True)
class Process(MemberArrays):
    """The members' processes; arrays of single precision.

    `known` [n_known, n_inputs]: descriptors of the references, standardised by `center` and
    `scale`; `known_embeddings` [n_members, n_known, 16]: their embeddings, standardised by
    `embedding_center` and `embedding_scale` [n_members, 16]. `rate` [n_inputs], `embedding_rate`
    [1]: one over the length of each input. `amplitude` [1]: variance of the Matern part; `slope`
    [1]: standard deviation of the linear part's coefficients. `methods` [n_methods, n_known]: 1
    where a reference is of the method, else 0; `own_amplitude`, `own_offset`, `own_rate`
    [n_members, n_methods]: variances of a method's own process, and one over its length relative
    to the shared ones. `mean` [n_members]; `coefficients` [n_members, n_known] and `errors`, the
    absolute error of log10(LTC) of each reference predicted without itself: zero for references
    held out from the member.
    """

    center: Single
    scale: Single
    known: Single
    rate: Single
    embedding_center: Single
    embedding_scale: Single
    known_embeddings: Single
    embedding_rate: Single
    amplitude: Single
    slope: Single
    methods: Single
    own_amplitude: Single
    own_offset: Single
    own_rate: Single
    mean: Single
    coefficients: Single
    errors: Single

    def shapes(self, n_members: int) -> dict[str, tuple[int, ...]]:
        """Return the shape that each array must have; ValueError where `known` has other axes."""
        n_known, n_inputs = self.known.shape
        own = ("own_amplitude", "own_offset", "own_rate")
        return {
            **dict.fromkeys(("center", "scale", "rate"), (n_inputs,)),
            **dict.fromkeys(("embedding_center", "embedding_scale"), (n_members, EMBEDDING)),
            **dict.fromkeys(("amplitude", "slope", "embedding_rate"), (1,)),
            **dict.fromkeys(own, (n_members, len(METHODS))),
            **dict.fromkeys(("coefficients", "errors"), (n_members, n_known)),
            "known": (n_known, n_inputs),
            "known_embeddings": (n_members, n_known, EMBEDDING),
            "methods": (len(METHODS), n_known),
            "mean": (n_members,),
        }


class CovarianceSums(NamedTuple):
    """Sums over the known crystals, and distances to them.

    `shared` [n_crystals, n_members]: of the shared process; `local` [n_crystals, n_sums]: weighted
    by nearness; `distance` [n_crystals, n_known]: of the descriptors.
    """

    shared: Numbers
    local: Numbers
    distance: Single


@dataclass(frozen=True)
class KnownCrystals:
    """The known crystals of all members, their inputs over the lengths.

    `inputs` [n_known, n_inputs], `embeddings` [n_members, n_known, width]; `weights` [n_members,
    n_known] of the shared process's sums; `local` [n_known, n_sums] of those by nearness.
    """

    inputs: Single
    embeddings: Single
    weights: Single
    local: Single


SumCovariances = Callable[[Single, Single], CovarianceSums]  # as `Covariances` is called


class Covariances:
    """Matern covariances with known crystals, ready to be summed.

    Large terms of both signs cancel in the sums, which are therefore in double precision.
    """

    def __init__(self, known: KnownCrystals) -> None:
        self._inputs, self._embeddings = known.inputs.astype(float), known.embeddings.astype(float)
        self._weights, self._local = known.weights.astype(float), known.local.astype(float)

    def __call__(self, inputs: Single, embeddings: Single) -> CovarianceSums:
        """Return the sums for inputs [n, n_inputs] and embeddings [n_members, n, width]."""
        squares = _square_distances(inputs, self._inputs)
        shared = [
            matern(np.sqrt(squares + _square_distances(own, known))) @ weights
            for own, known, weights in zip(embeddings, self._embeddings, self._weights, strict=True)
        ]
        distance = np.sqrt(squares)
        local = matern(LOCAL * distance) @ self._local
        return CovarianceSums(np.stack(shared, axis=1), local, distance.astype(np.float32))


class ProcessPredictor:
    """A process ready to predict: everything that does not depend on the crystal is precomputed.

    `covariances` gives what is called in place of `Covariances`.
    """

    def __init__(
        self, process: Process, covariances: Callable[[KnownCrystals], SumCovariances] = Covariances
    ) -> None:
        self._process = process
        seen = (process.coefficients != 0).astype(np.float32)
        self._sum = covariances(
            KnownCrystals(
                inputs=process.known * process.rate,
                embeddings=process.known_embeddings * process.embedding_rate,
                weights=process.amplitude * process.coefficients,
                local=np.concatenate([process.errors, seen]).T,
            )
        )
        self._mean = process.mean.astype(float)
        known, coefficients = process.known.astype(float), process.coefficients.astype(float)
        self._linear = process.slope.astype(float) ** 2 * (known.T @ coefficients.T)
        self._rows = [np.flatnonzero(mask) for mask in process.methods]
        self._usual = process.errors.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)

    def __call__(
        self, descriptors: Single, embeddings: Single, outputs: NDArray[np.int64]
    ) -> ProcessOutputs:
        """Return the outputs of crystals.

        `descriptors` [n_crystals, n_inputs], `embeddings` [n_crystals, n_members, 16]; `outputs`
        [n_crystals]: the number of the output of `OUTPUTS` for each crystal.
        """
        process = self._process
        inputs = standardise(descriptors, process.center, process.scale)
        embedded = standardise(embeddings, process.embedding_center, process.embedding_scale)
        own = embedded.swapaxes(0, 1) * process.embedding_rate
        sums = self._sum(inputs * process.rate, own)
        log_ltc = inputs @ self._linear + self._mean + sums.shared
        for method, rows in enumerate(self._rows):
            chosen = np.flatnonzero(outputs == method + 1)
            if len(chosen) and len(rows):
                distance = sums.distance[np.ix_(chosen, rows)]
                log_ltc[chosen] += self._by_method(method, distance.astype(float))
        return ProcessOutputs(log_ltc, sums.distance, self._local_error(sums.local))

    def _by_method(self, method: int, distance: Numbers) -> Numbers:
        """Return a method's own process, of distances [n_crystals, n_known of the method]."""
        process, rows = self._process, self._rows[method]
        parts = []
        for member, coefficients in enumerate(process.coefficients[:, rows]):
            shape = matern(process.own_rate[member, method] * distance)
            covariance = process.own_amplitude[member, method] * shape
            parts.append((covariance + process.own_offset[member, method]) @ coefficients)
        return np.stack(parts, axis=1)

    def _local_error(self, sums: Numbers) -> Numbers:
        errors, weights = np.split(sums, 2, axis=1)
        local: Numbers = (errors + FAR * self._usual) / (weights + FAR)
        return local


def _square_distances(first: NDArray[np.floating], second: Numbers) -> Numbers:
    """Return the squared distances [n, n_known] of rows."""
    rows = first.astype(float)
    squares = (rows**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * (rows @ second.T)
    positive: Numbers = np.maximum(squares, 0)
    return positive


def matern(distance: NDArray[Any]) -> NDArray[Any]:
    """Return the Matern function (nu = 5/2), one at no distance."""
    scaled = SQRT_5 * distance
    value: NDArray[Any] = (1 + scaled + scaled * scaled / 3) * np.exp(-scaled)
    return value
