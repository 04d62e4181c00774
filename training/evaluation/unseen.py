"""Held-out predictions, by split or by formula."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training.evaluation.outputs import MemberOutputs
from training.evaluation.reference import ReferenceSet, training_formulas
from training.scoring.held_out import HeldOut

View = Literal["split", "new formula"]
VIEWS: tuple[View, ...] = ("split", "new formula")


def unseen_predictions(
    outputs: MemberOutputs, reference: ReferenceSet, sets: Mapping[str, ReferenceSet], view: View
) -> HeldOut:
    """Return the members' LTC for a reference set, and which of it counts.

    `split`: the crystals that the member's split keeps from training. `new formula`: of these,
    the crystals whose reduced formula is in the training rows of none of the member's stages.
    """
    unseen = np.array([reference.held_out(split, outputs.split, sets) for split in outputs.splits])
    if view == "new formula" and outputs.split.kind == "published":
        unseen &= ~_seen_formulas(outputs, reference, sets)
    return HeldOut(outputs.ltc(reference, sets), unseen)


def _seen_formulas(
    outputs: MemberOutputs, reference: ReferenceSet, sets: Mapping[str, ReferenceSet]
) -> NDArray[np.bool_]:
    return np.array(
        [
            np.isin(reference.formulas, list(training_formulas(outputs.chain, split, sets)))
            for split in outputs.splits
        ]
    )
