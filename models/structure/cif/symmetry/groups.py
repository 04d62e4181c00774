"""Groups of symmetry operations: what a list of triplets generates."""

from dataclasses import dataclass
from functools import lru_cache

import gemmi
import numpy as np

from models.errors import UnreadableStructure
from models.structure.cif.symmetry.triplets import (
    Operations,
    as_array,
    as_group,
    as_ops,
    fraction,
    is_closed,
    parsed,
    with_identity,
)

MOST_KEPT = 200  # triplets of a list that is kept; no space group has more than 192
MOST_PRODUCTS = 2000


@dataclass(frozen=True)
class Group:
    """Listed operations, completed to a group, and how many different ones were listed.

    `group`: None where it could not be completed. `symbol`, `number`: of its space group if known.
    """

    operations: Operations
    n_listed: int
    group: gemmi.GroupOps | None
    is_whole: bool
    symbol: str = ""
    number: int = 0


def group_of(triplets: tuple[str, ...]) -> Group:
    """Return the group of listed triplets. Raises UnreadableStructure, StructureTooLarge.

    A list too long for a space group is not kept, lest a few files fill the memory.
    """
    return _kept_group(triplets) if len(triplets) <= MOST_KEPT else _completed(triplets)


@lru_cache(maxsize=128)
def _kept_group(triplets: tuple[str, ...]) -> Group:
    return _completed(triplets)


def _completed(triplets: tuple[str, ...]) -> Group:
    operations = parsed(triplets)
    _, first = np.unique(
        np.round(np.concatenate([operations[:, :, :3].reshape(-1, 9),
                                 operations[:, :, 3] % 1], axis=1), 3), axis=0, return_index=True
    )  # fmt: skip
    n_listed = len(first)
    operations = with_identity(operations[np.sort(first)])
    group = as_group(operations)
    if group is None:
        return Group(operations, n_listed, None, is_closed(operations))
    complete(group)
    whole = len(group.sym_ops) * len(group.cen_ops)
    if whole == len(operations):
        entry = gemmi.find_spacegroup_by_ops(group)
        symbol, number = (entry.hm, entry.number) if entry else ("", 0)
        return Group(operations, n_listed, group, True, symbol, number)  # noqa: FBT003
    return Group(as_array(group), n_listed, group, is_whole=False)


def products(operations: tuple[str, ...], centrings: tuple[str, ...]) -> tuple[str, ...]:
    """Return the triplets of all operations with all centring translations."""
    if len(operations) * len(centrings) > MOST_PRODUCTS:
        raise UnreadableStructure("The magnetic CIF lists too many operations.")
    first, second = with_identity(parsed(operations)), with_identity(parsed(centrings))
    moved = [(o[:, :3], o[:, 3] + c[:, 3]) for c in second for o in first]
    return tuple(
        ",".join(
            "".join(f"{value:+g}{axis}" for value, axis in zip(row, "xyz", strict=True) if value)
            + f"{shift % 1:+.6f}"
            for row, shift in zip(rotation, shifts, strict=True)
        )
        for rotation, shifts in moved
    )


def complete(group: gemmi.GroupOps) -> None:
    """Add the products of a group's operations. Raises UnreadableStructure for too many."""
    try:
        group.add_missing_elements()
    except RuntimeError as error:
        raise UnreadableStructure(
            "The symmetry operations listed are no group: their products have no end; correct "
            "them, or state the space group instead."
        ) from error


def triplet_of(operation: tuple[float, ...]) -> str:
    """Return an operation of 3 x 4 numbers as it is written, such as -y,x-y,z+1/3."""
    rows = np.array(operation).reshape(3, 4)
    rows[:, 3] = [fraction(shift) % 1 for shift in rows[:, 3]]
    found = as_ops(rows[None])
    return found[0].triplet() if found else "others"
