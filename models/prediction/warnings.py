"""Warnings attached to a prediction."""

from collections.abc import Iterator

import numpy as np

from models.crystal.crystal import Crystal
from models.crystal.dimension import LAYERED
from models.crystal.structure_type import FULL_HEUSLER, HALF_HEUSLER
from models.descriptors.electrons import CLOSED_SHELLS, has_odd_electron, valence_electrons
from models.descriptors.elements import is_nonmetal
from models.prediction.result import SecondOpinion

# Valence electrons of the primitive cell at which compounds of metals alone have a gap.
SEMICONDUCTING = {HALF_HEUSLER: CLOSED_SHELLS, FULL_HEUSLER: (24,)}
VACUUM = 6.5  # A between planes of atoms; 2D materials stacked as crystals have less
ONLY_LATTICE = "only the lattice part is predicted, and a metal's electrons conduct heat as well."


def find_warnings(crystal: Crystal, ltc: float, opinion: SecondOpinion | None) -> tuple[str, ...]:
    """Return one sentence for each reason for care with an LTC in W/(m K)."""
    return (*_metal(crystal), *_open_network(crystal), *_below_minimum(ltc, opinion))


def likely_metal(crystal: Crystal) -> bool:
    """Return whether electrons are likely to conduct heat as well."""
    return any(True for _ in _metal(crystal))


def _metal(crystal: Crystal) -> Iterator[str]:
    """Yield why the crystal is likely a metal: an odd electron, or metals without a closed shell.

    Bands hold two electrons each, so that an odd number in the primitive cell leaves one half full
    (or the crystal is magnetic). Half-Heuslers of 8 and 18 valence electrons, and Heuslers of 24,
    are semiconductors though made of metals.
    """
    species, counts = (np.array(part) for part in zip(*crystal.composition.items(), strict=True))
    if has_odd_electron(species, counts):
        yield (
            f"Likely a metal or magnetic ({np.sum(counts * species)} electrons in a cell, an odd "
            f"number): {ONLY_LATTICE}"
        )
        return
    closed = SEMICONDUCTING.get(crystal.structure_type, ())
    if not is_nonmetal()[species].any() and valence_electrons(species, counts) not in closed:
        yield f"Likely a metal (all its elements are): {ONLY_LATTICE}"


def _open_network(crystal: Crystal) -> Iterator[str]:
    """Yield what molecules, chains, layers and slabs make of the mean over directions."""
    network = crystal.network
    if network.gap > VACUUM:
        yield (
            f"A slab with {network.gap:.1f} A of vacuum: an LTC per volume depends on how much "
            "vacuum the cell holds. Send the bulk crystal."
        )
    elif network.dimension == LAYERED:
        yield (
            "Layered: the LTC along and across the layers differ, often several times; the number "
            "is their mean over directions."
        )
    elif network.dimension == 1:
        yield (
            "Made of chains: the LTC along and across them differ; the number is their mean over "
            "directions."
        )
    elif network.dimension == 0:
        yield (
            "A molecular crystal: predictions of such crystals were less accurate in testing, and "
            "their references depend on how dispersion was treated."
        )


def _below_minimum(ltc: float, opinion: SecondOpinion | None) -> Iterator[str]:
    if opinion and ltc < opinion.minimum.ltc:
        yield (
            f"The prediction lies below Cahill's minimum conductivity, {opinion.minimum.ltc:.2g} "
            "W/(m K), which is a model, not a strict bound for crystals."
        )
