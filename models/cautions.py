"""What to mind before a predicted LTC is used."""

from collections.abc import Iterator

import numpy as np
from pymatgen.core import Element

from models.elements import element_property
from models.graph import CrystalGraph
from models.second_opinion import SecondOpinion

CLOSED_SHELLS = (8, 18)  # valence electrons of the primitive cell at which intermetallics have gaps
ONLY_LATTICE = "only the lattice part is predicted, and a metal's electrons conduct heat as well."


def cautions(graph: CrystalGraph, ltc: float, opinion: SecondOpinion | None) -> tuple[str, ...]:
    """Return one sentence for each reason to doubt an LTC in W/(m K), or what it stands for."""
    return (*_metal(graph), *_below_minimum(ltc, opinion))


def _metal(graph: CrystalGraph) -> Iterator[str]:
    """Yield why the crystal is likely a metal: an odd electron, or metals without a closed shell.

    Bands hold two electrons each, so that an odd number in the primitive cell leaves one half full
    (or the crystal is magnetic). Half-Heuslers of 8 and 18 valence electrons are semiconductors
    though made of metals.
    """
    counts = graph.atom_share * graph.symmetry.n_primitive
    electrons = round(float(np.sum(counts * graph.species)))
    if electrons % 2:
        yield f"Likely a metal or magnetic ({electrons} electrons in a cell, an odd number): " + (
            ONLY_LATTICE
        )
        return
    valence = round(float(np.sum(counts * element_property("valence")[graph.species])))
    metals = all(Element.from_Z(int(number)).is_metal for number in set(graph.species.tolist()))
    if metals and valence not in CLOSED_SHELLS:
        yield f"Likely a metal (all its elements are): {ONLY_LATTICE}"


def _below_minimum(ltc: float, opinion: SecondOpinion | None) -> Iterator[str]:
    if opinion and ltc < opinion.minimum:
        yield (
            f"The prediction lies below {opinion.minimum:.2g} W/(m K), what a glass of these atoms "
            "would conduct: take that for the lower bound."
        )
