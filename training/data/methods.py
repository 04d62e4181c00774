"""Methods of references that have a process of their own beside the shared one."""

import numpy as np
from numpy.typing import NDArray

from models.network.heads import METHODS
from training.data.graphs import GraphDataset

METHOD_DATASETS = {"ltc_phono3py": "dataset1", "ltc_half_heusler": "dataset2"}

Masks = NDArray[np.bool_]


def method_masks(data: GraphDataset) -> Masks:
    """Return which references [n_methods, n_crystals] are of each of `METHODS`."""
    owners = np.array(data.owners())
    return np.stack([owners == METHOD_DATASETS[method] for method in METHODS])
