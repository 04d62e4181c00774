"""Named arrays of an ensemble's members, in a file without pickle."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from models.errors import DamagedEnsemble

Single = NDArray[np.float32]


@dataclass(frozen=True)
class MemberArrays(ABC):
    """Arrays of single precision, one for each field, that a file holds by name."""

    def save(self, path: Path) -> None:
        """Write the arrays to a file."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        save_file({name: np.ascontiguousarray(value) for name, value in arrays.items()}, path)

    @classmethod
    def load(cls, path: Path, n_members: int) -> Self:
        """Return the arrays in a file; DamagedEnsemble where they are not of `n_members`."""
        try:
            arrays = load_file(path)
            cls._check_names(path, set(arrays))
            loaded = cls(**arrays)
            shapes = loaded.shapes(n_members)
        except (OSError, SafetensorError, ValueError) as error:
            raise DamagedEnsemble(f"{path} cannot be read: {error}") from error
        for name, shape in shapes.items():
            value = getattr(loaded, name)
            if value.shape != shape or value.dtype != np.float32 or not np.isfinite(value).all():
                raise DamagedEnsemble(
                    f"{path}: {name} is not {shape} finite numbers of single precision."
                )
        return loaded

    @classmethod
    def _check_names(cls, path: Path, found: set[str]) -> None:
        expected = {field.name for field in fields(cls)}
        if found != expected:
            missing, unknown = sorted(expected - found), sorted(found - expected)
            raise DamagedEnsemble(
                f"{path} is of another release: missing arrays {missing}, unknown {unknown}."
            )

    @abstractmethod
    def shapes(self, n_members: int) -> dict[str, tuple[int, ...]]:
        """Return the shape that each array must have; ValueError where one has other axes."""
