"""Neighbors and elements as compiled code takes them."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from models.compiling.compiler import inlined
from models.crystal.neighbors import Neighbors
from models.descriptors.elements import element_property
from models.smooth import Floats, Ints


class Pairs(NamedTuple):
    """What `Neighbors` holds; `first` [n_sites + 1] ends with the number of pairs."""

    number: Ints
    share: Floats
    nearest: Floats
    first: Ints
    neighbor: Ints
    distance: Floats
    direction: Floats
    weight: Floats


class Elements(NamedTuple):
    """Properties of the elements [95] by atomic number: u, A, electrons."""

    mass: Floats
    radius: Floats
    negativity: Floats
    valence: Floats


def pairs_of(neighbors: Neighbors) -> Pairs:
    """Return the neighbors of a crystal."""
    return Pairs(
        number=neighbors.number,
        share=neighbors.share,
        nearest=neighbors.nearest,
        first=np.append(neighbors.first, len(neighbors.distance)),
        neighbor=neighbors.neighbor,
        distance=neighbors.distance,
        direction=neighbors.direction,
        weight=neighbors.weight,
    )


@cache
def elements() -> Elements:
    """Return the properties of all elements."""
    return Elements(
        mass=10 ** element_property("mass"),
        radius=element_property("radius"),
        negativity=element_property("electronegativity"),
        valence=element_property("valence"),
    )


@inlined
def magnitude(square: Any, noise: Any) -> Any:
    """Return `models.smooth.magnitude` of one number."""
    return np.sqrt(max(square, 0.0) + noise * noise) - noise
