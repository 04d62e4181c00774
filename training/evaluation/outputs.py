"""Predictions of an ensemble's or baseline's members for every reference crystal.

Kept in one small file for each ensemble, so that the report can be made again where the weights
(16 MB an ensemble) are not at hand; where they are, the answers are checked against their digest.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import DataError
from models.manifest import Protocol
from models.network.transform import TargetTransform, decode_members
from training.config import HELD_OUT, PUBLISHED, SplitSettings
from training.data.catalogue import MIX, parts_of
from training.evaluation.reference import ReferenceSet
from training.fit.network.checkpoint import EpochRecord

Numbers = NDArray[np.float64]
SUFFIX = ".npz"
_EARLIER_SPLITS: Mapping[str, dict[str, Any]] = {  # of outputs kept before they named the sets
    "published": {"kind": "published"},
    "grouped": {"kind": "grouped", "dealt": ("dataset1", "dataset2", "phonix", "aflow")},
}


@dataclass(frozen=True)
class MemberOutputs:
    """The members' standardised targets for the reference sets, and what they were trained on.

    `targets`: by data set without MIX, each [n_members, n_crystals], NaN where not predicted.
    `chain`: the data sets trained on, first to last stage. `digest`: of weights and data.
    """

    name: str
    preset: str
    protocol: Protocol
    chain: tuple[str, ...]
    splits: tuple[int, ...]
    transforms: tuple[TargetTransform, ...]
    targets: Mapping[str, Numbers]
    digest: str
    histories: tuple[tuple[EpochRecord, ...], ...] = ()
    split: SplitSettings = PUBLISHED

    @property
    def trained_on(self) -> str:
        """The data set of the last stage."""
        return self.chain[-1]

    def on(self, reference: ReferenceSet) -> Numbers:
        """Return the standardised targets [n_members, n_crystals] for a reference set."""
        return np.concatenate([self.targets[part] for part in parts_of(reference.name)], axis=1)

    def covers(self, reference: ReferenceSet) -> bool:
        """Return whether the members' answers for a reference set are here."""
        return all(part in self.targets for part in parts_of(reference.name))

    def ltc(self, reference: ReferenceSet, sets: Mapping[str, ReferenceSet]) -> Numbers:
        """Return the LTC [n_members, n_crystals] in W/(m K).

        The published procedure fits labels standardised with each data set's own constants,
        whatever constants it then carries along: an answer is taken back to W/(m K) with those of
        the crystal's own data set where the member was trained on it, else with those of the whole
        training set.
        """
        targets = self.on(reference)
        if self.protocol == HELD_OUT:
            return decode_members(self.transforms, targets)
        whole = TargetTransform.fit(sets[self.trained_on].ltc)
        ltc = np.empty_like(targets)
        for name, rows, own in reference.own_constants():
            known = name in parts_of(self.trained_on)
            ltc[:, rows] = (own if known else whole).decode(targets[:, rows])
        return ltc


def write_outputs(outputs: MemberOutputs, directory: Path) -> None:
    """Write the outputs to `directory`/preset/name.npz."""
    path = directory / outputs.preset / (outputs.name + SUFFIX)
    path.parent.mkdir(parents=True, exist_ok=True)
    about = asdict(outputs)
    targets = about.pop("targets")
    arrays = {name: np.asarray(value, dtype=np.float32) for name, value in targets.items()}
    text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    np.savez_compressed(path, allow_pickle=False, about=text, **arrays)


def read_outputs(path: Path) -> MemberOutputs:
    """Return the outputs in a file; DataError where it holds none."""
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            targets = {n: file[n].astype(np.float64) for n in file.files if n != "about"}
        return MemberOutputs(**_typed(about), targets=targets)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} holds no outputs of an ensemble ({error}); remove it.") from error


def _typed(about: dict[str, Any]) -> dict[str, Any]:
    histories = (tuple(EpochRecord(**epoch) for epoch in member) for member in about["histories"])
    split = about.pop("split", None) or _EARLIER_SPLITS[about.pop("splitting")]
    return about | {
        "split": SplitSettings(**split),
        "chain": tuple(about["chain"]),
        "splits": tuple(about["splits"]),
        "transforms": tuple(TargetTransform(**record) for record in about["transforms"]),
        "histories": tuple(histories),
    }


def read_all_outputs(directory: Path) -> dict[tuple[str, str], MemberOutputs]:
    """Return all outputs below `directory` by preset and name, in that order."""
    found: Sequence[Path] = sorted(directory.glob(f"*/*{SUFFIX}"))
    return {(path.parent.name, path.stem): read_outputs(path) for path in found}


def single_sets(sets: Mapping[str, ReferenceSet]) -> Mapping[str, ReferenceSet]:
    """Return the sets that members predict: MIX follows from its parts."""
    return {name: reference for name, reference in sets.items() if name != MIX}
