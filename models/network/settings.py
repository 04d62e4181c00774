"""Settings of graph, descriptors and network, as a manifest has them."""

from typing import Self

from pydantic import Field

from models.crystal.graph import Cutoff
from models.descriptors.describe import NAMES, VERSION
from models.network.architecture import FARTHEST_GAUSSIAN, GAUSSIAN_WIDTH, N_GAUSSIANS, Architecture
from models.records import Record


class GraphSettings(Record):
    """How a structure becomes a crystal graph, and its distances inputs of the network."""

    cutoff: float = Field(description="Longest bond [A]")
    fade_from: float = Field(
        description="Length from which bonds fade out [A]; the cutoff where it is sharp"
    )
    gaussians: int = Field(description="Number of Gaussians a distance is expanded in")
    gaussian_width: float = Field(description="Their width [A]")
    farthest_gaussian: float = Field(description="Center of the last one [A]; the first is at 0")

    @classmethod
    def of(cls, cutoff: Cutoff) -> Self:
        """Return the settings of this code with a cutoff."""
        return cls(
            cutoff=cutoff.end,
            fade_from=cutoff.start,
            gaussians=N_GAUSSIANS,
            gaussian_width=GAUSSIAN_WIDTH,
            farthest_gaussian=FARTHEST_GAUSSIAN,
        )

    def limits(self) -> Cutoff:
        """Return the cutoff."""
        return Cutoff(self.fade_from, self.cutoff)


class DescriptorSettings(Record):
    """The descriptors that join MEGNet's embedding."""

    version: int = Field(description="Version of the code that computes them")
    names: tuple[str, ...]

    @classmethod
    def current(cls) -> Self:
        """Return the descriptors that this code computes."""
        return cls(version=VERSION, names=NAMES)


class NetworkSettings(Record):
    """What differs between networks; the rest is MEGNet's."""

    mlp: tuple[int, ...] = Field(description="Hidden layers of the MLP on MEGNet's embedding")
    outputs: tuple[str, ...] = Field(
        default=("ltc",),
        description="Names of the outputs; the first answers where nothing else does",
    )
    descriptors: DescriptorSettings | None = None

    def architecture(self) -> Architecture:
        """Return the architecture these settings describe."""
        n_descriptors = len(self.descriptors.names) if self.descriptors else 0
        return Architecture(self.mlp, len(self.outputs), n_descriptors)
