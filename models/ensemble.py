"""The members of an ensemble, evaluated together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from pymatgen.core import Element

from models.architecture import Weights
from models.batch import MAX_BONDS, CrystalBatch, join_graphs
from models.domain import assess
from models.errors import DamagedEnsemble
from models.evidence import Evidence, load_evidence
from models.graph import CrystalGraph, crystal_graph
from models.judgement import Judgement
from models.manifest import WEIGHTS, Manifest, manifest_digest, read_manifest
from models.network import embed_crystals, read_out
from models.statistics import Interval, summarise
from models.tensors import BATCH_SIGNATURE
from models.transform import TargetTransform, decode_members
from models.weights import load_weights


@dataclass(frozen=True)
class Outputs:
    """LTC [n_crystals, n_members] in W/(m K), embeddings [n_crystals, n_members, width]."""

    ltc: NDArray[np.float64]
    embeddings: NDArray[np.float32]


class Predictor:
    """Members' weights, each [n_members, *shape], and transforms; may be used from any thread."""

    def __init__(self, weights: Weights, transforms: Sequence[TargetTransform]) -> None:
        self._transforms = tuple(transforms)
        constants = {name: tf.constant(value) for name, value in weights.items()}

        def outputs(batch: CrystalBatch) -> tuple[tf.Tensor, tf.Tensor]:
            embeddings = embed_crystals(constants, batch)
            return read_out(constants, embeddings, batch)[:, :, 0], embeddings

        self._forward: Any = tf.function(outputs, input_signature=[BATCH_SIGNATURE])

    def ltc(self, graphs: Sequence[CrystalGraph]) -> NDArray[np.float64]:
        """Return the LTC [n_crystals, n_members] in W/(m K); empty for no graphs."""
        return self.outputs(graphs).ltc

    def outputs(self, graphs: Sequence[CrystalGraph]) -> Outputs:
        """Return LTC and embeddings; empty for no graphs.

        A crystal's answer does not depend on the others it is computed with.
        """
        n_members = len(self._transforms)
        if not graphs:
            return Outputs(np.empty((0, n_members)), np.empty((0, n_members, 0), dtype=np.float32))
        parts = [self._forward(join_graphs(group)) for group in _groups(graphs)]
        targets = np.concatenate([part[0].numpy() for part in parts], axis=1)
        embeddings = np.concatenate([part[1].numpy() for part in parts], axis=1)
        ltc = decode_members(self._transforms, targets).T
        return Outputs(ltc, embeddings.transpose(1, 0, 2))


class Ensemble:
    """An ensemble from its folder, ready to predict; may be used from any thread."""

    def __init__(
        self,
        manifest: Manifest,
        digest: str,
        predictor: Predictor,
        evidence: Evidence | None = None,
    ) -> None:
        self.manifest = manifest
        self.digest = digest
        self._predictor = predictor
        self._evidence = evidence

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Return the ensemble in `directory`; DamagedEnsemble when it differs from its manifest."""
        manifest = read_manifest(directory)
        n_members = len(manifest.members)
        weights = load_weights(directory / WEIGHTS, manifest.network.architecture(), n_members)
        transforms = [member.transform.transform() for member in manifest.members]
        predictor = Predictor(weights, transforms)
        evidence = load_evidence(directory, n_members)
        return cls(manifest, manifest_digest(directory), predictor, evidence)

    @property
    def name(self) -> str:
        """The ensemble's name."""
        return self.manifest.name

    def predict(self, graphs: Sequence[CrystalGraph]) -> NDArray[np.float64]:
        """Return the LTC [n_crystals, n_members] in W/(m K) at 300 K; empty for no graphs."""
        return self._predictor.ltc(graphs)

    def judge(self, graphs: Sequence[CrystalGraph], fingerprints: Sequence[str]) -> list[Judgement]:
        """Return what the ensemble says of each crystal: LTC, interval, domain; empty for none.

        Raises DamagedEnsemble when a member gives no finite number.
        """
        outputs = self._predictor.outputs(graphs)
        rows = zip(graphs, fingerprints, outputs.ltc, outputs.embeddings, strict=True)
        return [self._judge(*row) for row in rows]

    def _judge(
        self,
        graph: CrystalGraph,
        fingerprint: str,
        members: NDArray[np.float64],
        embedding: NDArray[np.float32],
    ) -> Judgement:
        summary = summarise(members)
        if self._evidence is None:
            return Judgement(summary, None, None)
        symbols = {Element.from_Z(int(number)).symbol for number in graph.species}
        unknown = sorted(symbols - set(self.manifest.elements))
        assessment = assess(self._evidence, embedding, unknown, fingerprint)
        calibration = self._evidence.calibration
        factor = 10 ** calibration.half_width(assessment.distance)
        interval = Interval(calibration.level, summary.mean / factor, summary.mean * factor)
        return Judgement(summary, interval, assessment)

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
