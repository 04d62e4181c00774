"""Weights of an ensemble as compiled code takes them; single precision, members first."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Single = NDArray[np.float32]
PADDING = 16  # widths of layers are multiples of it
LINE = 64  # bytes of the cache that a vector should not straddle
PARTS = ("atom", "bond", "state")  # of a crystal; `Update` and `FeedForward` come in this order
ATOM, BOND, STATE = range(3)


class Layer(NamedTuple):
    """Dense layers of one shape: kernels [..., inputs, width], biases [..., 1, width]."""

    kernel: Single
    bias: Single


class FeedForward(NamedTuple):
    """Two layers [n_members, 2, 3]: of the second and third block, for each of the PARTS."""

    first: Layer
    second: Layer


class Update(NamedTuple):
    """What gives new features [n_members, 3, ...]: of the three blocks.

    The first layer's kernel is cut along its inputs: `atom` and `state` [.., 3, 32, 64] for the
    update of atoms and state meet bonds, atom and state, `bond` [.., 4, 32, 64] meets center,
    neighbor, bond and state. `bias`, `second`, `third` have one more axis, the PARTS.
    """

    atom: Single
    bond: Single
    state: Single
    bias: Single
    second: Layer
    third: Layer


class Set2Set(NamedTuple):
    """Set2set [n_members, 2, ...] for atoms and bonds; `first` [.., 1, 16] asks first."""

    memory: Layer
    lstm: Layer
    first: Single


class Readout(NamedTuple):
    """From the pooled features to the outputs.

    `mlp` [n_members, n_numbers]: kernel and bias of each layer in turn; `widths` [n_layers + 1]:
    theirs, padded. `mean`, `scale` [n_members, n_descriptors]: of the descriptors taken, if any.
    """

    first: Layer
    second: Layer
    mean: Single
    scale: Single
    mlp: Single
    widths: NDArray[np.int64]


class Distances(NamedTuple):
    """Tables over distances (see `distances`), and a bias of zero.

    `bonds` [n_members, n_points, 32]: features before the first block; `hidden`
    [n_members, n_points, 64]: what they add to the first layer of its update of bonds.
    """

    bonds: Single
    hidden: Single
    nothing: Single


class Prepared(NamedTuple):
    """All weights. Biases behind a softplus2 have its log(2) taken in: layers give softplus.

    `atom_in` [n_members, n_elements, 32], `state_in` [n_members, 32]: features before the first
    block.
    """

    distances: Distances
    atom_in: Single
    state_in: Single
    feed_forward: FeedForward
    update: Update
    set2set: Set2Set
    readout: Readout
    n_outputs: int


def aligned(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the values in single precision, starting at a line of the cache."""
    n_bytes = 4 * values.size
    space = np.empty(n_bytes + LINE, dtype=np.uint8)
    start = -space.ctypes.data % LINE
    array = space[start : start + n_bytes].view(np.float32).reshape(values.shape)
    array[...] = values
    return array


def padded(
    values: NDArray[np.floating], axes: tuple[int, ...], multiple: int = PADDING
) -> NDArray[np.floating]:
    """Return the values with zeros added so that these axes are multiples of a number."""
    missing = [(0, 0)] * values.ndim
    for axis in axes:
        missing[axis] = (0, -values.shape[axis] % multiple)
    return np.pad(values, missing)
