"""What a training run is made of, and where its parts lie."""

from dataclasses import dataclass
from pathlib import Path

from training.config import Preset
from training.data.splits import N_SPLITS
from training.stages import Stage, stage_chain

MEGNET_FILE = Path("megnet/mp-2018.6.1/formation_energy.hdf5")


@dataclass(frozen=True)
class TrainingRun:
    """How to train, where data is read from, and the folder that everything is written to."""

    preset: Preset
    data_dir: Path
    run_dir: Path
    splits: tuple[int, ...] = tuple(range(1, N_SPLITS + 1))

    @property
    def megnet_weights(self) -> Path:
        """The file of MEGNet's published formation-energy weights."""
        return self.data_dir / MEGNET_FILE

    def stage(self, name: str) -> Stage:
        """Return the stage of this name; DataError where it is unknown."""
        return stage_chain(name)[-1]

    def member_seed(self, split: int) -> int:
        """Return the seed of one member: for its random weights and the order of its batches."""
        return self.preset.seed * 1000 + split

    def member_dir(self, stage: str, split: int) -> Path:
        """Return the folder of one member."""
        return self.run_dir / stage / f"split-{split}"
