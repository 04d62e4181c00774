"""The compiled engine against its reference: answers of every ensemble, and processor time.

Errors of the networks are counted against TensorFlow in double precision too: in single precision
TensorFlow itself is off by as much.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from app.service.ensembles import ensemble_names
from app.settings import Settings
from app.startup import linear_algebra_in_one_thread
from benchmarks.crystals import crystals
from models.crystal.crystal import Crystal
from models.ensemble import Ensemble
from models.manifest import WEIGHTS, read_manifest
from models.network.batch import CrystalBatch, join_graphs
from models.network.compiled.network import CompiledNetwork
from models.network.forward import forward
from models.network.inputs import network_input
from models.network.reference import ReferenceNetwork
from models.network.weights import load_weights
from models.prediction.engine import COMPILED, REFERENCE
from tests.crystals import generated_crystals

COUNT = 1000
IN_P1, N_ATOMS = 64, 10  # crystals of so many atoms, for the times
FEW_ATOMS, FEW_BONDS = 5, range(80, 91)  # of crystals with as many bonds as most real ones
ROUNDS = 5


def measure() -> dict[str, Any]:
    """Return the largest and typical differences of each ensemble, and the times of one."""
    linear_algebra_in_one_thread()  # as the service does
    settings = Settings()
    samples = [Crystal.of(structure) for structure in generated_crystals(COUNT, seed=5)]
    found: dict[str, Any] = {
        name: _differences(settings, name, samples) for name in ensemble_names(settings)
    }
    plain = [Crystal.of(structure) for structure in crystals(IN_P1, N_ATOMS)]
    found["generated"] = _times(settings, samples[:IN_P1])
    found["in P1"] = _times(settings, plain)
    few = (Crystal.of(each) for each in crystals(10 * IN_P1, FEW_ATOMS))
    found["80 to 90 bonds"] = _times(
        settings, [each for each in few if each.fading_graph.n_bonds in FEW_BONDS][:IN_P1]
    )
    return found


def _differences(settings: Settings, name: str, samples: Sequence[Crystal]) -> dict[str, Any]:
    folder = settings.ensembles_dir / name
    ours, theirs = (Ensemble.load(folder, each).ltc(samples) for each in (COMPILED, REFERENCE))
    manifest = read_manifest(folder)
    n_members = len(manifest.members)
    weights = load_weights(folder / WEIGHTS, manifest.network.architecture(), n_members)
    batch = join_graphs([network_input(crystal, manifest.inputs()) for crystal in samples])
    exact = forward(
        {key: tf.constant(value.astype(float)) for key, value in weights.items()},
        CrystalBatch(*map(tf.constant, map(_double, batch))),
    ).numpy()
    return {
        "ltc, relative": _sizes(ours / theirs - 1),
        "targets, from double precision": _sizes(CompiledNetwork(weights)(batch)[0] - exact),
        "the same, TensorFlow": _sizes(ReferenceNetwork(weights)(batch)[0] - exact),
    }


def _double(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(float) if values.dtype == np.float32 else values


def _sizes(errors: NDArray[np.float64]) -> dict[str, float]:
    """Return the root mean square, the 99.9th percentile and the largest of errors."""
    sizes = np.abs(errors)
    found = {
        "rms": np.sqrt((sizes**2).mean()),
        "99.9 %": np.quantile(sizes, 0.999),
        "most": sizes.max(),
    }
    return {key: float(f"{value:.2g}") for key, value in found.items()}


def _times(settings: Settings, samples: Sequence[Crystal]) -> dict[str, float]:
    """Return milliseconds of processor time a crystal in a batch, and of a crystal alone."""
    found: dict[str, float] = {}
    works: dict[str, Callable[[], object]] = {}
    for engine in (COMPILED, REFERENCE):
        ensemble = Ensemble.load(settings.ensembles_dir / "recommended", engine)
        inputs = [network_input(each, ensemble.manifest.inputs()) for each in samples]
        types = [each.structure_type for each in samples]

        def in_batch(
            ensemble: Ensemble = ensemble, inputs: Any = inputs, types: Any = types
        ) -> None:
            ensemble.compute(inputs, types)

        def alone(ensemble: Ensemble = ensemble, inputs: Any = inputs, types: Any = types) -> None:
            for each, kind in zip(inputs, types, strict=True):
                ensemble.compute([each], [kind])

        works |= {f"{engine}, batch": in_batch, f"{engine}, alone": alone}
    for work in works.values():
        work()
    for name, work in works.items():
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            work()
            times.append(1e3 * (time.process_time() - start) / len(samples))
        found[name] = float(f"{min(times):.3g}")
    return found
