"""Groups of crystals that an interval should cover alike: by LTC, structure type and data set."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.graph import CrystalGraph
from models.predictor import is_half_heusler
from training.graphs import GraphDataset

# (space group, sites in the primitive cell, elements) -> structure type
STRUCTURE_TYPES = {
    (225, 2, 2): "rocksalt",
    (216, 2, 2): "zincblende",
    (186, 4, 2): "wurtzite",
    (227, 2, 1): "diamond",
    (221, 5, 3): "perovskite",
    (225, 3, 2): "fluorite",
    (225, 4, 3): "full_heusler",
}
OTHER = "other_types"


def coverage_groups(data: GraphDataset) -> Mapping[str, NDArray[np.bool_]]:
    """Return for each group which crystals [n_crystals] are of it.

    Names: `ltc_1_10` for a decade in W/(m K), `type_rocksalt`, `dataset_phonix`.
    """
    labels = {
        "ltc": [_decade(value) for value in data.ltc],
        "type": [structure_type(graph) for graph in data.graphs],
        "dataset": data.owners(),
    }
    return {
        f"{kind}_{name}": np.array([value == name for value in values])
        for kind, values in labels.items()
        for name in sorted(set(values))
    }


def structure_type(graph: CrystalGraph) -> str:
    """Return the name of the crystal's structure type, told by symmetry and size of the cell."""
    if is_half_heusler(graph):
        return "half_heusler"
    n_elements = len(np.unique(graph.species))
    key = (graph.symmetry.number, graph.symmetry.n_primitive, n_elements)
    return STRUCTURE_TYPES.get(key, OTHER)


def _decade(ltc: float) -> str:
    lower = math.floor(math.log10(ltc))
    return f"{10.0**lower:g}_{10.0 ** (lower + 1):g}"
