"""Bonded parts of a crystal, followed from site to site."""

from typing import Any

import numpy as np

from models.compiling.compiler import entry, inner

FRAMEWORK = 3


@entry
def largest_translations(first: Any, neighbor: Any, image: Any) -> Any:
    """Return independent translations [n, 3] along the bonds of the part that has most of them.

    `first` [n_sites + 1]: where each site's bonds begin; `neighbor` [n_bonds], `image`
    [n_bonds, 3]: the bonded site and the cell that it lies in. The search ends at three
    translations: then the rest cannot add any.
    """
    n_sites = len(first) - 1
    place = np.zeros((n_sites, 3), dtype=np.int64)
    seen = np.zeros(n_sites, dtype=np.bool_)
    waiting = np.empty(n_sites, dtype=np.int64)
    most = np.empty((0, 3), dtype=np.int64)
    for site in range(n_sites):
        if not seen[site]:
            found = _follow(site, first, neighbor, image, place, seen, waiting)
            if len(found) > len(most):
                most = found
            if len(most) == FRAMEWORK:
                break
    return most


@inner
def _follow(
    start: Any, first: Any, neighbor: Any, image: Any, place: Any, seen: Any, waiting: Any
) -> Any:
    """Return the translations of one part; write where its sites lie."""
    found = np.zeros((FRAMEWORK, 3), dtype=np.int64)
    step = np.empty(3, dtype=np.int64)
    rank, n_waiting = 0, 1
    waiting[0], seen[start] = start, True
    while n_waiting:
        n_waiting -= 1
        site = waiting[n_waiting]
        for bond in range(first[site], first[site + 1]):
            other = neighbor[bond]
            for a in range(3):
                step[a] = place[site, a] + image[bond, a]
            if not seen[other]:
                place[other], seen[other] = step, True
                waiting[n_waiting] = other
                n_waiting += 1
                continue
            step -= place[other]
            if _is_independent(found, rank, step):
                found[rank] = step
                rank += 1
                if rank == FRAMEWORK:
                    return found
    return found[:rank].copy()


@inner
def _is_independent(found: Any, rank: Any, step: Any) -> Any:
    """Return whether a translation is no sum of multiples of those found."""
    if rank == 0:
        return step.any()
    a = found[0]
    if rank == 1:
        return (
            a[1] * step[2] != a[2] * step[1]
            or a[2] * step[0] != a[0] * step[2]
            or a[0] * step[1] != a[1] * step[0]
        )
    b = found[1]
    normal_x = a[1] * b[2] - a[2] * b[1]
    normal_y = a[2] * b[0] - a[0] * b[2]
    normal_z = a[0] * b[1] - a[1] * b[0]
    return normal_x * step[0] + normal_y * step[1] + normal_z * step[2] != 0
