"""The members of an ensemble, evaluated together."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.architecture import Weights
from models.batch import join_graphs
from models.errors import DamagedEnsemble
from models.graph import CrystalGraph, crystal_graph
from models.manifest import WEIGHTS, Manifest, manifest_digest, read_manifest
from models.network import forward
from models.tensors import BATCH_SIGNATURE
from models.transform import TargetTransform, decode_members
from models.weights import load_weights

MAX_BONDS = 10_000  # inequivalent bonds in one batch; bounds the memory of a forward pass


class Predictor:
    """Members' weights, each [n_members, *shape], and transforms; safe to use from several threads."""

    def __init__(self, weights: Weights, transforms: Sequence[TargetTransform]) -> None:
        self._transforms = tuple(transforms)
        constants = {name: tf.constant(value) for name, value in weights.items()}
        self._forward: Any = tf.function(
            lambda batch: forward(constants, batch)[:, :, 0], input_signature=[BATCH_SIGNATURE]
        )

    def ltc(self, graphs: Sequence[CrystalGraph]) -> NDArray[np.float64]:
        """Return the LTC [n_crystals, n_members] in W/(m K); empty for no graphs.

        A crystal's answer does not depend on the others it is computed with.
        """
        if not graphs:
            return np.empty((0, len(self._transforms)))
        targets = [self._forward(join_graphs(group)).numpy() for group in _groups(graphs)]
        return decode_members(self._transforms, np.concatenate(targets, axis=1)).T


class Ensemble:
    """An ensemble from its folder, ready to predict; safe to use from several threads."""

    def __init__(self, manifest: Manifest, digest: str, predictor: Predictor) -> None:
        self.manifest = manifest
        self.digest = digest
        self._predictor = predictor

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Return the ensemble in `directory`; DamagedEnsemble when it differs from its manifest."""
        manifest = read_manifest(directory)
        weights = load_weights(
            directory / WEIGHTS, manifest.network.architecture(), len(manifest.members)
        )
        transforms = [member.transform.transform() for member in manifest.members]
        return cls(manifest, manifest_digest(directory), Predictor(weights, transforms))

    @property
    def name(self) -> str:
        """The ensemble's name."""
        return self.manifest.name

    def predict(self, graphs: Sequence[CrystalGraph]) -> NDArray[np.float64]:
        """Return the LTC [n_crystals, n_members] in W/(m K) at 300 K; empty for no graphs."""
        return self._predictor.ltc(graphs)

    def check_golden(self) -> None:
        """Predict the manifest's golden crystal; DamagedEnsemble when a member's answer differs."""
        golden = self.manifest.golden
        found = self.predict([crystal_graph(golden.cell.structure())])[0]
        expected = np.array(golden.members)
        if not np.allclose(found, expected, rtol=golden.tolerance, atol=0):
            raise DamagedEnsemble(
                f"{self.name} predicts {found} W/(m K) for its golden crystal, not {expected}; "
                "check the versions of TensorFlow and pymatgen against its manifest."
            )


def _groups(graphs: Sequence[CrystalGraph]) -> Iterator[list[CrystalGraph]]:
    """Yield the graphs in order, in groups of at most MAX_BONDS bonds (or one graph)."""
    group: list[CrystalGraph] = []
    n_bonds = 0
    for graph in graphs:
        if group and n_bonds + graph.n_bonds > MAX_BONDS:
            yield group
            group, n_bonds = [], 0
        group.append(graph)
        n_bonds += graph.n_bonds
    yield group
