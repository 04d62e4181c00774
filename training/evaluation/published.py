"""The paper's Table I and its metric (arXiv 2411.18259 and its code).

Labels are standardised with their own data set's constants and taken back, like the predictions,
with the model's: unless the two agree the figure is no error in W/(m K).
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import DataError
from models.network.transform import TargetTransform
from training.data.catalogue import PAPER_TABLE_FILE
from training.evaluation.outputs import MemberOutputs
from training.evaluation.reference import ReferenceSet
from training.fit.targets import published_ltc

Numbers = NDArray[np.float64]


class PublishedCell(BaseModel):
    """Mean and standard deviation of a cell of Table I, MAPE as a fraction."""

    model_config = ConfigDict(frozen=True)

    mean: float
    std: float


class PublishedTable(BaseModel):
    """Table I, and the nine runs published with the code, both by stage, training and test set."""

    model_config = ConfigDict(frozen=True)

    table: Mapping[str, Mapping[str, Mapping[str, PublishedCell]]]
    per_split: Mapping[str, Mapping[str, Mapping[str, tuple[float, ...]]]]


def read_published_table(data_dir: Path) -> PublishedTable:
    """Return Table I from the data directory; DataError when it is not there or is another file."""
    path = data_dir / PAPER_TABLE_FILE
    try:
        return PublishedTable.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError) as error:
        raise DataError(f"{path} is not the paper's Table I: {error}") from error


def published_errors(outputs: MemberOutputs, reference: ReferenceSet) -> Numbers:
    """Return the published MAPE [n_members], each on its split's validation rows."""
    errors = []
    rows = zip(outputs.splits, outputs.transforms, outputs.on(reference), strict=True)
    for split, transform, target in rows:
        labels = published_ltc(reference.ltc, reference.data.parts, transform)
        errors.append(_mape(labels, _unbounded(transform, target), reference, split))
    return np.array(errors)


def published_scale_errors(
    ltc: Numbers, splits: tuple[int, ...], reference: ReferenceSet, scale: TargetTransform
) -> Numbers:
    """Return the MAPE [n_members] of LTC [n_members, n_crystals, W/(m K)] on the published scale.

    The LTC and their references are taken from their data set's constants to those of `scale`.
    """
    labels = published_ltc(reference.ltc, reference.data.parts, scale)
    moved = np.empty_like(ltc)
    for _, rows, own in reference.own_constants():
        moved[:, rows] = _unbounded(scale, own.encode(ltc[:, rows]))
    values = zip(splits, moved, strict=True)
    return np.array([_mape(labels, member, reference, split) for split, member in values])


def _unbounded(transform: TargetTransform, target: Numbers) -> Numbers:
    """Return LTC without the lower bound of our own transform: the published code has none."""
    ltc: Numbers = 10 ** (target * transform.std + transform.mean) - 1
    return ltc


def _mape(labels: Numbers, predicted: Numbers, reference: ReferenceSet, split: int) -> float:
    rows = reference.validation(split)
    # Stretched labels can fall below zero; the published code divides by their absolute value.
    return float(np.mean(np.abs((predicted - labels) / labels)[rows]))
