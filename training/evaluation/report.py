"""The evaluation report: each ensemble and baseline on each reference set."""

from collections.abc import Iterable, Mapping
from typing import Self

import numpy as np
from pydantic import Field

from models.manifest import Protocol
from models.records import Record
from training.evaluation.spread import EnsembleGain, SpreadQuality
from training.evaluation.unseen import View


class Spread(Record):
    """A figure over the splits: mean, sample standard deviation (as in Table I), each value."""

    mean: float
    std: float | None = Field(description="None for a single split")
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Return the summary of at least one value."""
        found = np.array(list(values), dtype=float)
        std = float(found.std(ddof=1)) if len(found) > 1 else None
        return cls(mean=float(found.mean()), std=std, values=tuple(found.tolist()))


class Evaluated(Record):
    """An ensemble or baseline that was measured."""

    preset: str
    name: str
    protocol: Protocol
    chain: tuple[str, ...] = Field(description="Data sets trained on, first to last stage")
    splits: tuple[int, ...]
    digest: str = Field(description="Checksum of weights, transforms and data")


class PaperCell(Record):
    """A cell of Table I measured by the published procedure, beside the published one; MAPE."""

    preset: str
    name: str
    test_set: str
    ours: Spread
    table_mean: float | None = Field(description="Table I; None where the paper has no such cell")
    table_std: float | None
    runs: Spread | None = Field(description="The nine runs published with the code")
    from_table: float | None = Field(description="Ours less Table I, in its standard deviations")
    from_runs: float | None = Field(description="Ours less the runs' mean, in their own")


class HeldOutCell(Record):
    """Errors in W/(m K) on crystals kept from training, for one test set and view."""

    preset: str
    name: str
    protocol: Protocol = Field(description="How it was trained")
    test_set: str
    view: View
    n_crystals: int = Field(description="Crystals that at least one member had not seen")
    members: Mapping[str, Spread] = Field(description="Each member on its own split")
    out_of_fold: Mapping[str, float] = Field(description="Mean of the members without the crystal")
    interval: Mapping[str, tuple[float, float]] = Field(description="95 %, over crystals")
    gain: EnsembleGain | None
    spread: SpreadQuality | None


class UnitsCell(Record):
    """One set of predictions, on the scale the paper reports and in W/(m K); MAPE per split."""

    preset: str
    name: str
    protocol: Protocol
    test_set: str
    published_scale: Spread
    wmk: Spread


class Decomposition(Record):
    """Change of MAPE from stage 2 to 3 on the data set trained on, split by split."""

    preset: str
    protocol: Protocol
    dataset: str
    before: Spread = Field(description="Stage 2, W/(m K), which is also its published scale")
    after: Spread = Field(description="Stage 3, W/(m K)")
    after_published: Spread = Field(description="Stage 3 on the published scale: AFLOW's constants")
    learning: Spread = Field(description="after - before")
    learning_interval: tuple[float, float] | None = Field(
        default=None, description="95 %, for trainings that share rows; None for a single split"
    )
    units: Spread = Field(description="after_published - after")


class StageChange(Record):
    """Change of an error from one stage to a later one, paired by split."""

    mean: float
    interval: tuple[float, float] = Field(description="95 %, for trainings that share rows")
    values: tuple[float, ...]


class TransferCell(Record):
    """Errors in W/(m K) after each stage of one data set, on crystals kept from training.

    `view`: all `held out` crystals of the data set; those of a `new formula`, which none of the
    stages is trained on; or crystals of `other types` than the paper's, of new formulas.
    """

    preset: str
    dataset: str = Field(description="Trained on last")
    test_set: str
    view: str
    n_crystals: int
    metric: str
    errors: Mapping[str, Spread] = Field(description="By stage; each member on its own crystals")
    changes: Mapping[str, StageChange] = Field(description="By `later - earlier` stage")


class EpochChoice(Record):
    """Effect on the published MAPE of choosing the epoch on the rows that are reported."""

    preset: str
    name: str
    kept: Spread = Field(description="The epoch with the least error, as reported")
    typical: Spread = Field(description="Median of the last ten epochs")
    last: Spread
    kept_at: tuple[int, ...] = Field(description="Number of the kept epoch, counted from 1")
    epochs: int = Field(description="Epochs trained; the paper's are 300")


class DataFile(Record):
    """A data file the report was made from."""

    file_name: str
    sha256: str


class Report(Record):
    """Everything measured."""

    data: tuple[DataFile, ...]
    evaluated: tuple[Evaluated, ...]
    paper: tuple[PaperCell, ...]
    held_out: tuple[HeldOutCell, ...]
    units: tuple[UnitsCell, ...]
    decomposition: tuple[Decomposition, ...]
    epoch_choice: tuple[EpochChoice, ...]
    transfer: tuple[TransferCell, ...] = ()
