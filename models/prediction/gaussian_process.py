"""Gaussian process for log10 of a crystal's LTC, one a member.

The inputs are the crystal's descriptors and the embedding of the member's network. The covariance
is a Matern function (nu = 5/2) with a length for each descriptor and one for the embedding, and a
linear function of the descriptors, which extends beyond the data. All members share lengths and
variances; they differ in embedding and in the references that each is fitted to. References of a
method in `METHODS` share the process with all others and have a second one on top, of the
descriptors alone, so that each informs the other. Source: Rasmussen and Williams, Gaussian
Processes for Machine Learning (2006), Eqs. 2.25, 4.17 and 5.9.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.network.arrays import MemberArrays, Single
from models.network.covariances import Covariances, CovariancesWith, KnownCrystals, matern
from models.network.heads import EMBEDDING, METHODS
from models.network.standardise import standardise
from models.prediction.policy import LTC

OUTPUTS = (LTC, *METHODS)  # each method has a process of its own on top
FAR = 0.01  # what the error of all references counts in it, beside weights of at most one

Numbers = NDArray[np.float64]


class ProcessOutputs(NamedTuple):
    """log10 of the LTC in W/(m K) [n_crystals, n_members].

    `distance` [n_crystals, n_known]: to the known crystals, in lengths of the covariance of the
    descriptors. `local_error` [n_crystals, n_members]: absolute error of log10(LTC) of the
    references close by, each predicted without itself; a reference that is the crystal itself does
    not count, nor do those held out from the member.
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


class ProcessPredictor:
    """A process ready to predict: everything that does not depend on the crystal is precomputed.

    `covariances` gives what is called in place of `Covariances`.
    """

    def __init__(self, process: Process, covariances: CovariancesWith | None = None) -> None:
        self._process = process
        known, coefficients = process.known.astype(float), process.coefficients.astype(float)
        self._mean = process.mean.astype(float)
        self._linear = process.slope**2 * (known.T @ coefficients.T)
        self._rows = [np.flatnonzero(mask) for mask in process.methods]
        seen = (process.coefficients != 0).astype(np.float32)
        self._usual = process.errors.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        crystals = KnownCrystals(
            inputs=process.known * process.rate,
            embeddings=process.known_embeddings * process.embedding_rate,
            weights=process.amplitude * process.coefficients,
            local_weights=np.concatenate([process.errors, seen]).T,
        )
        self._sum = (covariances or Covariances)(crystals)

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
        embedded = np.ascontiguousarray(embedded.swapaxes(0, 1) * process.embedding_rate)
        sums, local, distance = self._sum(inputs * process.rate, embedded)
        log_ltc = sums + inputs @ self._linear + self._mean
        for method, rows in enumerate(self._rows):
            chosen = np.flatnonzero(outputs == method + 1)
            if len(chosen) and len(rows):
                log_ltc[chosen] += self._by_method(method, distance[np.ix_(chosen, rows)])
        errors, weights = np.split(local, 2, axis=1)
        return ProcessOutputs(log_ltc, distance, (errors + FAR * self._usual) / (weights + FAR))

    def _by_method(self, method: int, distance: Single) -> Numbers:
        """Return a method's own process, of distances [n_crystals, n_known of the method]."""
        process, exact = self._process, distance.astype(float)
        parts = []
        for member, coefficients in enumerate(process.coefficients[:, self._rows[method]]):
            shape = matern(process.own_rate[member, method] * exact)
            covariance = process.own_amplitude[member, method] * shape
            parts.append((covariance + process.own_offset[member, method]) @ coefficients)
        return np.stack(parts, axis=1)
