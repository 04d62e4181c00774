"""Warnings attached to a prediction."""

from collections.abc import Iterator, Sequence
from math import log, sqrt

import numpy as np

from models.crystal.crystal import Crystal
from models.crystal.dimension import BOND, LAYERED, VACUUM, BondedNetwork
from models.crystal.structure_type import FLUORITE, FULL_HEUSLER, HALF_HEUSLER
from models.descriptors.electrons import (
    CLOSED_SHELLS,
    Ints,
    charge_imbalance,
    has_odd_electron,
    valence_electrons,
)
from models.descriptors.elements import is_nonmetal
from models.prediction.result import Interval, Reference, SecondOpinion
from models.structure.checks import COVALENT_RADII

# Valence electrons of the primitive cell at which compounds of metals alone have a gap.
SEMICONDUCTING = {HALF_HEUSLER: CLOSED_SHELLS, FULL_HEUSLER: (24,), FLUORITE: (8,)}
ALL_AROUND = 3  # directions
APART = 1.5  # times the covalent radii's sum; thallium halides have 1.35 at most
LANTHANIDES = frozenset(range(58, 71))  # Ce to Yb
ANIONS = frozenset((8, 9, 16, 17, 34, 35, 52, 53))  # chalcogens and halogens
NOBLE_GASES = frozenset((2, 10, 18, 36, 54, 86))
TINY = 1e-6  # W/(m K)
ONLY_LATTICE = "only the lattice part is predicted, and a metal's electrons conduct heat as well."


def find_warnings(crystal: Crystal, ltc: float, opinion: SecondOpinion | None) -> tuple[str, ...]:
    """Return one sentence for each reason for care with an LTC in W/(m K)."""
    return (
        *_metal(crystal),
        *_open_network(crystal),
        *_gas(crystal),
        *_below_minimum(ltc, opinion),
    )


def find_contradictions(interval: Interval, references: Sequence[Reference]) -> tuple[str, ...]:
    """Return a sentence on the reference of the same crystal that is farthest off the interval."""
    outside = [r for r in references if not interval.lower <= r.ltc <= interval.upper]
    if not outside:
        return ()
    middle = sqrt(interval.lower * interval.upper)
    reference = max(outside, key=lambda each: abs(log(max(each.ltc, TINY) / middle)))
    sentence = (
        f"A reference of this crystal, {reference.ltc:.3g} W/(m K) ({reference.material_id} in "
        f"{reference.dataset}), lies outside of the interval: either may be wrong, or their "
        "methods or volumes differ."
    )
    return (sentence,)


def likely_metal(crystal: Crystal) -> bool:
    """Return whether electrons are likely to conduct heat as well."""
    return any(True for _ in _metal(crystal))


def _metal(crystal: Crystal) -> Iterator[str]:
    """Yield why the crystal is likely a metal: an odd electron, or metals without a closed shell.

    Bands hold two electrons each, so that an odd number in the primitive cell leaves one half full
    (or the crystal is magnetic). Half-Heuslers of 8 and 18 valence electrons, Heuslers of 24 and
    fluorites of 8 (Mg2Sn) are semiconductors though made of metals. The odd electron of a
    lanthanide's salt is one of its f shell, and stays there.
    """
    species, counts = (np.array(part) for part in zip(*crystal.composition.items(), strict=True))
    if has_odd_electron(species, counts) and not _is_lanthanide_salt(species, counts):
        yield (
            f"Likely a metal or magnetic (an odd number of electrons in a cell, "
            f"{np.sum(counts * species)}): {ONLY_LATTICE}"
        )
        return
    closed = SEMICONDUCTING.get(crystal.structure_type, ())
    if not is_nonmetal()[species].any() and valence_electrons(species, counts) not in closed:
        yield f"Likely a metal (all its elements are): {ONLY_LATTICE}"


def _is_lanthanide_salt(species: Ints, counts: Ints) -> bool:
    """Tell whether a halide or chalcogenide of a lanthanide leaves no charge over."""
    is_salt = not LANTHANIDES.isdisjoint(species.tolist()) and not ANIONS.isdisjoint(
        species.tolist()
    )
    return is_salt and charge_imbalance(species, counts) == 0


def _open_network(crystal: Crystal) -> Iterator[str]:
    """Yield what vacuum, molecules, chains and layers make of the mean over directions."""
    network = crystal.network
    if network.dimension == 0 and _is_stretched(crystal):
        yield (
            f"No two atoms are closer than {_stretch(crystal):.1f} times the sum of their covalent "
            "radii: check the lattice constants, and that they are in angstrom."
        )
    elif network.gap > VACUUM:
        yield _vacuum(network)
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
    elif network.dimension == 0 and not BOND < _stretch(crystal) < APART:  # no long ionic bonds
        yield (
            "A molecular crystal: predictions of such crystals were less accurate in testing, and "
            "their references depend on how dispersion was treated."
        )


def _vacuum(network: BondedNetwork) -> str:
    """Return what vacuum in one direction, or in more, makes of an LTC."""
    if network.n_open == 1:
        return (
            f"A slab with {network.gap:.1f} A of vacuum: an LTC per volume depends on how much "
            "vacuum the cell holds. Send the bulk crystal."
        )
    what = "a molecule or cluster" if network.n_open == ALL_AROUND else "a chain or wire"
    return (
        f"Mostly vacuum: {what} with up to {network.gap:.1f} A of empty space around it is no "
        "crystal, and an LTC per volume depends on the size of the box. Send the bulk crystal."
    )


def _is_stretched(crystal: Crystal) -> bool:
    """Tell whether atoms are apart that are not in any crystal, as in lengths of another unit."""
    return _stretch(crystal) > APART and not NOBLE_GASES.issuperset(crystal.composition)


def _gas(crystal: Crystal) -> Iterator[str]:
    if NOBLE_GASES.issuperset(crystal.composition):
        yield (
            "Noble gases are gases at 300 K: such a crystal exists at low temperatures or high "
            "pressures only."
        )


def _stretch(crystal: Crystal) -> float:
    """Return the least distance of two atoms over the sum of their covalent radii."""
    pairs = crystal.neighbors
    radii = COVALENT_RADII[pairs.number]
    return float((pairs.distance / (radii[pairs.center] + radii[pairs.neighbor])).min())


def _below_minimum(ltc: float, opinion: SecondOpinion | None) -> Iterator[str]:
    if opinion and ltc < opinion.minimum.ltc:
        yield (
            f"The prediction lies below Cahill's minimum conductivity, {opinion.minimum.ltc:.2g} "
            "W/(m K), which is a model, not a strict bound for crystals."
        )
