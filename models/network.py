"""The forward pass: MEGNet up to its last hidden layer, then an MLP, for several members at once.

One function serves training (one member) and prediction (all members of an ensemble): every weight
and feature has a leading axis of members. MEGNet is after Chen et al., Chem. Mater. 31, 3564
(2019), the MLP on top after Klochko et al., arXiv 2411.18259. Kernels that meet a concatenation of
atom, bond and state features are applied part by part, before these are spread over the bonds.
"""

from collections.abc import Callable, Mapping

import tensorflow as tf

from models.architecture import (
    FARTHEST_GAUSSIAN,
    FEED_FORWARD,
    GAUSSIAN_WIDTH,
    N_BLOCKS,
    N_GAUSSIANS,
    SET2SET,
)
from models.batch import CrystalBatch

NARROW = FEED_FORWARD[-1]
LOG_2 = 0.6931471805599453
SET2SET_STEPS = 3
OVERFLOW = 80.0  # exp of a little more is beyond single precision
FARTHEST_DESCRIPTOR = 4.0  # standard deviations; beyond, a descriptor counts as this far

Tensors = Mapping[str, tf.Tensor]


def forward(weights: Tensors, batch: CrystalBatch) -> tf.Tensor:
    """Return the network's outputs [n_members, n_crystals, n_outputs], standardised targets.

    Each weight has the shape [n_members, *shape of `weight_shapes`].
    """
    return read_out(weights, embed_crystals(weights, batch), batch)


def read_out(weights: Tensors, embedding: tf.Tensor, batch: CrystalBatch) -> tf.Tensor:
    """Return the outputs [n_members, n_crystals, n_outputs] for the crystals' embeddings."""
    return mlp(weights, join_descriptors(weights, embedding, batch))


def embed_crystals(weights: Tensors, batch: CrystalBatch) -> tf.Tensor:
    """Return MEGNet's last hidden layer for each crystal [n_members, n_crystals, 16]."""
    layers = _Layers(weights, batch)
    atoms, bonds, state = layers.inputs()
    for block in range(N_BLOCKS):
        atoms, bonds, state = layers.block(block, atoms, bonds, state)
    pooled = tf.concat(
        [
            layers.set2set("atom", atoms, batch.atom_share, batch.atom_crystal),
            layers.set2set("bond", bonds, batch.bond_share, batch.bond_crystal),
            state,
        ],
        axis=-1,
    )
    return layers.feed_forward("readout", pooled)


def join_descriptors(weights: Tensors, embedding: tf.Tensor, batch: CrystalBatch) -> tf.Tensor:
    """Return the embedding with the standardised descriptors, where the network takes any."""
    if "descriptors.mean" not in weights:
        return embedding
    mean = tf.stop_gradient(weights["descriptors.mean"])[:, None, :]
    scale = tf.stop_gradient(weights["descriptors.scale"])[:, None, :]
    farthest = FARTHEST_DESCRIPTOR
    standardised = tf.clip_by_value((batch.descriptors - mean) / scale, -farthest, farthest)
    return tf.concat([embedding, standardised], axis=-1)


def mlp(weights: Tensors, features: tf.Tensor) -> tf.Tensor:
    """Return the outputs [n_members, n_crystals, n_outputs] for the crystals' embeddings."""
    n_layers = sum(name.startswith("mlp.") and name.endswith("kernel") for name in weights)
    for depth in range(n_layers):
        features = _dense(weights, f"mlp.{depth}", features)
        if depth < n_layers - 1:
            features = tf.nn.relu(features)
    return features


def softplus2(values: tf.Tensor) -> tf.Tensor:
    """Return log(exp(x) + 1) - log(2), MEGNet's activation."""
    softplus: tf.Tensor = _softplus(values)
    return softplus - LOG_2


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _softplus(values: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Return log(exp(x) + 1), faster than TensorFlow's own, which takes most of a forward pass.

    Where exp(x) would overflow, x is larger than the logarithm of the bounded sum, and the result.
    """
    bounded = tf.math.log1p(tf.exp(tf.minimum(values, OVERFLOW)))

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return upstream * tf.sigmoid(values)

    return tf.maximum(values, bounded), gradient


def expand_distance(distance: tf.Tensor) -> tf.Tensor:
    """Return distances [n_bonds] in A as Gaussians [n_bonds, 100] on 0 to 5 A."""
    centers = tf.linspace(0.0, FARTHEST_GAUSSIAN, N_GAUSSIANS)
    return tf.exp(-(((distance[:, None] - centers) / GAUSSIAN_WIDTH) ** 2))


def _dense(weights: Tensors, name: str, features: tf.Tensor) -> tf.Tensor:
    bias = weights[f"{name}.bias"][:, None, :]
    return tf.matmul(features, weights[f"{name}.kernel"]) + bias


class _Layers:
    """MEGNet's layers for one batch; features are [n_members, n, width]."""

    def __init__(self, weights: Tensors, batch: CrystalBatch) -> None:
        self.weights = weights
        self.batch = batch
        self.n_members = weights["embedding"].shape[0]
        self.n_atoms = tf.shape(batch.species)[0]
        self.n_crystals = tf.shape(batch.state)[0]

    def inputs(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the features of atoms, bonds and state before the first block."""
        atoms = tf.gather(self.weights["embedding"], self.batch.species, axis=1)
        bonds = expand_distance(self.batch.distance)[None]
        state = self.batch.state[None]
        return (
            self.feed_forward("atom_in", atoms),
            self.feed_forward("bond_in", bonds),
            self.feed_forward("state_in", state),
        )

    def feed_forward(self, name: str, features: tf.Tensor) -> tf.Tensor:
        """Return the features after two dense layers, each with softplus2."""
        hidden = softplus2(_dense(self.weights, f"{name}.0", features))
        return softplus2(_dense(self.weights, f"{name}.1", hidden))

    def block(
        self, index: int, atoms: tf.Tensor, bonds: tf.Tensor, state: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the features after one MEGNet block with its skip connections."""
        name = f"block_{index}"
        inner = (atoms, bonds, state)
        if index:
            inner = (
                self.feed_forward(f"{name}.atom_ff", atoms),
                self.feed_forward(f"{name}.bond_ff", bonds),
                self.feed_forward(f"{name}.state_ff", state),
            )
        new_bonds = self.update_bonds(f"{name}.bond", *inner)
        new_atoms = self.update_atoms(f"{name}.atom", new_bonds, *inner)
        new_state = self.update_state(f"{name}.state", new_bonds, new_atoms, inner[2])
        return atoms + new_atoms, bonds + new_bonds, state + new_state

    def update_bonds(
        self, name: str, atoms: tf.Tensor, bonds: tf.Tensor, state: tf.Tensor
    ) -> tf.Tensor:
        """Return the new bond features from both atoms, the bond and the state."""
        of_center, of_neighbor, of_bond, of_state = self._parts(name, 4)
        from_state = tf.matmul(state, of_state) + self.weights[f"{name}.0.bias"][:, None, :]
        from_center = tf.matmul(atoms, of_center) + self._spread(
            from_state, self.batch.atom_crystal
        )
        hidden = (
            tf.matmul(bonds, of_bond)
            + self._spread(from_center, self.batch.center)
            + self._spread(tf.matmul(atoms, of_neighbor), self.batch.neighbor)
        )
        return self._finish(name, hidden)

    def update_atoms(
        self, name: str, new_bonds: tf.Tensor, atoms: tf.Tensor, _: tf.Tensor, state: tf.Tensor
    ) -> tf.Tensor:
        """Return the new atom features from the mean of their bonds, the atom and the state."""
        of_bond, of_atom, of_state = self._parts(name, 3)
        mean_bond = self._sum(
            new_bonds * self.batch.bond_weight[:, None], self.batch.center, self.n_atoms
        )
        from_state = tf.matmul(state, of_state) + self.weights[f"{name}.0.bias"][:, None, :]
        hidden = (
            tf.matmul(mean_bond, of_bond)
            + tf.matmul(atoms, of_atom)
            + self._spread(from_state, self.batch.atom_crystal)
        )
        return self._finish(name, hidden)

    def update_state(
        self, name: str, new_bonds: tf.Tensor, new_atoms: tf.Tensor, state: tf.Tensor
    ) -> tf.Tensor:
        """Return the new state from the means of the crystal's bonds and atoms, and the state."""
        of_bond, of_atom, of_state = self._parts(name, 3)
        mean_bond = self._mean_over_crystal(
            new_bonds, self.batch.bond_share, self.batch.bond_crystal
        )
        mean_atom = self._mean_over_crystal(
            new_atoms, self.batch.atom_share, self.batch.atom_crystal
        )
        hidden = (
            tf.matmul(mean_bond, of_bond)
            + tf.matmul(mean_atom, of_atom)
            + tf.matmul(state, of_state)
            + self.weights[f"{name}.0.bias"][:, None, :]
        )
        return self._finish(name, hidden)

    def set2set(
        self, part: str, features: tf.Tensor, share: tf.Tensor, crystal: tf.Tensor
    ) -> tf.Tensor:
        """Return a crystal's attention over its atoms or bonds [n_members, n_crystals, 32].

        As in MEGNet's layer the LSTM keeps no cell state from step to step, so that its forget gate
        has no effect. Source: Vinyals et al., arXiv 1511.06391.
        """
        memory = _dense(self.weights, f"set2set_{part}.memory.0", features)
        query = tf.zeros([self.n_members, self.n_crystals, 2 * SET2SET])
        for _ in range(SET2SET_STEPS):
            hidden = self._lstm(f"set2set_{part}.lstm.0", query)
            energy = tf.reduce_sum(memory * self._spread(hidden, crystal), axis=-1, keepdims=True)
            raised = share[:, None] * tf.exp(energy - self._greatest(energy, crystal))
            total = self._sum(raised, crystal, self.n_crystals)
            read = self._sum(raised * memory, crystal, self.n_crystals) / total
            query = tf.concat([hidden, read], axis=-1)
        return query

    def _lstm(self, name: str, query: tf.Tensor) -> tf.Tensor:
        gate_in, _, candidate, gate_out = tf.split(_dense(self.weights, name, query), 4, axis=-1)
        cell = _hard_sigmoid(gate_in) * tf.tanh(candidate)
        return _hard_sigmoid(gate_out) * tf.tanh(cell)

    def _parts(self, name: str, count: int) -> list[tf.Tensor]:
        """Return the first kernel of a stack cut along its inputs."""
        parts: list[tf.Tensor] = tf.split(self.weights[f"{name}.0.kernel"], count, axis=1)
        return parts

    def _finish(self, name: str, hidden: tf.Tensor) -> tf.Tensor:
        """Return an update's output, its last layer linear, from the sum in its first layer."""
        hidden = softplus2(_dense(self.weights, f"{name}.1", softplus2(hidden)))
        return _dense(self.weights, f"{name}.2", hidden)

    def _spread(self, features: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        return tf.gather(features, index, axis=1)

    def _mean_over_crystal(
        self, features: tf.Tensor, share: tf.Tensor, crystal: tf.Tensor
    ) -> tf.Tensor:
        return self._sum(features * share[:, None], crystal, self.n_crystals)

    def _sum(self, features: tf.Tensor, index: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        """Return sums [n_members, count, width] of the features with equal (ascending) index."""
        flat = tf.reshape(features, [-1, features.shape[-1]])
        sums = tf.math.segment_sum(flat, self._index_by_member(index, count))
        return tf.reshape(sums, [self.n_members, count, features.shape[-1]])

    def _greatest(self, energy: tf.Tensor, crystal: tf.Tensor) -> tf.Tensor:
        """Return the greatest energy in each entry's crystal [n_members, n, 1], as a constant."""
        flat = tf.reshape(tf.stop_gradient(energy), [-1])
        index = self._index_by_member(crystal, self.n_crystals)
        greatest = tf.gather(tf.math.segment_max(flat, index), index)
        return tf.reshape(greatest, tf.shape(energy))

    def _index_by_member(self, index: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        members = tf.range(self.n_members)[:, None] * count
        return tf.reshape(members + index[None, :], [-1])


def _hard_sigmoid(values: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(0.2 * values + 0.5, 0.0, 1.0)
