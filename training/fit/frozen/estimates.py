"""LTC of crystals that have calculated phonons but no reference, estimated from these.

By a Gaussian process of the member's references that have phonons: its covariance is that of the
member's own process, with the phonon quantities as further inputs. The estimates join the member's
references with a share of their variance as noise: the process knows the structure already. None is
of a formula that has a reference, held out or not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import DataError
from models.network.covariances import matern
from training.config import EstimateSettings
from training.data.methods import method_masks
from training.fit.context import MemberContext
from training.fit.frozen.covariance import (
    JITTER,
    Covariance,
    Numbers,
    References,
    distances,
    invert,
    student_weights,
)
from training.fit.frozen.embedding import StandardisedEmbedding
from training.fit.frozen.inputs import join_inputs, references_of


@dataclass(frozen=True)
class Estimates:
    """Crystals with an estimated LTC; `noise` [n]: variance of log10 of it."""

    crystals: References
    noise: Numbers

    @classmethod
    def none(cls, n_inputs: int) -> "Estimates":
        """Return estimates of no crystal."""
        return cls(References(np.empty((0, n_inputs)), np.empty(0)), np.empty(0))


def estimate_ltc(
    context: MemberContext,
    embedding: StandardisedEmbedding,
    embedding_of_unlabelled: StandardisedEmbedding,
    covariance: Covariance,
) -> Estimates:
    """Return a member's `unlabelled` crystals with an estimated LTC.

    `embedding` is of the references. Raises DataError where none of these has phonons.
    """
    settings, crystals = context.preset.gaussian_process, context.unlabelled
    if settings.estimates is None:
        raise ValueError("This preset estimates nothing.")
    rows, matches = _references_with_phonons(context)
    if not len(rows):
        raise DataError(
            f"No reference of {context.title} is in {settings.estimates.dataset}; "
            "leave [gaussian_process.estimates] out of the preset."
        )
    extended = _Extension(covariance, settings.estimates)
    references = references_of(context, embedding).chosen(rows)
    known = extended(references.inputs, context.phonons.quantities[matches])
    residual, mean = references.residual(), references.log_ltc.mean()
    signal, usual = known.covariances(known), covariance.noise + JITTER
    weight = student_weights(signal, usual, residual, settings)
    inverse, _ = invert(signal + np.diag(usual / weight))
    inputs = join_inputs(context, crystals, embedding_of_unlabelled)
    asked = extended(inputs, crystals.quantities)
    across = asked.covariances(known)
    gain = across @ inverse
    variance = asked.variances() - np.einsum("nm,nm->n", gain, across)
    noise = np.maximum(settings.estimates.noise_share * variance, JITTER)
    return Estimates(References(inputs, mean + gain @ residual), noise)


def _references_with_phonons(
    context: MemberContext,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return training rows of no method with a process of its own, and those of their phonons."""
    numbers = {name: number for number, name in enumerate(context.phonons.material_ids)}
    methods, crystals = method_masks(context.data), context.data.dataset.crystals
    rows = [
        row
        for row in context.split.train.tolist()
        if not methods[:, row].any() and crystals[row].material_id in numbers
    ]
    matches = [numbers[crystals[row].material_id] for row in rows]
    return np.array(rows, dtype=np.int64), np.array(matches, dtype=np.int64)


@dataclass(frozen=True)
class _Extension:
    """A member's covariance, extended by phonon quantities."""

    covariance: Covariance
    settings: EstimateSettings

    def __call__(self, inputs: Numbers, quantities: Numbers) -> "_ExtendedInputs":
        """Return inputs [n, n_inputs] with quantities [n, n_quantities]."""
        points, linear = self.covariance.points(inputs), self.covariance.slope * inputs
        return _ExtendedInputs(
            self.covariance.amplitude,
            np.concatenate([points, self.settings.rate * quantities], axis=1),
            np.concatenate([linear, self.settings.slope * quantities], axis=1),
        )


@dataclass(frozen=True)
class _ExtendedInputs:
    """`points` [n, width + n_quantities], `linear` [n, n_inputs + n_quantities]."""

    amplitude: float
    points: Numbers
    linear: Numbers

    def variances(self) -> Numbers:
        """Return the variance [n] of each before anything is known of it."""
        variances: Numbers = self.amplitude + (self.linear**2).sum(axis=1)
        return variances

    def covariances(self, others: "_ExtendedInputs") -> Numbers:
        """Return the covariances [n, m] with others."""
        found: Numbers = self.amplitude * matern(distances(self.points, others.points))
        found += self.linear @ others.linear.T
        return found
