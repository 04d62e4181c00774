"""References of crystals by output, as a network or a process is trained on them."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.errors import DataError
from training.data.catalogue import known_outputs, label_of
from training.data.datasets import LabelledCrystal

MOST_IMAGINARY = 1e-3  # of the modes; with more, means over the modes tell nothing
OF_UNSTABLE = frozenset(  # what does not depend on the soft modes
    {
        *("max_frequency", "self_force_constant_mean", "self_force_constant_min"),
        "max_pair_force_constant",
    }
)
SMALLEST = {"gruneisen": 0.1, "shear_modulus": 0.1}  # outliers below do not bend the logarithm

Labels = NDArray[np.float64]


def label_table(
    crystals: Sequence[LabelledCrystal], owners: Sequence[str], outputs: Sequence[str]
) -> Labels:
    """Return the references [n_crystals, n_outputs] in their units, NaN where there is none.

    `owners` are the data sets the crystals come from. Raises DataError for an unknown output.
    """
    known = known_outputs()
    for output in outputs:
        if output not in known:
            raise DataError(f"No output {output}; choose from {', '.join(known)}.")
    table = np.full((len(crystals), len(outputs)), np.nan)
    for row, (crystal, owner) in enumerate(zip(crystals, owners, strict=True)):
        for column, output in enumerate(outputs):
            table[row, column] = _reference(output, owner, crystal.labels)
    return table


def _reference(output: str, owner: str, labels: Mapping[str, float]) -> float:
    """Return the reference for an output, NaN where there is none that has a logarithm."""
    label = label_of(output, owner)
    value = labels.get(label, math.nan) if label else math.nan
    unstable = labels.get("imaginary_fraction", 0.0) > MOST_IMAGINARY and label not in OF_UNSTABLE
    return max(value, SMALLEST.get(output, 0.0)) if value > 0 and not unstable else math.nan
