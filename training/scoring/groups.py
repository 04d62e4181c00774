"""Groups of crystals for coverage: by LTC, structure type and data set."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.prediction.calibration import MOST_ELEMENTS
from training.data.graphs import GraphDataset


def coverage_groups(data: GraphDataset) -> Mapping[str, NDArray[np.bool_]]:
    """Return for each group which crystals [n_crystals] are of it.

    Names: `ltc_1_10` for a decade in W/(m K), `type_rocksalt`, `dataset_phonix`.
    """
    labels = {
        "ltc": [_decade(value) for value in data.ltc],
        "type": list(data.types),
        "elements": [
            str(min(len(crystal.structure.elements), MOST_ELEMENTS))
            for crystal in data.dataset.crystals
        ],
        "dataset": data.owners(),
    }
    return {
        f"{kind}_{name}": np.array([value == name for value in values])
        for kind, values in labels.items()
        for name in sorted(set(values))
    }


def _decade(ltc: float) -> str:
    lower = math.floor(math.log10(ltc))
    return f"{10.0**lower:g}_{10.0 ** (lower + 1):g}"
