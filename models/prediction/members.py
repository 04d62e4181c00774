"""Members of an ensemble, evaluated together: crystals to quantities in their units."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.cores import n_cores
from models.crystal.crystal import Crystal
from models.crystal.structure_type import HALF_HEUSLER, SIMPLE_BINARIES, structure_type
from models.descriptors.describe import NAMES, describe
from models.network.architecture import Weights
from models.network.batch import (
    MAX_BONDS,
    MAX_CRYSTALS,
    NO_DESCRIPTORS,
    CrystalBatch,
    NetworkInput,
    join_graphs,
)
from models.network.forward import Tensors, embed_crystals, prepare, read_out
from models.network.tensors import BATCH_SIGNATURE
from models.network.transform import TargetTransform
from models.prediction.gaussian_process import FROM_NETWORK, Prediction, Process
from models.prediction.gaussian_process import OUTPUTS as PROCESS_OUTPUTS

Transforms = Sequence[Sequence[TargetTransform]]  # of each output, by member
LTC, PHONO3PY_LTC, HALF_HEUSLER_LTC = PROCESS_OUTPUTS
DESCRIPTORS = tf.TensorSpec([None, len(NAMES)], tf.float32)
# of a member's answer; the rest: network's
PROCESS_SHARE = {LTC: 3 / 4, PHONO3PY_LTC: 3 / 4, HALF_HEUSLER_LTC: 1 / 2}
MODULI = tf.TensorSpec([None, None, len(FROM_NETWORK)], tf.float32)


@dataclass(frozen=True)
class Outputs:
    """LTC [n_crystals, n_members] in W/(m K), embeddings [n_crystals, n_members, width].

    `disagreement` [n_crystals, n_members]: standard deviation of log10(LTC) over a member's
    processes; zero without any. `quantities`: everything that is predicted, by name, each
    [n_crystals, n_members], in the unit of its references.
    """

    ltc: NDArray[np.float64]
    embeddings: NDArray[np.float32]
    disagreement: NDArray[np.float64]
    quantities: Mapping[str, NDArray[np.float64]]

    def geometric_means(self, row: int) -> dict[str, float]:
        """Return each quantity of one crystal, as the geometric mean over the members."""
        return {
            name: float(np.exp(np.mean(np.log(values[row]))))
            for name, values in self.quantities.items()
        }


class Members:
    """Members' weights, each [n_members, *shape], and transforms; may be used from any thread.

    `names` are those of the outputs, the first being the LTC. Where there is a `process`, a
    member's LTC is the weighted geometric mean of its network's and its processes'.
    """

    def __init__(
        self,
        weights: Weights,
        transforms: Transforms,
        names: Sequence[str] = (LTC,),
        process: Process | None = None,
    ) -> None:
        self._transforms = transforms
        self._names = tuple(names)
        self._weights = prepare({name: tf.constant(value) for name, value in weights.items()})
        shapes = {name: tuple(value.shape) for name, value in self._weights.items()}
        self._described = "descriptors.mean" in shapes
        self._network = _network(tuple(shapes.items()))
        self._process: Any = process and tf.function(
            Prediction(process), input_signature=[DESCRIPTORS, MODULI]
        )
        self._cores = ThreadPoolExecutor(n_cores(), "forward")

    def ltc(self, crystals: Sequence[Crystal]) -> NDArray[np.float64]:
        """Return the LTC [n_crystals, n_members] in W/(m K); empty for no crystals."""
        return self.outputs(crystals).ltc

    def outputs(self, crystals: Sequence[Crystal]) -> Outputs:
        """Return LTC, embeddings and all quantities; empty for no crystals."""
        inputs = [network_input(crystal, described=self._described) for crystal in crystals]
        return self.compute(inputs, [structure_type(crystal) for crystal in crystals])

    def compute(self, inputs: Sequence[NetworkInput], types: Sequence[str]) -> Outputs:
        """Return the outputs for crystals of these structure types [n_crystals].

        Groups of crystals are computed side by side; the outputs of a crystal do not depend on the
        others it is computed with.
        """
        groups = list(self._cores.map(self._forward, _groups(inputs)))
        if not groups:
            return self._nothing()
        targets, embeddings, *logs = (
            np.concatenate(parts, axis=1).swapaxes(0, 1) for parts in zip(*groups, strict=True)
        )
        quantities = self._decode(targets)
        chosen = [serving_output(each) for each in types]
        if not logs:
            ltc = _served(chosen, quantities)
            return Outputs(ltc, embeddings, np.zeros_like(ltc), quantities)
        mean, spread = (_by_output(part) for part in logs)
        by_network = dict(quantities)
        for name, share in PROCESS_SHARE.items():
            network = by_network.get(name, by_network[LTC])
            quantities[name] = network ** (1 - share) * 10 ** (share * mean[name])
        ltc = _served(chosen, quantities)
        return Outputs(ltc, embeddings, _served(chosen, spread), quantities)

    def _forward(self, inputs: Sequence[NetworkInput]) -> list[NDArray[np.float32]]:
        """Return targets and embeddings; log10 of the LTC by processes and its spread if any."""
        batch = join_graphs(inputs)
        tensors = CrystalBatch(*map(tf.constant, batch))
        targets, embeddings = (part.numpy() for part in self._network(self._weights, tensors))
        if not self._process:
            return [targets, embeddings]
        moduli = targets[..., [self._names.index(name) for name in FROM_NETWORK]]
        mean, spread = self._process(batch.descriptors, moduli)
        return [targets, embeddings, mean.numpy(), spread.numpy()]

    def _nothing(self) -> Outputs:
        none = np.empty((0, len(self._transforms)))
        return Outputs(none, np.empty((*none.shape, 0), dtype=np.float32), none, {})

    def _decode(self, targets: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        """Return the network's quantities for standardised targets [n, n_members, n_outputs]."""
        return {
            name: np.stack(
                [own[index].decode(targets[:, m, index]) for m, own in enumerate(self._transforms)],
                axis=1,
            )
            for index, name in enumerate(self._names)
        }


@lru_cache(maxsize=8)
def _network(shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> Any:
    """Return the compiled network for prepared weights of these shapes.

    Tracing it takes a second: ensembles of one architecture share it, with the weights as inputs.
    """
    weights = {name: tf.TensorSpec(shape, tf.float32) for name, shape in shapes}

    def outputs(weights: Tensors, batch: CrystalBatch) -> tuple[tf.Tensor, tf.Tensor]:
        embeddings = embed_crystals(weights, batch)
        return read_out(weights, embeddings, batch), embeddings

    signature = [weights, BATCH_SIGNATURE]
    # The concrete function does not check its many inputs at every call.
    return tf.function(outputs, input_signature=signature).get_concrete_function()


def _by_output(values: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """Return the processes' values [n_crystals, n_members, n_outputs] by the output's name."""
    return {name: values[..., i].astype(float) for i, name in enumerate(PROCESS_OUTPUTS)}


def _served(
    chosen: Sequence[str], quantities: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the LTC [n_crystals, n_members] by the output chosen for each, else by the first."""
    first = next(iter(quantities))
    rows = [quantities.get(name, quantities[first])[row] for row, name in enumerate(chosen)]
    return np.stack(rows)


def network_input(crystal: Crystal, *, described: bool) -> NetworkInput:
    """Return a crystal as the network takes it, with descriptors where it is `described`."""
    return NetworkInput(crystal.graph, describe(crystal) if described else NO_DESCRIPTORS)


def serving_output(structure_type: str) -> str:
    """Return the output that answers for a structure type: that of its references' method."""
    if structure_type == HALF_HEUSLER:
        return HALF_HEUSLER_LTC
    return PHONO3PY_LTC if structure_type in SIMPLE_BINARIES else LTC


def _groups(inputs: Iterable[NetworkInput]) -> Iterator[list[NetworkInput]]:
    """Yield the crystals in order, in groups of at most MAX_CRYSTALS and MAX_BONDS, or of one."""
    group: list[NetworkInput] = []
    n_bonds = 0
    for each in inputs:
        full = len(group) == MAX_CRYSTALS or n_bonds + each.n_bonds > MAX_BONDS
        if group and full:
            yield group
            group, n_bonds = [], 0
        group.append(each)
        n_bonds += each.n_bonds
    if group:
        yield group
