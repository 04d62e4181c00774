"""Baselines: simple models on the paper's splits, under the held-out protocol.

Each is fitted to log10(LTC) of the training rows; what it chooses, it chooses by cross-validation
inside them.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.code import code_digest
from models.network.batch import NetworkInput, join_graphs
from models.network.forward import embed_crystals, prepare
from models.network.transform import TargetTransform
from training.config import HELD_OUT
from training.data.catalogue import PAPER_SETS, parts_of
from training.data.splits import N_SPLITS
from training.evaluation.outputs import MemberOutputs, single_sets
from training.evaluation.reference import LARGE, ReferenceSet, kept
from training.fit.megnet.keras_weights import read_megnet_weights
from training.run import MEGNET_FILE

logger = logging.getLogger(__name__)
Numbers = NDArray[np.float64]
Inputs = Mapping[str, Numbers]
Fit = Callable[[Numbers, Numbers], Callable[[Numbers], Numbers]]

PRESET = "baseline"
SEED = 0
PENALTIES = np.logspace(-4, 4, 33)
TREES = 200
TREES_OF_LARGE_SET = 60
LEAVES = (1, 2, 4)  # fewest crystals in a leaf, to choose from
MAX_FEATURES = 0.4  # fraction of the features tried at a node
SEARCHED_TREES = 30
INNER_FOLDS = 5
EMBED_BATCH = 64
# log10(LTC + 1) as it is: baselines hand over LTC, and outputs are kept as targets.
IDENTITY = TargetTransform(mean=0.0, std=1.0)
TITLES: Mapping[str, str] = {
    "constant": "constant (least MAPE)",
    "ridge": "ridge, MEGNet's embedding (16)",
    "ridge3": "ridge, three MEGNet embeddings (48)",
    "trees": "ExtraTrees, descriptors",
}


def baseline_outputs(
    sets: Mapping[str, ReferenceSet], data_dir: Path, known: Mapping[tuple[str, str], MemberOutputs]
) -> Iterator[MemberOutputs]:
    """Yield every baseline fitted on every data set of the paper, in its nine splits.

    Those in `known` that were made by this code from these data are passed on as they are.
    """
    digest = _digest(sets, data_dir)
    names = [(kind, dataset) for dataset in PAPER_SETS for kind in TITLES]
    fresh = {name for name in names if _known_digest(known, name) != digest}
    inputs = _all_inputs(sets, data_dir) if fresh else {}
    for kind, dataset in names:
        if (kind, dataset) in fresh:
            logger.info("%s on %s: fitting", kind, dataset)
            yield _fitted(kind, dataset, inputs[kind], sets, digest)
        else:
            yield known[PRESET, f"{kind}-{dataset}"]


def _known_digest(
    known: Mapping[tuple[str, str], MemberOutputs], name: tuple[str, str]
) -> str | None:
    earlier = known.get((PRESET, "-".join(name)))
    return earlier.digest if earlier else None


def _digest(sets: Mapping[str, ReferenceSet], data_dir: Path) -> str:
    files = [Path(__file__), *_weight_files(data_dir)]
    parts = [code_digest().encode(), *(path.read_bytes() for path in files)]
    parts += [reference.sha256.encode() for reference in single_sets(sets).values()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _weight_files(data_dir: Path) -> tuple[Path, ...]:
    """Return MEGNet's published weights: formation energy first, then the two moduli."""
    first = data_dir / MEGNET_FILE
    return (first, *(first.with_name(f"{name}.hdf5") for name in ("log10K", "log10G")))


def _all_inputs(sets: Mapping[str, ReferenceSet], data_dir: Path) -> Mapping[str, Inputs]:
    """Return the inputs [n_crystals, n_features] of each kind of baseline, by data set."""
    single = single_sets(sets)
    embeddings = {
        name: np.concatenate(
            [_embedding(path, ref.data.graphs) for path in _weight_files(data_dir)], axis=1
        )
        for name, ref in single.items()
    }
    width = next(iter(embeddings.values())).shape[1] // len(_weight_files(data_dir))
    simple = {name: ref.data.descriptors().astype(np.float64) for name, ref in single.items()}
    return {
        "constant": {name: np.empty((len(ref.ltc), 0)) for name, ref in single.items()},
        "ridge": {name: values[:, :width] for name, values in embeddings.items()},
        "ridge3": embeddings,
        "trees": simple,
    }


def _embedding(path: Path, graphs: tuple[NetworkInput, ...]) -> Numbers:
    weights = prepare({n: tf.constant(w[None]) for n, w in read_megnet_weights(path).items()})
    groups = [graphs[start : start + EMBED_BATCH] for start in range(0, len(graphs), EMBED_BATCH)]
    parts = [embed_crystals(weights, join_graphs(group))[0].numpy() for group in groups]
    return np.concatenate(parts).astype(np.float64)


def _fitted(
    kind: str, dataset: str, inputs: Inputs, sets: Mapping[str, ReferenceSet], digest: str
) -> MemberOutputs:
    splits = tuple(range(1, N_SPLITS + 1))
    x = np.concatenate([inputs[part] for part in parts_of(dataset)])
    targets: dict[str, list[Numbers]] = {name: [] for name in inputs}
    for split in splits:
        train = ~sets[dataset].validation(split)
        predict = FITS[kind](x[train], sets[dataset].ltc[train])
        for name, values in inputs.items():
            answer = IDENTITY.encode(predict(values))
            targets[name].append(kept(answer, sets[name].validation(split)))
    return MemberOutputs(
        name=f"{kind}-{dataset}",
        preset=PRESET,
        protocol=HELD_OUT,
        chain=(dataset,),
        splits=splits,
        transforms=(IDENTITY,) * len(splits),
        targets={name: np.array(rows) for name, rows in targets.items()},
        digest=digest,
    )


def _fit_constant(_: Numbers, ltc: Numbers) -> Callable[[Numbers], Numbers]:
    value = least_mape_constant(ltc)
    return lambda x: np.full(len(x), value)


def least_mape_constant(ltc: Numbers) -> float:
    """Return the constant [W/(m K)] with the least MAPE: the median weighted by 1 / LTC."""
    order = np.argsort(ltc)
    weight = np.cumsum(1 / ltc[order])
    return float(ltc[order][np.searchsorted(weight, weight[-1] / 2)])


def _fit_ridge(x: Numbers, ltc: Numbers) -> Callable[[Numbers], Numbers]:
    # RidgeCV leaves out one row at a time, in closed form.
    model = make_pipeline(StandardScaler(), RidgeCV(PENALTIES)).fit(x, np.log10(ltc))
    # Far outside its data a linear model has no bound: it stays within the labels it was fitted to.
    lowest, highest = np.log10([ltc.min(), ltc.max()])
    return lambda rows: _from_log(np.clip(model.predict(rows), lowest, highest))


def _fit_trees(x: Numbers, ltc: Numbers) -> Callable[[Numbers], Numbers]:
    y = np.log10(ltc)
    large = len(y) > LARGE
    leaf = LEAVES[0] if large else _best_leaf(x, y)
    model = _trees(TREES_OF_LARGE_SET if large else TREES, leaf).fit(x, y)
    return lambda rows: _from_log(model.predict(rows))


def _best_leaf(x: Numbers, y: Numbers) -> int:
    def error(leaf: int) -> float:
        model = _trees(SEARCHED_TREES, leaf)
        found = cross_val_predict(model, x, y, cv=INNER_FOLDS)
        return float(np.abs(found - y).mean())

    return min(LEAVES, key=error)


def _trees(number: int, leaf: int) -> ExtraTreesRegressor:
    return ExtraTreesRegressor(
        number, min_samples_leaf=leaf, max_features=MAX_FEATURES, random_state=SEED
    )


def _from_log(log_ltc: Numbers) -> Numbers:
    ltc: Numbers = 10**log_ltc
    return ltc


FITS: Mapping[str, Fit] = {
    "constant": _fit_constant,
    "ridge": _fit_ridge,
    "ridge3": _fit_ridge,
    "trees": _fit_trees,
}
