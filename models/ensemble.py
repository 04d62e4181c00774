"""An ensemble: its members, its evidence, and what they say of crystals."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.crystal.graph import CrystalGraph, crystal_graph, reduced_formula, symbols
from models.errors import DamagedEnsemble
from models.manifest import PROCESS, WEIGHTS, Manifest, manifest_digest, read_manifest
from models.network.weights import load_weights
from models.prediction.domain import Asked, Assessment, assess
from models.prediction.evidence import Calibration, Evidence, Reference, load_evidence
from models.prediction.gaussian_process import Process
from models.prediction.judgement import Judgement
from models.prediction.members import Outputs, Predictor
from models.prediction.second_opinion import second_opinion
from models.prediction.statistics import Interval, summarise
from models.prediction.warnings import cautions


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
        process = Process.load(directory / PROCESS, n_members) if manifest.has_process else None
        names = manifest.network.outputs
        predictor = Predictor(weights, manifest.transforms(), names, process)
        evidence = load_evidence(directory, n_members) if manifest.has_evidence else None
        return cls(manifest, manifest_digest(directory), predictor, evidence)

    @property
    def name(self) -> str:
        """The ensemble's name."""
        return self.manifest.name

    @property
    def references(self) -> tuple[Reference, ...]:
        """The crystals its LTC was learned from; empty where it has no evidence."""
        return self._evidence.references if self._evidence else ()

    def predict(self, graphs: Iterable[CrystalGraph]) -> NDArray[np.float64]:
        """Return the LTC [n_crystals, n_members] in W/(m K) at 300 K; empty for no graphs."""
        return self._predictor.ltc(graphs)

    def judge(self, graphs: Sequence[CrystalGraph], fingerprints: Sequence[str]) -> list[Judgement]:
        """Return what the ensemble says of each crystal: LTC, interval, domain; empty for none.

        Raises DamagedEnsemble when a member gives no finite number.
        """
        outputs = self._predictor.outputs(graphs)
        return [
            self._judge(graph, fingerprint, outputs, row)
            for row, (graph, fingerprint) in enumerate(zip(graphs, fingerprints, strict=True))
        ]

    def _judge(
        self, graph: CrystalGraph, fingerprint: str, outputs: Outputs, row: int
    ) -> Judgement:
        summary = summarise(outputs.ltc[row])
        opinion = second_opinion(graph, outputs.geometric_means(row))
        notes = cautions(graph, summary.mean, opinion)
        if self._evidence is None:
            return Judgement(summary, second_opinion=opinion, cautions=notes)
        asked = self._asked(graph, fingerprint, outputs, row)
        assessment = assess(self._evidence, asked)
        interval = _interval(self._evidence.calibration, summary.mean, assessment)
        return Judgement(summary, interval, assessment, opinion, notes)

    def _asked(self, graph: CrystalGraph, fingerprint: str, outputs: Outputs, row: int) -> Asked:
        return Asked(
            formula=reduced_formula(graph),
            fingerprint=fingerprint,
            embedding=outputs.embeddings[row],
            disagreement=float(outputs.disagreement[row].mean()),
            unknown_elements=sorted(set(symbols(graph)) - set(self.manifest.elements)),
        )

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


def _interval(calibration: Calibration, ltc: float, assessment: Assessment) -> Interval:
    factor = 10 ** calibration.half_width(assessment.expected_error)
    return Interval(calibration.level, ltc / factor, ltc * factor)
