"""A training run: its preset, its data, its folder."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from training.config import Preset
from training.data.datasets import require_files
from training.data.splits import N_SPLITS
from training.stages import MEGNET, OTHER_RANDOM, STAGES, Stage, stage_chain

MEGNET_FILE = Path("megnet/mp-2018.6.1/formation_energy.hdf5")


@dataclass(frozen=True)
class TrainingRun:
    """A preset, the folder that data is read from, the folder that everything is written to.

    `own`: the stage of a user's own ensemble; `weights_dir`: the folder of MEGNet's weights, where
    it is not the data's.
    """

    preset: Preset
    data_dir: Path
    run_dir: Path
    splits: tuple[int, ...] = tuple(range(1, N_SPLITS + 1))
    own: Stage | None = None
    weights_dir: Path | None = None

    @property
    def megnet_weights(self) -> Path:
        """The file of MEGNet's published formation-energy weights."""
        return (self.weights_dir or self.data_dir) / MEGNET_FILE

    def stage(self, name: str) -> Stage:
        """Return the stage of this name; DataError where it is unknown."""
        return self.chain(name)[-1]

    def chain(self, name: str) -> tuple[Stage, ...]:
        """Return the stages to train for an ensemble, first to last; DataError if unknown."""
        if self.own is None or name != self.own.name:
            return stage_chain(name, pretrained=self.preset.pretrained)
        earlier = (stage_chain(self.own.parent)[-1],) if self.own.parent else ()
        return (*earlier, self.own)

    def member_seed(self, stage: Stage, split: int) -> int:
        """Return the seed of one member: for its random weights and the order of its batches."""
        number = split + N_SPLITS if stage.start == OTHER_RANDOM else split
        return self.preset.seed * 1000 + number

    def member_dir(self, stage: str, split: int) -> Path:
        """Return the folder of one member."""
        return self.run_dir / stage / f"split-{split}"


def ensembles_of(preset: Preset) -> tuple[str, ...]:
    """Return the names of all ensembles whose every stage the preset has a schedule for."""
    return tuple(
        name
        for name in STAGES
        if all(preset.has_schedule(stage.name, stage.dataset) for stage in stage_chain(name))
    )


def require_data(names: Iterable[str], run: TrainingRun) -> None:
    """Raise DataError, naming what to run, where data or weights for ensembles are missing."""
    stages = [stage for name in names for stage in run.chain(name)]
    split = run.preset.split
    dealt = split.dealt if split.kind == "grouped" else ()
    weights = [run.megnet_weights] if any(stage.start == MEGNET for stage in stages) else []
    require_files((*(stage.dataset for stage in stages), *dealt), run.data_dir, *weights)
