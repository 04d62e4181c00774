"""Network input of a crystal: its graph and its descriptors."""

from dataclasses import dataclass

from models.crystal.crystal import Crystal
from models.crystal.graph import MEGNET, Cutoff
from models.descriptors.describe import describe
from models.network.batch import NO_DESCRIPTORS, NetworkInput


@dataclass(frozen=True)
class InputSettings:
    """The cutoff of the bonds, and whether descriptors join MEGNet's embedding."""

    cutoff: Cutoff = MEGNET
    descriptors: bool = False


def network_input(crystal: Crystal, settings: InputSettings) -> NetworkInput:
    """Return a crystal as a network takes it."""
    descriptors = describe(crystal) if settings.descriptors else NO_DESCRIPTORS
    return NetworkInput(crystal.graph_within(settings.cutoff), descriptors)
