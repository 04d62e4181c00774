"""The forward pass: MEGNet up to its last hidden layer, then an MLP, for several members at once.

One function serves training (one member) and prediction (all members of an ensemble): every weight
and feature has a leading axis of members. MEGNet is after Chen et al., Chem. Mater. 31, 3564
(2019), the MLP on top after Klochko et al., arXiv 2411.18259. Kernels that meet a concatenation of
atom, bond and state features are applied part by part, before these are spread over the bonds.
"""

from collections.abc import Callable, Mapping

import tensorflow as tf

from models.network.architecture import (
    FARTHEST_DESCRIPTOR,
    FARTHEST_GAUSSIAN,
    GAUSSIAN_WIDTH,
    LOG_2,
    N_BLOCKS,
    N_GAUSSIANS,
    OVERFLOW,
    SET2SET,
    SET2SET_STEPS,
    STATE,
)
from models.network.batch import CrystalBatch
from models.network.rows import Rows

CONCATENATED = {
    "bond": ("center", "neighbor", "bond", "state"),
    "atom": ("bond", "atom", "state"),
    "state": ("bond", "atom", "state"),
}  # what meets the first kernel of each update, in order

Tensors = Mapping[str, tf.Tensor]


def forward(weights: Tensors, batch: CrystalBatch) -> tf.Tensor:
    """Return the network's outputs [n_members, n_crystals, n_outputs], standardised targets.

    Each weight has the shape [n_members, *shape of `weight_shapes`].
    """
    prepared = prepare(weights)
    return read_out(prepared, embed_crystals(prepared, batch), batch)


def prepare(weights: Tensors) -> dict[str, tf.Tensor]:
    """Return the weights as the layers take them: done once what no crystal changes.

    Vectors have a middle axis of one. Biases after softplus2 take its log(2) in, and layers then
    get plain softplus. Kernels that meet a concatenation are cut into its parts. Elements, state
    (zero as in MEGNet's published models) and the first query of set2set become features:
    `atom_in` [n_members, n_elements, 32], `state_in` and `set2set_*.first` [n_members, 1, width].
    """
    prepared = {n: w[:, None, :] if len(w.shape) == 2 else w for n, w in weights.items()}  # noqa: PLR2004
    for kernel in filter(_follows_softplus, weights):
        shift = LOG_2 * tf.reduce_sum(weights[kernel], axis=1, keepdims=True)
        prepared[kernel.replace("kernel", "bias")] -= shift
    for block in range(N_BLOCKS):
        for update, parts in CONCATENATED.items():
            name = f"block_{block}.{update}.0"
            kernels = tf.split(prepared.pop(f"{name}.kernel"), len(parts), axis=1)
            prepared |= {f"{name}.{part}": k for part, k in zip(parts, kernels, strict=True)}
    n_members, kind = weights["embedding"].shape[0], weights["embedding"].dtype
    for name in ("set2set_atom", "set2set_bond"):
        no_query = tf.zeros([n_members, 1, 2 * SET2SET], kind)
        prepared[f"{name}.first"] = _lstm(prepared, f"{name}.lstm.0", no_query)
    no_state = tf.zeros([n_members, 1, STATE], kind)
    inputs = {"atom_in": prepared.pop("embedding"), "state_in": no_state}
    return prepared | {name: _feed_forward(prepared, name, x) for name, x in inputs.items()}


def _follows_softplus(name: str) -> bool:
    """Tell whether a weight is the kernel of a layer whose inputs have gone through softplus2."""
    return name.endswith(".kernel") and not name.startswith("mlp.") and ".0." not in name


def read_out(prepared: Tensors, embedding: tf.Tensor, batch: CrystalBatch) -> tf.Tensor:
    """Return the outputs [n_members, n_crystals, n_outputs] for the crystals' embeddings."""
    return mlp(prepared, join_descriptors(prepared, embedding, batch))


def embed_crystals(prepared: Tensors, batch: CrystalBatch) -> tf.Tensor:
    """Return MEGNet's last hidden layer for each crystal [n_members, n_crystals, 16]."""
    layers = _Layers(prepared, batch)
    atoms, bonds, state = layers.inputs()
    for block in range(N_BLOCKS):
        atoms, bonds, state = layers.block(f"block_{block}", atoms, bonds, state)
    pooled = [
        layers.set2set("set2set_atom", atoms, batch.atom_share, layers.atom_crystal),
        layers.set2set("set2set_bond", bonds, batch.bond_share, layers.bond_crystal),
        state,
    ]
    return _feed_forward(prepared, "readout", tf.concat(pooled, axis=-1))


def join_descriptors(prepared: Tensors, embedding: tf.Tensor, batch: CrystalBatch) -> tf.Tensor:
    """Return the embedding with the standardised descriptors, where the network takes any."""
    if "descriptors.mean" not in prepared:
        return embedding
    mean = tf.stop_gradient(prepared["descriptors.mean"])
    scale = tf.stop_gradient(prepared["descriptors.scale"])
    farthest = FARTHEST_DESCRIPTOR
    standardised = tf.clip_by_value((batch.descriptors - mean) / scale, -farthest, farthest)
    return tf.concat([embedding, standardised], axis=-1)


def mlp(prepared: Tensors, features: tf.Tensor) -> tf.Tensor:
    """Return the outputs [n_members, n_crystals, n_outputs] for the crystals' embeddings."""
    n_layers = sum(name.startswith("mlp.") and name.endswith("kernel") for name in prepared)
    for depth in range(n_layers):
        features = _dense(prepared, f"mlp.{depth}", features)
        if depth < n_layers - 1:
            features = tf.nn.relu(features)
    return features


def softplus2(values: tf.Tensor) -> tf.Tensor:
    """Return log(exp(x) + 1) - log(2), MEGNet's activation."""
    softplus: tf.Tensor = _softplus(values)
    return softplus - LOG_2


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _softplus(values: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Return log(exp(x) + 1), at most 80: activations take most of a forward pass.

    Composed so, it takes half of the time of TensorFlow's own. About one crystal in a hundred, with
    bonds of 1.0 to 1.2 A, reaches 80: the bound is part of the trained networks.
    """

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return upstream * tf.sigmoid(values)

    return tf.math.log1p(tf.exp(tf.minimum(values, OVERFLOW))), gradient


def expand_distance(distance: tf.Tensor) -> tf.Tensor:
    """Return distances [n_bonds] in A as Gaussians [n_bonds, 100] on 0 to 5 A."""
    centers = tf.cast(tf.linspace(0.0, FARTHEST_GAUSSIAN, N_GAUSSIANS), distance.dtype)
    return tf.exp(-(((distance[:, None] - centers) / GAUSSIAN_WIDTH) ** 2))


def _dense(prepared: Tensors, name: str, features: tf.Tensor) -> tf.Tensor:
    return tf.matmul(features, prepared[f"{name}.kernel"]) + prepared[f"{name}.bias"]


def _feed_forward(prepared: Tensors, name: str, features: tf.Tensor) -> tf.Tensor:
    """Return the features after two dense layers, each with softplus2."""
    hidden = _softplus(_dense(prepared, f"{name}.0", features))
    return softplus2(_dense(prepared, f"{name}.1", hidden))


def _lstm(prepared: Tensors, name: str, query: tf.Tensor) -> tf.Tensor:
    gate_in, _, candidate, gate_out = tf.split(_dense(prepared, name, query), 4, axis=-1)
    cell = _hard_sigmoid(gate_in) * tf.tanh(candidate)
    return _hard_sigmoid(gate_out) * tf.tanh(cell)


class _Layers:
    """MEGNet's layers for one batch; features are [n_members, n, width]."""

    def __init__(self, prepared: Tensors, batch: CrystalBatch) -> None:
        self.weights = prepared
        self.batch = batch
        self.n_members = prepared["state_in"].shape[0]
        n_crystals = tf.shape(batch.descriptors)[0]
        self.atom_crystal = Rows(batch.atom_crystal, n_crystals, self.n_members)
        self.bond_crystal = Rows(batch.bond_crystal, n_crystals, self.n_members)
        self.center = Rows(batch.center, tf.shape(batch.species)[0], self.n_members)
        # Of a crystal's bonds, the fraction at each atom.
        self.bonds_at_atom = tf.math.segment_sum(batch.bond_share, batch.center)

    def inputs(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the features of atoms, bonds and state before the first block."""
        atoms = tf.gather(self.weights["atom_in"], self.batch.species, axis=1)
        bonds = _feed_forward(self.weights, "bond_in", expand_distance(self.batch.distance)[None])
        return atoms, bonds, self.bond_crystal.repeat(self.weights["state_in"])

    def block(
        self, name: str, atoms: tf.Tensor, bonds: tf.Tensor, state: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the features after one MEGNet block with its skip connections."""
        inner = [atoms, bonds, state]
        if f"{name}.atom_ff.0.kernel" in self.weights:
            parts = ("atom_ff", "bond_ff", "state_ff")
            inner = [
                _feed_forward(self.weights, f"{name}.{part}", features)
                for part, features in zip(parts, inner, strict=True)
            ]
        new_bonds = self.update_bonds(f"{name}.bond", *inner)
        at_atoms = self.center.sum(new_bonds * self.batch.bond_weight[:, None])
        new_atoms = self.update_atoms(f"{name}.atom", at_atoms, inner[0], inner[2])
        new_state = self.update_state(f"{name}.state", at_atoms, new_atoms, inner[2])
        return atoms + new_atoms, bonds + new_bonds, state + new_state

    def update_bonds(
        self, name: str, atoms: tf.Tensor, bonds: tf.Tensor, state: tf.Tensor
    ) -> tf.Tensor:
        """Return the new bond features from both atoms, the bond and the state."""
        from_state = self.atom_crystal.spread(self._biased(name, state))
        from_center = self._part(name, "center", atoms) + from_state
        from_neighbor = self._part(name, "neighbor", atoms)
        hidden = (
            self._part(name, "bond", bonds)
            + self.center.spread(from_center)
            + tf.gather(from_neighbor, self.batch.neighbor, axis=1)
        )
        return self._finish(name, hidden)

    def update_atoms(
        self, name: str, mean_bond: tf.Tensor, atoms: tf.Tensor, state: tf.Tensor
    ) -> tf.Tensor:
        """Return the new atom features from the mean of their bonds, the atom and the state."""
        hidden = (
            self._part(name, "bond", mean_bond)
            + self._part(name, "atom", atoms)
            + self.atom_crystal.spread(self._biased(name, state))
        )
        return self._finish(name, hidden)

    def update_state(
        self, name: str, mean_bond: tf.Tensor, new_atoms: tf.Tensor, state: tf.Tensor
    ) -> tf.Tensor:
        """Return the new state from the means over a crystal's bonds and atoms, and the state.

        `mean_bond` is that at each atom.
        """
        of_bonds = self.atom_crystal.sum(mean_bond * self.bonds_at_atom[:, None])
        of_atoms = self.atom_crystal.sum(new_atoms * self.batch.atom_share[:, None])
        hidden = (
            self._part(name, "bond", of_bonds)
            + self._part(name, "atom", of_atoms)
            + self._biased(name, state)
        )
        return self._finish(name, hidden)

    def set2set(
        self, name: str, features: tf.Tensor, share: tf.Tensor, crystal: "Rows"
    ) -> tf.Tensor:
        """Return a crystal's attention over its atoms or bonds [n_members, n_crystals, 32].

        As in MEGNet's layer the LSTM keeps no cell state from step to step, so that its forget gate
        has no effect. Source: Vinyals et al., arXiv 1511.06391.
        """
        memory = _dense(self.weights, f"{name}.memory.0", features)
        query = self._attend(memory, crystal.repeat(self.weights[f"{name}.first"]), share, crystal)
        for _ in range(SET2SET_STEPS - 1):
            hidden = _lstm(self.weights, f"{name}.lstm.0", query)
            query = self._attend(memory, hidden, share, crystal)
        return query

    def _attend(
        self, memory: tf.Tensor, hidden: tf.Tensor, share: tf.Tensor, crystal: "Rows"
    ) -> tf.Tensor:
        """Return the next query: what asks, and what it reads in each crystal's memory."""
        energy = tf.reduce_sum(memory * crystal.spread(hidden), axis=-1, keepdims=True)
        raised = share[:, None] * tf.exp(energy - crystal.spread(crystal.greatest(energy)))
        return tf.concat([hidden, crystal.sum(raised * memory) / crystal.sum(raised)], axis=-1)

    def _part(self, name: str, part: str, features: tf.Tensor) -> tf.Tensor:
        """Return what one part of a concatenation adds to an update's first layer."""
        return tf.matmul(features, self.weights[f"{name}.0.{part}"])

    def _biased(self, name: str, state: tf.Tensor) -> tf.Tensor:
        """Return the state's part of an update's first layer, with the layer's bias."""
        return self._part(name, "state", state) + self.weights[f"{name}.0.bias"]

    def _finish(self, name: str, hidden: tf.Tensor) -> tf.Tensor:
        """Return an update's output, its last layer linear, from the sum in its first layer."""
        hidden = _softplus(_dense(self.weights, f"{name}.1", _softplus(hidden)))
        return _dense(self.weights, f"{name}.2", hidden)


def _hard_sigmoid(values: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(0.2 * values + 0.5, 0.0, 1.0)
