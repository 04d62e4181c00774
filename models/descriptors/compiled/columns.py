"""Statistics over sites of site descriptors."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from models.compiling.compiler import entry, inner
from models.smooth import Floats

UNLIKE = 4.0  # squared difference of sites of two elements
STATISTICS = ("mean", "min", "max", "positive", "heavy")


class SiteWeights(NamedTuple):
    """How much each site [n] counts: by number, by how electropositive, and by how heavy it is."""

    share: Floats
    positive: Floats
    heavy: Floats


@entry
def statistics(columns: Any, width: Any, weights: Any) -> Any:
    """Return mean, soft minimum, soft maximum and weighted means [5 * n_columns] over sites.

    `columns` [n_sites, n_columns]; `width` [n_columns] of the soft extremes; `weights`:
    `SiteWeights`.
    """
    n_sites, n_columns = columns.shape
    found = np.zeros((len(STATISTICS), n_columns))
    for column in range(n_columns):
        for site in range(n_sites):
            value = columns[site, column]
            found[0, column] += weights.share[site] * value
            found[3, column] += weights.positive[site] * value
            found[4, column] += weights.heavy[site] * value
        found[1, column] = _soft_extreme(columns[:, column], weights.share, width[column], -1)
        found[2, column] = _soft_extreme(columns[:, column], weights.share, width[column], 1)
    return found.ravel()


@inner
def _soft_extreme(values: Any, share: Any, width: Any, sign: Any) -> Any:
    """Return the soft minimum (`sign` -1) or maximum (+1) of values [n_sites].

    A Boltzmann average: sites whose value is more than a few `width` off the extreme do not count.
    `share` [n_sites]: how much a site counts.
    """
    extreme = (sign * values).max()
    total, whole = 0.0, 0.0
    for site in range(len(values)):
        weight = share[site] * np.exp((sign * values[site] - extreme) / width)
        total += weight * values[site]
        whole += weight
    return total / whole


@entry
def n_environments(columns: Any, width: Any, share: Any, number: Any) -> Any:
    """Return how many kinds of site there are, alike ones counted in part.

    Sites of one kind differ by some `width` [n_columns] at most, and are of one element.
    """
    n_sites, n_columns = columns.shape
    alike = 0.0
    for one in range(n_sites):
        for other in range(n_sites):
            square = 0.0
            for column in range(n_columns):
                apart = (columns[one, column] - columns[other, column]) / width[column]
                square += apart * apart
            square /= n_columns
            if number[one] != number[other]:
                square += UNLIKE
            alike += share[one] * share[other] * np.exp(-square)
    return 1 / alike


def statistic_names(widths: Mapping[str, float]) -> tuple[str, ...]:
    """Return the names of what `statistics` returns."""
    return tuple(f"{name}_{kind}" for kind in STATISTICS for name in widths)
