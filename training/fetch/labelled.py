"""Labels of a material as published, before its structure is known."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Labelled:
    """Labels of a material, as published: numbers, or their text.

    `formula`, `n_atoms` of the primitive cell, and the label `reference_volume` [Å³ an atom], where
    the source has them, must be those of the structure; the volume about.
    """

    material_id: str
    labels: Mapping[str, object]
    formula: str | None = None
    n_atoms: int | None = None
