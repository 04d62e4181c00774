"""The quantities a network can be trained on at once, and which label of which data set each is.

Labels of one quantity from methods that disagree are kept as outputs of their own: AFLOW's AGL
estimates, and Dataset2's half-Heusler calculations, which differ from Phonix's of the same crystals
by 38 % in the mean.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.errors import DataError
from models.network.transform import TargetTransform
from training.data.catalogue import known_outputs, label_of
from training.data.datasets import LabelledCrystal
from training.data.splits import Rows

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


def remember(
    table: Labels,
    outputs: Sequence[str],
    weights: Mapping[str, float],
    answers: Callable[[], Labels],
) -> Labels:
    """Return the references with `answers` for outputs that weigh but have no reference at all.

    Answers [n_crystals, n_outputs], in their units, of the stage before: what it learned is not
    forgotten over other data. Source: Li and Hoiem, Learning without Forgetting (arXiv 1606.09282).
    """
    known = np.isfinite(table).sum(axis=0).tolist()
    columns = [i for i, name in enumerate(outputs) if not known[i] and weights.get(name, 0.0) > 0]
    if not columns:
        return table
    filled = table.copy()
    filled[:, columns] = answers()[:, columns]
    return filled


def fit_transforms(
    table: Labels, training_rows: Rows, parent: Sequence[TargetTransform] | None
) -> tuple[TargetTransform, ...]:
    """Return for each output the transform of its logarithm over the training rows.

    An output without references there keeps its parent's, or the identity for want of one.
    """
    earlier = parent or (TargetTransform(0.0, 1.0, 0.0),) * table.shape[1]
    columns = (column[np.isfinite(column)] for column in table[training_rows].T)
    return tuple(
        TargetTransform.fit(column, offset=0.0) if len(column) else inherited
        for column, inherited in zip(columns, earlier, strict=True)
    )


def standardise(table: Labels, transforms: Sequence[TargetTransform]) -> NDArray[np.float32]:
    """Return the standardised logarithms [n_crystals, n_outputs], NaN where there is none."""
    columns = [t.encode(column) for t, column in zip(transforms, table.T, strict=True)]
    return np.stack(columns, axis=1).astype(np.float32)
