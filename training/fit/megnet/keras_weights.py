"""MEGNet's published weight files (Keras HDF5) as weights of our network."""

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from models.errors import DataError
from models.network.architecture import Architecture, weight_shapes

# Keras numbered the dense layers in the order in which the network was built.
DENSE_LAYERS = (
    *("atom_in.0", "atom_in.1", "bond_in.0", "bond_in.1", "state_in.0", "state_in.1"),
    *("block_1.atom_ff.0", "block_1.atom_ff.1", "block_1.bond_ff.0", "block_1.bond_ff.1"),
    *("block_1.state_ff.0", "block_1.state_ff.1"),
    *("block_2.atom_ff.0", "block_2.atom_ff.1", "block_2.bond_ff.0", "block_2.bond_ff.1"),
    *("block_2.state_ff.0", "block_2.state_ff.1"),
    *("readout.0", "readout.1", "mlp.0"),
)
BLOCK_PARTS = {"phi_e": ("bond", "e"), "phi_v": ("atom", "v"), "phi_u": ("state", "u")}
HEAD = Architecture(mlp=(), outputs=1)


def read_megnet_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the weights in a MEGNet HDF5 file by our names; `mlp.0` is MEGNet's output layer.

    Raises DataError when the file is missing or no HDF5, or a weight is missing or has another
    shape than ours.
    """
    try:
        with h5py.File(path) as file:
            return {name: _weight(file, path, name, place) for name, place in _places().items()}
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error}). Get it with `python -m training fetch megnet`, or "
            "name the folder of the data sets with --data-dir or $PARAISITE_DATA."
        ) from error


def _weight(file: h5py.File, path: Path, name: str, place: str) -> NDArray[np.float32]:
    weight, shape = file.get(f"model_weights/{place}"), weight_shapes(HEAD)[name]
    if weight is None or weight.shape != shape:
        raise DataError(
            f"{path}: {place} is missing or not of shape {shape}; "
            "is this one of MEGNet's mp-2018.6.1 models?"
        )
    return np.asarray(weight, dtype=np.float32)


def _places() -> dict[str, str]:
    places = {"embedding": "embedding_1/embedding_1/embeddings:0"}
    for number, name in enumerate(DENSE_LAYERS, start=1):
        for kind in ("kernel", "bias"):
            places[f"{name}.{kind}"] = f"dense_{number}/dense_{number}/{kind}:0"
    for block in range(3):
        layer = f"meg_net_layer_{block + 1}"
        for keras_part, (part, letter) in BLOCK_PARTS.items():
            for depth in range(3):
                inside = f"{layer}/{layer}/{layer}/{keras_part}"
                name = f"block_{block}.{part}.{depth}"
                places[f"{name}.kernel"] = f"{inside}/weight_{letter}_{depth}:0"
                places[f"{name}.bias"] = f"{inside}/bias_{letter}_{depth}:0"
    for number, part in enumerate(("atom", "bond"), start=1):
        layer = f"set2_set_{number}/set2_set_{number}"
        places[f"set2set_{part}.memory.0.kernel"] = f"{layer}/x_to_m_weight:0"
        places[f"set2set_{part}.memory.0.bias"] = f"{layer}/x_to_m_bias:0"
        places[f"set2set_{part}.lstm.0.kernel"] = f"{layer}/recurrent_kernel:0"
        places[f"set2set_{part}.lstm.0.bias"] = f"{layer}/recurrent_bias:0"
    return places
