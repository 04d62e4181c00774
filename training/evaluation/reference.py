"""The data sets that predictions are compared with, and which crystals are held out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.network.transform import TargetTransform
from training.config import SplitSettings
from training.data.catalogue import CATALOGUE, PAPER_SETS
from training.data.graphs import GraphDataset, read_graphs
from training.data.splits import Deal, grouped_split, published_split

EXTRA_SETS = tuple(
    name for name, entry in CATALOGUE.items() if entry.role == "ltc" and name not in PAPER_SETS
)
REFERENCE_SETS = (*PAPER_SETS, *EXTRA_SETS)
# An earlier selection of Phonix, which is not published: results that are kept may name it.
EARLIER = "phonix"
LARGE = 2000  # crystals; of a larger set only validation rows are predicted

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ReferenceSet:
    """A labelled data set as predictions are compared with it."""

    name: str
    data: GraphDataset

    @property
    def ltc(self) -> Numbers:
        """The reference LTC [n_crystals] in W/(m K)."""
        return self.data.ltc

    @cached_property
    def formulas(self) -> NDArray[np.str_]:
        """The reduced formulas [n_crystals]."""
        return np.array(self.data.formulas())

    @property
    def sha256(self) -> str:
        """The checksums of the files it was read from."""
        return " ".join(source.sha256 for source in self.data.dataset.sources)

    def validation(self, split: int) -> Mask:
        """Return true for the crystals [n_crystals] that the published split keeps from training.

        A set that the paper does not have is not split: all of it is kept from training.
        """
        if self.name in EXTRA_SETS:
            return np.ones(len(self.ltc), dtype=bool)
        mask = np.zeros(len(self.ltc), dtype=bool)
        mask[published_split(self.data.parts, split).validation] = True
        return mask

    def held_out(self, split: int, settings: SplitSettings, sets: "Sets") -> Mask:
        """Return true for the crystals [n_crystals] that this kind of split keeps from training."""
        if settings.kind == "published":
            return self.validation(split)
        dealt = [sets[name].formulas.tolist() for name in settings.dealt]
        deal = Deal.of(dealt, settings.set_aside, settings.choice_seed)
        mask = np.zeros(len(self.ltc), dtype=bool)
        mask[grouped_split(self.formulas.tolist(), deal, split).validation] = True
        return mask

    def own_constants(self) -> tuple[tuple[str, slice, TargetTransform], ...]:
        """Return name, rows and published constants (over all labels) of each part."""
        ends = np.cumsum(self.data.parts)
        rows = [slice(end - size, end) for size, end in zip(self.data.parts, ends, strict=True)]
        return tuple(
            (name, part, TargetTransform.fit(self.ltc[part]))
            for name, part in zip(self.data.part_names, rows, strict=True)
        )


Sets = Mapping[str, ReferenceSet]


def kept(values: Numbers, held_out: Mask) -> Numbers:
    """Return values [n_crystals] as they are kept in a file, so that it gives the same report.

    In half precision, three digits of a standardised target, and NaN on a large set's training
    rows.
    """
    rounded = values.astype(np.float16).astype(np.float64)
    return np.where(held_out, rounded, np.nan) if len(values) > LARGE else rounded


def read_reference_sets(data_dir: Path) -> Sets:
    """Return all reference sets by name, `EARLIER` where its file is; DataError without another."""
    has_earlier = (data_dir / CATALOGUE[EARLIER].file_name).is_file()
    names = (name for name in REFERENCE_SETS if name != EARLIER or has_earlier)
    return {name: ReferenceSet(name, read_graphs(name, data_dir)) for name in names}


def training_formulas(datasets: Iterable[str], split: int, sets: Sets) -> set[str]:
    """Return the reduced formulas on the training side of these data sets in this split."""
    formulas: set[str] = set()
    for name in datasets:
        formulas.update(sets[name].formulas[~sets[name].validation(split)])
    return formulas
