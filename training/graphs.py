"""A data set with the crystal graph of each of its crystals."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.graph import CrystalGraph, crystal_graph
from training.datasets import MIX, MIX_PARTS, Dataset, read_dataset


@dataclass(frozen=True)
class GraphDataset:
    """Crystals, their graphs and LTC [n_crystals, W/(m K)]; `parts` are the sizes joined in MIX."""

    dataset: Dataset
    graphs: tuple[CrystalGraph, ...]
    ltc: NDArray[np.float64]
    parts: tuple[int, ...]
    part_names: tuple[str, ...]


@lru_cache(maxsize=8)
def read_graphs(name: str, data_dir: Path) -> GraphDataset:
    """Return the data set `name` with its graphs; a process converts each data set once."""
    dataset = read_dataset(name, data_dir)
    names: tuple[str, ...] = MIX_PARTS if name == MIX else (name,)
    parts = tuple(len(read_dataset(part, data_dir)) for part in names)
    graphs = tuple(crystal_graph(crystal.structure) for crystal in dataset.crystals)
    return GraphDataset(dataset, graphs, dataset.ltc(), parts, names)
