"""Nine members with random weights: as fast as trained ones, and always there."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from models.architecture import Architecture, initial_weights
from models.evidence import Reference
from models.graph import CrystalGraph
from models.judgement import Judgement
from models.predictor import Predictor
from models.statistics import summarise
from models.transform import TargetTransform

MEMBERS = 9


class Description(BaseModel):
    """Stands for a manifest."""

    name: str = "random"


class RandomEnsemble:
    """An ensemble for the service without files."""

    def __init__(self) -> None:
        self.name, self.digest = "random", "sha256:random"
        self.manifest: BaseModel = Description()
        self.references: tuple[Reference, ...] = ()
        members = [initial_weights(Architecture(), seed) for seed in range(MEMBERS)]
        weights = {name: np.stack([m[name] for m in members]) for name in members[0]}
        self._predictor = Predictor(weights, [(TargetTransform(1.0, 0.5),)] * MEMBERS)

    def predict(self, graphs: Iterable[CrystalGraph]) -> NDArray[np.float64]:
        """Return the LTC in W/(m K), [n_crystals, n_members]."""
        return self._predictor.ltc(graphs)

    def judge(self, graphs: Sequence[CrystalGraph], fingerprints: Sequence[str]) -> list[Judgement]:
        """Return LTC alone: random weights have no interval and no domain."""
        rows = zip(self.predict(graphs), fingerprints, strict=True)
        return [Judgement(summarise(members), None, None) for members, _ in rows]

    def check_golden(self) -> None:
        """Warm up: there is no golden answer of random weights."""
        from benchmarks.crystals import crystal  # noqa: PLC0415
        from models.graph import crystal_graph  # noqa: PLC0415

        self.predict([crystal_graph(crystal(2, 0))])
