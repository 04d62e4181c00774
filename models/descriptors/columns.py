"""Statistics over sites of site descriptors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.smooth import Floats, soft_extreme

STATISTICS = ("mean", "min", "max", "positive", "heavy")


@dataclass(frozen=True)
class SiteWeights:
    """How much each site [n] counts: by number, by how electropositive, and by how heavy it is."""

    share: Floats
    positive: Floats
    heavy: Floats


def statistics(columns: Floats, width: Floats, weights: SiteWeights) -> Floats:
    """Return mean, soft minimum, soft maximum and weighted means [5 * n_columns] over sites."""
    share = weights.share
    return np.concatenate(
        [
            share @ columns,
            soft_extreme(columns, share, width, -1),
            soft_extreme(columns, share, width, +1),
            weights.positive @ columns,
            weights.heavy @ columns,
        ]
    )


def statistic_names(widths: Mapping[str, float]) -> tuple[str, ...]:
    """Return the names of what `statistics` returns."""
    return tuple(f"{name}_{kind}" for kind in STATISTICS for name in widths)
