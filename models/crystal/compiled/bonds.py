"""Bonds of one length between equivalent atoms, counted together."""

from typing import Any

import numpy as np

from models.compiling.compiler import entry, inner


@entry
def join_alike(
    center: Any, neighbor: Any, distance: Any, weight: Any, n_sites: Any, same: Any
) -> Any:
    """Return center, neighbor, mean distance and weight [n_kinds] of each kind of bond, in order.

    `center`, `neighbor`, `distance`, `weight` [n_pairs]: of all pairs, those of weight 0 left out.
    Lengths are the same that differ by at most `same` in steps.
    """
    pairs = np.flatnonzero(weight > 0)
    kind, n_levels = _levels(distance[pairs], same)
    for k in range(len(pairs)):
        kind[k] += (center[pairs[k]] * n_sites + neighbor[pairs[k]]) * n_levels
    order = np.argsort(kind, kind="mergesort")
    first, second = np.empty_like(pairs), np.empty_like(pairs)
    length, total = np.zeros(len(pairs)), np.zeros(len(pairs))
    n, last = 0, -1
    for k in order:
        pair = pairs[k]
        if kind[k] != last:
            first[n], second[n], last = center[pair], neighbor[pair], kind[k]
            n += 1
        total[n - 1] += weight[pair]
        length[n - 1] += weight[pair] * distance[pair]
    return first[:n].copy(), second[:n].copy(), length[:n] / total[:n], total[:n].copy()


@inner
def _levels(distance: Any, same: Any) -> Any:
    """Return the rank of each length among different ones, and their number."""
    order = np.argsort(distance, kind="mergesort")
    level = np.empty(len(order), dtype=np.int64)
    rank = 0
    for k in range(len(order)):
        if k and distance[order[k]] - distance[order[k - 1]] > same:
            rank += 1
        level[order[k]] = rank
    return level, rank + 1
