"""Crystals with calculated phonons, and the quantities that their LTC is estimated from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.network.batch import NetworkInput
from models.network.inputs import InputSettings
from training.config import EstimateSettings
from training.data.graphs import read_graphs
from training.data.labels import label_table

MOST_MISSING = 0.25  # of a crystal's quantities; those of soft modes are all missing
CLIP = 4.0  # standard deviations
SMALLEST_SCALE = 1e-3  # keeps one that never varies from being divided by zero

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class PhononCrystals:
    """Crystals without soft modes.

    `quantities` [n, n_quantities]: standardised logarithms, zero where one is missing.
    """

    material_ids: Sequence[str]
    formulas: Sequence[str]
    prototypes: Sequence[str]
    graphs: Sequence[NetworkInput]
    quantities: Numbers

    def chosen(self, rows: Rows) -> "PhononCrystals":
        """Return those in `rows`."""
        return PhononCrystals(
            [self.material_ids[row] for row in rows],
            [self.formulas[row] for row in rows],
            [self.prototypes[row] for row in rows],
            [self.graphs[row] for row in rows],
            self.quantities[rows],
        )

    def without(self, formulas: Collection[str]) -> "PhononCrystals":
        """Return those of other formulas."""
        known = np.isin(self.formulas, list(formulas))
        return self.chosen(np.flatnonzero(~known))

    def descriptors(self) -> NDArray[np.float32]:
        """Return the descriptors [n, n_descriptors]."""
        return np.stack([graph.descriptors for graph in self.graphs])


NO_PHONONS = PhononCrystals((), (), (), (), np.empty((0, 0)))


@lru_cache(maxsize=1)
def read_phonons(
    settings: EstimateSettings, data_dir: Path, inputs: InputSettings
) -> PhononCrystals:
    """Return the crystals of a data set of phonons that have their quantities."""
    data = read_graphs(settings.dataset, data_dir, inputs)
    logarithms = np.log10(label_table(data.dataset.crystals, data.owners(), settings.quantities))
    usable = np.isnan(logarithms).mean(axis=1) <= MOST_MISSING
    rows = np.flatnonzero(usable)
    everything = PhononCrystals(
        [crystal.material_id for crystal in data.dataset.crystals],
        data.formulas(),
        data.prototypes,
        data.graphs,
        _standardised(logarithms, rows),
    )
    return everything.chosen(rows)


def _standardised(logarithms: Numbers, rows: Rows) -> Numbers:
    """Return the logarithms [n, n_quantities] standardised over `rows`."""
    center = np.nanmean(logarithms[rows], axis=0)
    scale = np.maximum(np.nanstd(logarithms[rows], axis=0), SMALLEST_SCALE)
    scaled = (logarithms - center) / scale
    standardised: Numbers = np.nan_to_num(np.clip(scaled, -CLIP, CLIP), nan=0.0)
    return standardised
