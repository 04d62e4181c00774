"""A data set with the crystal graph of each of its crystals."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from models.crystal.crystal import Crystal
from models.network.batch import NetworkInput
from models.network.inputs import InputSettings, network_input
from training.data.catalogue import is_moduli, parts_of
from training.data.datasets import Dataset, read_dataset

DESCRIBED = InputSettings(descriptors=True)  # MEGNet's graph, for baselines
SMALLEST_SCALE = np.float32(1e-3)  # keeps one that never varies from being divided by zero


@dataclass(frozen=True)
class GraphDataset:
    """Crystals, their graphs and LTC [n_crystals] in W/(m K), NaN where there is none.

    `types`: structure types; `prototypes`: these with what tells crystals of one type apart.

    `parts`: the sizes of the data sets it is joined from, `part_names`: their names.
    """

    dataset: Dataset
    graphs: tuple[NetworkInput, ...]
    types: tuple[str, ...]
    prototypes: tuple[str, ...]
    ltc: NDArray[np.float64]
    parts: tuple[int, ...]
    part_names: tuple[str, ...]

    def owners(self) -> list[str]:
        """Return for each crystal the data set it comes from."""
        return np.repeat(self.part_names, self.parts).tolist()

    def formulas(self) -> list[str]:
        """Return the reduced formula of each crystal."""
        return [crystal.structure.composition.reduced_formula for crystal in self.dataset.crystals]

    def guarded(self) -> NDArray[np.bool_]:
        """Return false for the crystals [n_crystals] that have moduli alone."""
        return ~np.array([is_moduli(owner) for owner in self.owners()])

    def inputs(self, settings: InputSettings) -> list[NetworkInput]:
        """Return the input [n_crystals] of a network that takes its bonds by other settings."""
        crystals = (Crystal.of(crystal.structure) for crystal in self.dataset.crystals)
        return [network_input(crystal, settings) for crystal in crystals]

    def descriptors(self) -> NDArray[np.float32]:
        """Return the descriptors [n_crystals, n_descriptors] of each crystal."""
        return np.stack([graph.descriptors for graph in self.graphs])

    def descriptor_scale(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return mean and standard deviation of each descriptor over the crystals."""
        descriptors = self.descriptors()
        return descriptors.mean(axis=0), descriptors.std(axis=0) + SMALLEST_SCALE


@lru_cache(maxsize=1)
def formulas_of(names: Sequence[str], data_dir: Path) -> tuple[tuple[str, ...], ...]:
    """Return the reduced formulas of the crystals of data sets, by data set."""
    datasets = [read_dataset(name, data_dir) for name in names]
    return tuple(
        tuple(c.structure.composition.reduced_formula for c in dataset.crystals)
        for dataset in datasets
    )


@lru_cache(maxsize=8)
def read_graphs(name: str, data_dir: Path, settings: InputSettings = DESCRIBED) -> GraphDataset:
    """Return the data set `name` with its graphs; a process converts each data set once."""
    dataset = read_dataset(name, data_dir)
    names = parts_of(name)
    sizes = tuple(len(read_dataset(part, data_dir)) for part in names)
    rows = [_row(crystal.structure, settings) for crystal in dataset.crystals]
    columns = zip(*rows, strict=True) if rows else ((),) * 3
    graphs, types, prototypes = columns
    ltc = np.array([crystal.labels.get("ltc", np.nan) for crystal in dataset.crystals])
    return GraphDataset(dataset, graphs, types, prototypes, ltc, sizes, names)


def _row(structure: Structure, settings: InputSettings) -> tuple[NetworkInput, str, str]:
    """Return a crystal's network input, structure type and prototype."""
    crystal = Crystal.of(structure)
    network = network_input(crystal, settings)
    return network, crystal.structure_type, crystal.prototype
