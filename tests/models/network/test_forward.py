"""The forward pass: its own rules, then the same numbers as megnet's Keras layers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from models.crystal.crystal import Crystal
from models.crystal.graph import FADING, MEGNET, CrystalGraph, Cutoff
from models.network.architecture import Architecture, initial_weights, weight_shapes
from models.network.batch import NO_DESCRIPTORS, NetworkInput, join_graphs
from models.network.forward import embed_crystals, expand_distance, forward, prepare, softplus2
from models.network.inputs import InputSettings, network_input
from models.smooth import fade
from tests.crystals import equivalent_cells, generated_crystals, structure_of
from training.data.datasets import data_directory
from training.fit.megnet.compat import import_megnet
from training.fit.megnet.keras_weights import read_megnet_weights

N_CRYSTALS = 240
ALLOWED = 1e-4  # between ours and megnet's outputs; in truth about 1e-6
SMALL = Architecture(mlp=(24, 16))

WeightArrays = dict[str, NDArray[np.float32]]


def random_weights(architecture: Architecture, seed: int) -> WeightArrays:
    """Return random weights, all of a size that tells in the output, biases included."""
    rng = np.random.default_rng(seed)
    weights = initial_weights(architecture, seed)
    mlp = {name: 4 * value for name, value in weights.items() if name.startswith("mlp.")}
    other = {
        name: rng.normal(0, 0.3, value.shape).astype(np.float32)
        for name, value in weights.items()
        if not name.endswith("kernel")
    }
    return weights | mlp | other


def bare(structure: Structure, cutoff: Cutoff = MEGNET) -> NetworkInput:
    """Return a crystal without descriptors."""
    return network_input(Crystal.of(structure), InputSettings(cutoff))


def outputs(members: Sequence[WeightArrays], graphs: Sequence[NetworkInput]) -> NDArray[np.float32]:
    """Return the network's outputs [n_members, n_crystals, n_outputs]."""
    stacked = {name: tf.stack([weights[name] for weights in members]) for name in members[0]}
    result: NDArray[np.float32] = forward(stacked, join_graphs(graphs)).numpy()
    return result


def unreduced_graph(structure: Structure, cutoff: Cutoff = MEGNET) -> NetworkInput:
    """Return the graph of a cell with all its sites and bonds, from pymatgen's neighbor list."""
    center, neighbor, _, distance = structure.get_neighbor_list(cutoff.end + 1e-5)
    weight = np.ones(len(distance))
    if cutoff.start < cutoff.end:
        weight = fade(distance, cutoff.start, cutoff.end)
    bonds = np.flatnonzero(weight)[np.argsort(center[weight > 0], kind="stable")]
    center, weight = center[bonds], weight[bonds]
    degree = np.bincount(center, weight, len(structure))
    graph = CrystalGraph(
        species=np.array([site.specie.Z for site in structure], dtype=np.int32),
        atom_share=np.full(len(structure), 1 / len(structure), dtype=np.float32),
        center=center.astype(np.int32),
        neighbor=neighbor[bonds].astype(np.int32),
        distance=distance[bonds].astype(np.float32),
        bond_weight=(weight / degree[center]).astype(np.float32),
        bond_share=(weight / weight.sum()).astype(np.float32),
    )
    return NetworkInput(graph, NO_DESCRIPTORS)


def ideal_cell(structure: Structure) -> Structure:
    """Return the primitive cell with its atoms on their sites: what graphs are made of."""
    return structure_of(Crystal.of(structure).ideal.cell)


@pytest.fixture(scope="module")
def crystals() -> list[Structure]:
    return generated_crystals(N_CRYSTALS, seed=11)


@pytest.fixture(scope="module")
def cells(crystals) -> list[Structure]:
    return [ideal_cell(crystal) for crystal in crystals]


@pytest.fixture(scope="module")
def graphs(crystals) -> list[NetworkInput]:
    return [bare(crystal) for crystal in crystals]


def test_weights_have_the_shapes_stated():
    weights = initial_weights(SMALL, seed=1)
    assert {name: value.shape for name, value in weights.items()} == weight_shapes(SMALL)
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float32)}


def test_initial_weights_follow_the_seed_alone():
    first, again, other = (initial_weights(SMALL, seed) for seed in (1, 1, 2))
    assert all((first[name] == again[name]).all() for name in first)
    assert (first["embedding"] != other["embedding"]).any()


def test_initial_recurrent_kernel_is_orthogonal():
    kernel = initial_weights(SMALL, seed=1)["set2set_atom.lstm.0.kernel"]
    assert kernel @ kernel.T == pytest.approx(np.eye(32), abs=1e-5)


def test_activation_is_zero_at_zero():
    assert float(softplus2(tf.constant(0.0))) == pytest.approx(0, abs=1e-7)
    assert float(softplus2(tf.constant(50.0))) == pytest.approx(50 - np.log(2))


def test_distances_become_gaussians():
    expanded = expand_distance(tf.constant([0.0, 2.5])).numpy()
    centers = np.linspace(0, 5, 100)
    expected = [np.exp(-(((d - centers) / 0.5) ** 2)) for d in (0.0, 2.5)]
    assert expanded == pytest.approx(np.array(expected), abs=1e-6)


@pytest.mark.parametrize("cutoff", [MEGNET, FADING], ids=["sharp", "fading"])
def test_the_quotient_graph_gives_the_output_of_the_whole_graph(crystals, cells, cutoff):
    members = [random_weights(SMALL, seed) for seed in (1, 2)]
    graphs = [bare(crystal, cutoff) for crystal in crystals]
    whole = [unreduced_graph(cell, cutoff) for cell in cells]
    assert sum(g.n_bonds for g in graphs[::2]) < 0.2 * sum(g.n_bonds for g in whole[::2])
    assert outputs(members, graphs) == pytest.approx(outputs(members, whole), abs=5e-5)


def test_members_do_not_meet(graphs):
    members = [random_weights(SMALL, seed) for seed in (1, 2, 3)]
    alone = np.concatenate([outputs([member], graphs[:30]) for member in members])
    together = outputs(members, graphs[:30])
    assert together == pytest.approx(alone, abs=1e-5)
    assert np.abs(together[0] - together[1]).max() > 0.01


def test_crystals_do_not_meet(graphs):
    members = [random_weights(SMALL, seed) for seed in (1, 2)]
    alone = np.concatenate([outputs(members, [graph]) for graph in graphs[:8]], axis=1)
    assert outputs(members, graphs[:8]) == pytest.approx(alone, abs=1e-5)


def test_every_weight_matters(graphs):
    """No weight is left out: the output's gradient by each is not zero, but for the forget gate."""
    weights = {
        name: tf.Variable(value[None]) for name, value in random_weights(SMALL, seed=5).items()
    }
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(forward(weights, join_graphs(graphs[:40])))
    gradients = tape.gradient(total, list(weights.values()))
    silent = [
        name
        for name, gradient in zip(weights, gradients, strict=True)
        if not np.abs(tf.convert_to_tensor(gradient)).max() > 0
    ]
    # The state starts at zero, so what multiplies it there cannot matter.
    assert silent == ["state_in.0.kernel"]


def test_equivalent_cells_give_one_output():
    members = [random_weights(SMALL, seed=7)]
    for crystal in generated_crystals(6, seed=3):
        expected = outputs(members, [bare(crystal)])
        cells = [bare(cell) for cell in equivalent_cells(crystal).values()]
        assert outputs(members, cells) == pytest.approx(
            np.repeat(expected, len(cells), axis=1), abs=1e-4
        )


# --- megnet's Keras layers ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras_model() -> Any:
    """MEGNet's network as published, with megnet's own random weights."""
    return import_megnet().megnet.make_megnet_model(nfeat_edge=100, nvocal=95)


KERAS_DENSE = {
    **{f"preblock_{part}_{depth}": f"{part}_in.{depth}" for part in ("atom", "bond", "state")
       for depth in (0, 1)},
    **{f"block_{block}_{part}_ff_{depth}": f"block_{block}.{part}_ff.{depth}"
       for block in (1, 2) for part in ("atom", "bond", "state") for depth in (0, 1)},
    **{f"readout_{depth}": f"readout.{depth}" for depth in (0, 1)},
    "readout_2": "mlp.0",
}  # fmt: skip
KERAS_SET2SET = {
    "x_to_m_weight": "memory.0.kernel",
    "x_to_m_bias": "memory.0.bias",
    "recurrent_kernel": "lstm.0.kernel",
    "recurrent_bias": "lstm.0.bias",
}
KERAS_PHI = {"v": "atom", "e": "bond", "u": "state"}


def our_name(keras_name: str) -> str:
    """Return our name of a weight by that of megnet's Keras variable."""
    layer, *_, weight = keras_name.removesuffix(":0").split("/")
    if layer == "atom_embedding":
        return "embedding"
    if layer.startswith("set2set"):
        return f"{layer}.{KERAS_SET2SET[weight]}"
    if layer.startswith("megnet_"):
        kind, phi, depth = weight.split("_")
        block = layer.removeprefix("megnet_")
        kind = "kernel" if kind == "weight" else kind
        return f"block_{block}.{KERAS_PHI[phi]}.{depth}.{kind}"
    return f"{KERAS_DENSE[layer]}.{weight}"


def set_keras_weights(model: Any, weights: WeightArrays) -> None:
    named = {our_name(variable.name): variable for variable in model.weights}
    assert named.keys() == weights.keys()
    for name, variable in named.items():
        variable.assign(weights[name])


def keras_inputs(structures: Sequence[Structure]) -> list[NDArray[Any]]:
    """Return megnet's own inputs for a batch of crystals, from its own converter."""
    from megnet.data.crystal import CrystalGraph as MegnetGraph
    from megnet.data.graph import GaussianDistance

    converter = MegnetGraph(cutoff=MEGNET.end, bond_converter=GaussianDistance(width=0.5))
    joined: list[list[NDArray[Any]]] = []
    n_atoms = 0
    for number, structure in enumerate(structures):
        atoms, bonds, state, first, second, _, _ = converter.graph_to_input(
            converter.convert(structure)
        )
        joined.append([
            *(atoms, bonds, state, first + n_atoms, second + n_atoms),
            *(np.full(index.shape, number) for index in (atoms, first)),
        ])  # fmt: skip
        n_atoms += len(structure)
    return [np.concatenate(column, axis=1) for column in zip(*joined, strict=True)]


def keras_outputs(model: Any, structures: Sequence[Structure]) -> NDArray[np.float32]:
    """Return a Keras model's outputs [n_crystals, n_outputs]."""
    result: NDArray[np.float32] = model(keras_inputs(structures)).numpy()[0]
    return result


HEAD = Architecture(mlp=())


def test_the_network_is_megnets(keras_model, cells, graphs):
    weights = random_weights(HEAD, seed=21)
    set_keras_weights(keras_model, weights)
    reference = keras_outputs(keras_model, cells)
    found = outputs([weights], graphs)[0]
    assert found.shape == (len(graphs), 1)
    assert reference.std() > 0.01
    assert np.abs(found - reference).max() <= ALLOWED


def test_the_embedding_is_megnets_last_hidden_layer(keras_model, cells, graphs):
    from tensorflow.keras.models import Model

    weights = random_weights(HEAD, seed=22)
    set_keras_weights(keras_model, weights)
    hidden = Model(keras_model.inputs, keras_model.get_layer("readout_1").output)
    stacked = {name: value[None] for name, value in weights.items()}
    found = embed_crystals(prepare(stacked), join_graphs(graphs)).numpy()[0]
    assert found.shape == (len(graphs), 16)
    assert np.abs(found - keras_outputs(hidden, cells)).max() <= ALLOWED


def test_a_member_is_megnet_with_dense_relu_layers_on_top(keras_model, cells, graphs):
    from tensorflow.keras.layers import Dense
    from tensorflow.keras.models import Model

    architecture = Architecture(mlp=(450, 350, 350))
    weights = random_weights(architecture, seed=23)
    trunk = {name: value for name, value in weights.items() if not name.startswith("mlp.")}
    set_keras_weights(keras_model, trunk | random_weights_of_head())
    layers = [Dense(width, activation="relu") for width in architecture.mlp] + [Dense(1)]
    features = keras_model.get_layer("readout_1").output
    for layer in layers:
        features = layer(features)
    for depth, layer in enumerate(layers):
        layer.set_weights([weights[f"mlp.{depth}.kernel"], weights[f"mlp.{depth}.bias"]])
    reference = keras_outputs(Model(keras_model.inputs, features), cells)
    assert reference.std() > 0.01
    assert np.abs(outputs([weights], graphs)[0] - reference).max() <= ALLOWED


def random_weights_of_head() -> WeightArrays:
    return {
        name: value for name, value in random_weights(HEAD, 0).items() if name.startswith("mlp.")
    }


@pytest.fixture(scope="module")
def published_file() -> Path:
    file = data_directory() / "megnet/mp-2018.6.1/formation_energy.hdf5"
    if not file.is_file():
        pytest.skip(f"no {file}; get it with `python -m training fetch` or set PARAISITE_DATA")
    return file


def test_published_weights_give_megnets_formation_energies(published_file, cells, graphs):
    from megnet.models import GraphModel

    reference = keras_outputs(GraphModel.from_file(str(published_file)).model, cells)
    found = outputs([read_megnet_weights(published_file)], graphs)[0]
    assert np.abs(found - reference).max() <= ALLOWED


def test_published_weights_give_the_known_formation_energy_of_rocksalt(published_file):
    rocksalt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    energy = outputs([read_megnet_weights(published_file)], [bare(rocksalt)])
    assert energy.item() == pytest.approx(-2.0940, abs=5e-5)  # eV/atom
