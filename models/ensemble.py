"""An ensemble: a folder of weights and evidence; crystals in, predictions out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.crystal.crystal import Crystal
from models.errors import DamagedEnsemble
from models.manifest import HEADS, PROCESS, WEIGHTS, Manifest, manifest_digest, read_manifest
from models.network.batch import NetworkInput
from models.network.heads import Heads
from models.network.weights import load_weights
from models.prediction.calibration import Calibration, interval_groups
from models.prediction.description import describe_number
from models.prediction.domain import Assessment, Query, assess
from models.prediction.engine import COMPILED, EngineName
from models.prediction.evidence import Evidence, load_evidence
from models.prediction.gaussian_process import Process
from models.prediction.members import Members, Outputs
from models.prediction.result import Interval, Ltc, Prediction, Reference
from models.prediction.second_opinion import estimate
from models.prediction.statistics import summarise
from models.prediction.warnings import find_contradictions, find_warnings


class Ensemble:
    """An ensemble from its folder, ready to predict; may be used from any thread."""

    def __init__(
        self,
        manifest: Manifest,
        digest: str,
        members: Members,
        evidence: Evidence | None = None,
    ) -> None:
        self.manifest = manifest
        self.digest = digest
        self._members = members
        self._evidence = evidence

    @classmethod
    def load(cls, directory: Path, engine: EngineName = COMPILED) -> Self:
        """Return the ensemble in `directory`; DamagedEnsemble when it differs from its manifest."""
        manifest = read_manifest(directory)
        n_members = len(manifest.members)
        heads = Heads.load(directory / HEADS, n_members) if manifest.has_heads else None
        process = Process.load(directory / PROCESS, n_members) if manifest.has_process else None
        members = Members(
            load_weights(directory / WEIGHTS, manifest.network.architecture(), n_members),
            manifest.transforms(),
            manifest.network.outputs,
            heads=heads,
            process=process,
            inputs=manifest.inputs(),
            policy=manifest.answers,
            engine=engine,
        )
        embedded = not manifest.has_process
        evidence = (
            load_evidence(directory, n_members, embedded=embedded)
            if manifest.has_evidence
            else None
        )
        _check_sizes(directory, manifest, heads, process, evidence)
        return cls(manifest, manifest_digest(directory), members, evidence)

    @property
    def name(self) -> str:
        """The ensemble's name."""
        return self.manifest.name

    @property
    def references(self) -> tuple[Reference, ...]:
        """The crystals its LTC was learned from; empty where it has no evidence."""
        return self._evidence.references if self._evidence else ()

    def ltc(self, crystals: Sequence[Crystal]) -> NDArray[np.float64]:
        """Return the LTC [n_crystals, n_members] in W/(m K) at 300 K; empty for no crystals."""
        return self._members.ltc(crystals)

    def compute(self, inputs: Sequence[NetworkInput], types: Sequence[str]) -> Outputs:
        """Return the outputs for prepared crystals of these structure types [n_crystals]."""
        return self._members.compute(inputs, types)

    def predict(self, crystals: Sequence[Crystal]) -> list[Prediction]:
        """Return the prediction for each crystal: LTC, interval, domain; empty for none.

        Raises DamagedEnsemble when a member gives no finite number.
        """
        outputs = self._members.outputs(crystals)
        summaries = summarise(outputs.ltc)
        return [
            self._predict(crystal, outputs, row, ltc)
            for row, (crystal, ltc) in enumerate(zip(crystals, summaries, strict=True))
        ]

    def _predict(self, crystal: Crystal, outputs: Outputs, row: int, ltc: Ltc) -> Prediction:
        quantities = outputs.geometric_means.items()
        opinion = estimate(crystal, {name: float(values[row]) for name, values in quantities})
        warnings = find_warnings(crystal, ltc.mean, opinion)
        method = self.manifest.method(crystal.structure_type)
        if self._evidence is None:
            number = describe_number(method, None)
            return Prediction(ltc=ltc, second_opinion=opinion, number=number, warnings=warnings)
        assessment = assess(self._evidence, self._query(self._evidence, crystal, outputs, row))
        interval = _interval(self._evidence.calibration, crystal, ltc.mean, assessment)
        return Prediction(
            ltc=ltc.model_copy(update={"interval": interval}),
            domain=assessment.domain,
            second_opinion=opinion,
            number=describe_number(method, assessment.domain.verdict),
            warnings=warnings + find_contradictions(interval, assessment.domain.same_crystal),
        )

    def _query(self, evidence: Evidence, crystal: Crystal, outputs: Outputs, row: int) -> Query:
        return Query(
            formula=crystal.formula,
            prototype=crystal.prototype,
            structure_type=crystal.structure_type,
            volume=crystal.volume,
            distances=_distances(evidence, outputs, row),
            disagreement=float(outputs.disagreement[row].mean()),
            local_error=float(outputs.local_error[row].mean()),
            phonons_known=float(outputs.phonons_known[row]),
            unknown_elements=sorted(set(crystal.symbols) - set(self.manifest.elements)),
        )

    def check_golden(self) -> None:
        """Predict the manifest's golden crystal; DamagedEnsemble when a member's answer differs."""
        golden = self.manifest.golden
        found = self.ltc([Crystal.of(golden.cell.structure())])[0]
        expected = np.array(golden.members)
        if not np.allclose(found, expected, rtol=golden.tolerance, atol=0):
            raise DamagedEnsemble(
                f"{self.name} predicts {found} W/(m K) for its golden crystal, not {expected}; "
                "check the versions of numba, TensorFlow and pymatgen against its manifest."
            )


def _check_sizes(
    directory: Path,
    manifest: Manifest,
    heads: Heads | None,
    process: Process | None,
    evidence: Evidence | None,
) -> None:
    """Raise DamagedEnsemble where files do not fit each other."""
    descriptors = manifest.network.descriptors
    n_inputs = len(descriptors.names) if descriptors else 0
    if heads and len(heads.center) != n_inputs:
        raise DamagedEnsemble(f"{directory / HEADS} is not for {n_inputs} descriptors.")
    if process and len(process.center) != n_inputs:
        raise DamagedEnsemble(f"{directory / PROCESS} is not for {n_inputs} descriptors.")
    if process and evidence and process.n_references != len(evidence.references):
        raise DamagedEnsemble(
            f"{directory / PROCESS} has {process.n_references} references, the evidence "
            f"{len(evidence.references)}."
        )


def _distances(evidence: Evidence, outputs: Outputs, row: int) -> NDArray[np.float64]:
    """Return the distances of one crystal to the references [n_references]."""
    if evidence.embeddings:
        return evidence.embeddings.distances(outputs.embeddings[row])
    if outputs.distances is None:
        raise DamagedEnsemble("The evidence has no embeddings, and there is no Gaussian process.")
    distances: NDArray[np.float64] = outputs.distances[row].astype(float)
    return distances


def _interval(
    calibration: Calibration, crystal: Crystal, ltc: float, assessment: Assessment
) -> Interval:
    """Return the interval about an LTC in W/(m K)."""
    groups = interval_groups(crystal.structure_type, len(crystal.composition), ltc)
    factor = 10 ** calibration.half_width(assessment.expected_error, groups)
    return Interval(level=calibration.level, lower=ltc / factor, upper=ltc * factor)
