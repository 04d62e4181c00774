"""LTC of crystals that have calculated phonons but no reference, estimated from these.

By a Gaussian process of the member's references that have phonons: its covariance is that of the
member's own process, with the phonon quantities as further inputs. The estimates join the member's
references with a share of their variance as noise: the process knows the structure already. None is
of a formula that has a reference, held out or not. Those of held-out references are made apart:
they tell how far off a member is where it knows phonons alone.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

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
from training.fit.frozen.phonons import Rows


@dataclass(frozen=True)
class Estimates:
    """Crystals with an estimated LTC; `noise` [n]: variance of log10 of it."""

    crystals: References
    noise: Numbers

    @classmethod
    def none(cls, n_inputs: int) -> "Estimates":
        """Return estimates of no crystal."""
        return cls(References(np.empty((0, n_inputs)), np.empty(0)), np.empty(0))

    def joined(self, others: "Estimates") -> "Estimates":
        """Return these, then others."""
        noise = np.concatenate([self.noise, others.noise])
        return Estimates(self.crystals.joined(others.crystals), noise)


@dataclass(frozen=True)
class MemberEstimates:
    """A member's estimates: of its `unlabelled` crystals, and of its held-out references.

    `held_rows`: of the latter, among the references.
    """

    unlabelled: Estimates
    held_out: Estimates
    held_rows: Rows

    @classmethod
    def none(cls, n_inputs: int) -> "MemberEstimates":
        """Return those of a member that estimates nothing."""
        nothing = Estimates.none(n_inputs)
        return cls(nothing, nothing, np.empty(0, dtype=np.int64))


def estimate_ltc(
    context: MemberContext,
    embedding: StandardisedEmbedding,
    embedding_of_unlabelled: StandardisedEmbedding,
    covariance: Covariance,
) -> MemberEstimates:
    """Return a member's estimates; `embedding` is of the references.

    Raises DataError where none of these has phonons.
    """
    crystals, references = context.unlabelled, references_of(context, embedding)
    process = _PhononProcess.fit(context, references, covariance)
    inputs = join_inputs(context, crystals, embedding_of_unlabelled)
    held, matches = rows_with_phonons(context, context.split.validation)
    quantities = context.phonons.quantities[matches]
    return MemberEstimates(
        process(inputs, crystals.quantities),
        process(references.chosen(held).inputs, quantities),
        held,
    )


def rows_with_phonons(context: MemberContext, rows: Rows) -> tuple[Rows, Rows]:
    """Return those of the references in `rows` that have phonons, each once, and whose they are."""
    numbers = {name: number for number, name in enumerate(context.phonons.material_ids)}
    crystals = context.data.dataset.crystals
    found = {
        numbers[crystals[row].material_id]: row
        for row in rows.tolist()
        if crystals[row].material_id in numbers
    }
    return np.array([*found.values()], dtype=np.int64), np.array([*found], dtype=np.int64)


@dataclass(frozen=True)
class _PhononProcess:
    """A Gaussian process of the references that have phonons, of structure and phonon quantities.

    `residual` [n]: log10 of their LTC less `mean`; `inverse` [n, n]: of their covariance.
    """

    extended: "_Extension"
    known: "_ExtendedInputs"
    residual: Numbers
    mean: float
    inverse: Numbers

    @classmethod
    def fit(cls, context: MemberContext, references: References, covariance: Covariance) -> Self:
        """Return that of a member. Raises DataError where no training reference has phonons."""
        settings = context.preset.gaussian_process
        if settings.estimates is None:
            raise ValueError("This preset estimates nothing.")
        shared = np.flatnonzero(~method_masks(context.data).any(axis=0))
        rows, matches = rows_with_phonons(context, np.intersect1d(context.split.train, shared))
        if not len(rows):
            raise DataError(
                f"No reference of {context.title} is in {settings.estimates.dataset}; "
                "leave [gaussian_process.estimates] out of the preset."
            )
        extended, chosen = _Extension(covariance, settings.estimates), references.chosen(rows)
        known = extended(chosen.inputs, context.phonons.quantities[matches])
        residual, mean = chosen.residual(), float(chosen.log_ltc.mean())
        signal, usual = known.covariances(known), covariance.noise + JITTER
        weight = student_weights(signal, usual, residual, settings)
        inverse, _ = invert(signal + np.diag(usual / weight))
        return cls(extended, known, residual, mean, inverse)

    def __call__(self, inputs: Numbers, quantities: Numbers) -> Estimates:
        """Return estimates for crystals of these inputs and phonon quantities."""
        asked = self.extended(inputs, quantities)
        across = asked.covariances(self.known)
        gain = across @ self.inverse
        variance = asked.variances() - np.einsum("nm,nm->n", gain, across)
        noise = np.maximum(self.extended.settings.noise_share * variance, JITTER)
        return Estimates(References(inputs, self.mean + gain @ self.residual), noise)


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
