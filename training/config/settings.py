"""Sections of a preset: schedules, loss, split, bonds, heads and Gaussian processes."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)
from pydantic.dataclasses import dataclass as checked_dataclass

from models.crystal.graph import MEGNET
from training.data.catalogue import LTC_SETS

LossName = Literal["mape", "log"]
Initialiser = Literal["keras", "pytorch"]
Fraction = Annotated[float, Field(ge=0, lt=1)]
STRICT = ConfigDict(extra="forbid")


@checked_dataclass(frozen=True, config=STRICT)
class Schedule:
    """One training's length and steps.

    The learning rate follows a cosine from `learning_rate` at epoch 0 to `floor` at epoch `t_max`,
    after a linear rise over `warmup_epochs`. `average` is the decay, per step, of a running average
    of the weights that is used in place of the last ones (0: none); `clip` bounds the gradient's
    norm (0: no bound); `inner_fraction` of the training rows are kept to choose the epoch on.
    `heads`: whether the network of the stage before is kept, and heads are fitted on it.
    `gaussian_process`: whether some are fitted to the same rows, to predict beside the network.
    `weights` of the outputs in a log loss; what is not named has none. An output that has a weight
    but no reference in the data set is fitted to the predictions of the stage before.
    """

    epochs: PositiveInt
    batch_size: PositiveInt
    learning_rate: PositiveFloat
    floor: NonNegativeFloat
    t_max: PositiveInt
    warmup_epochs: NonNegativeInt = 0
    average: Fraction = 0.0
    clip: NonNegativeFloat = 0.0
    inner_fraction: Fraction = 0.0
    heads: bool = False
    gaussian_process: bool = False
    weights: Mapping[str, NonNegativeFloat] = dataclasses.field(default_factory=dict)

    @model_validator(mode="after")
    def _heads_come_with_a_process(self) -> Self:
        if self.heads != self.gaussian_process:
            raise ValueError("heads and gaussian_process come together or not at all")
        return self


@checked_dataclass(frozen=True, config=STRICT)
class LossSettings:
    """The loss function.

    `mape`: the paper's, of the first output. `log`: Huber's, of the logarithms of all outputs,
    which is linear above `bend` standard deviations.
    """

    kind: LossName = "mape"
    bend: PositiveFloat = 0.25


@checked_dataclass(frozen=True, config=STRICT)
class SplitSettings:
    """The split: which crystals are held out from which member.

    `published`: the paper's nine permutations, cut at 80 %. `grouped`: the formulas of the data
    sets `dealt` are dealt into nine folds, set by set, the smallest first; a member is kept from
    one fold. A share `set_aside` of the formulas, drawn with `choice_seed`, is trained on by all
    members: settings were chosen on it, no error is reported on it.
    """

    kind: Literal["published", "grouped"] = "published"
    dealt: tuple[str, ...] = LTC_SETS
    set_aside: Fraction = 0.2
    choice_seed: NonNegativeInt = 1


PUBLISHED = SplitSettings()


@checked_dataclass(frozen=True, config=STRICT)
class BondSettings:
    """Cutoff of the bonds in A, and where they begin to fade out: the cutoff itself if sharp."""

    cutoff: PositiveFloat = MEGNET.end
    fade_from: PositiveFloat = MEGNET.start


@checked_dataclass(frozen=True, config=STRICT)
class HeadSettings:
    """A member's heads: MLPs for log10(LTC) on MEGNet's embedding and the descriptors.

    `number` of them, with `hidden` layers. `dropout` after each layer, `input_dropout` before the
    first; `weight_decay` of AdamW (Loshchilov and Hutter, arXiv 1711.05101), whose rate rises over
    `warmup_steps`. Errors are Student's t with `degrees_of_freedom` and `error_scale`, in standard
    deviations of log10(LTC).
    """

    number: PositiveInt = 4
    hidden: tuple[PositiveInt, PositiveInt] = (256, 128)
    dropout: Fraction = 0.2
    input_dropout: Fraction = 0.1
    weight_decay: NonNegativeFloat = 0.01
    warmup_steps: PositiveInt = 100
    degrees_of_freedom: PositiveFloat = 3.0
    error_scale: PositiveFloat = 0.15


@checked_dataclass(frozen=True, config=STRICT)
class CovarianceStart:
    """Initial values of the covariance: variances of log10(LTC), and the linear part's slope."""

    amplitude: PositiveFloat = 0.12
    slope: PositiveFloat = 0.017
    noise: PositiveFloat = 0.007


@checked_dataclass(frozen=True, config=STRICT)
class EstimateSettings:
    """How an LTC is estimated for crystals of known phonons (`training.fit.frozen.estimates`).

    `quantities` of the data set `dataset`; `rate`: one over the length of each of them, `slope`:
    that of their linear part, both of standardised logarithms; `noise_share` of an estimate's
    variance is its noise.
    """

    dataset: str
    quantities: Annotated[tuple[str, ...], Field(min_length=1)]
    rate: PositiveFloat = 0.12
    slope: PositiveFloat = 0.08
    noise_share: PositiveFloat = 0.25


@checked_dataclass(frozen=True, config=STRICT)
class GaussianProcessSettings:
    """How the Gaussian processes are fitted.

    The covariance in `steps` of Adam with this `learning_rate`, in each of which the share `held`
    of the formulas is held out; the weight of each reference every `reweigh` steps, in
    `weight_steps`, for Student-t noise of so many `degrees_of_freedom`. `width`: numbers of the
    point that a crystal becomes. `estimates`: of what else is known than references, if anything.
    """

    steps: PositiveInt = 120
    learning_rate: PositiveFloat = 0.04
    held: Fraction = 0.4
    reweigh: PositiveInt = 60
    weight_steps: PositiveInt = 5
    degrees_of_freedom: PositiveFloat = 2.5
    width: PositiveInt = 96
    start: CovarianceStart = CovarianceStart()
    estimates: EstimateSettings | None = None
