"""Weights of all members of an ensemble in one file without pickle."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from models.errors import DamagedEnsemble
from models.network.architecture import Architecture, Weights, weight_shapes


def stack_members(members: Sequence[Weights]) -> Weights:
    """Return the members' weights by name, each [n_members, *shape]."""
    return {name: np.stack([member[name] for member in members]) for name in members[0]}


def save_weights(members: Sequence[Weights], path: Path) -> None:
    """Write the members' weights, each name stacked to [n_members, *shape]."""
    # safetensors writes memory as it lies: a transposed array would come back as another.
    stacked = stack_members(members).items()
    save_file({name: np.ascontiguousarray(value) for name, value in stacked}, path)


def load_weights(
    path: Path, architecture: Architecture, n_members: int
) -> Mapping[str, NDArray[np.float32]]:
    """Return the weights by name, each [n_members, *shape].

    Raises DamagedEnsemble with the name of the first weight that is missing, unknown, of another
    shape or type, or not finite.
    """
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise DamagedEnsemble(f"{path} cannot be read: {error}.") from error
    shapes = weight_shapes(architecture)
    for name in sorted(shapes.keys() ^ weights.keys()):
        state = "missing" if name in shapes else "unknown"
        raise DamagedEnsemble(f"{path}: weight {name} is {state}.")
    for name, shape in shapes.items():
        _check_weight(f"{path}: weight {name}", weights[name], (n_members, *shape))
    return weights


def _check_weight(place: str, value: NDArray[np.float32], shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        raise DamagedEnsemble(f"{place} has shape {value.shape}, expected {shape}.")
    if value.dtype != np.float32:
        raise DamagedEnsemble(f"{place} has type {value.dtype}, expected float32.")
    if not np.isfinite(value).all():
        raise DamagedEnsemble(f"{place} holds values that are not finite.")
