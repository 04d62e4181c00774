"""Bond-valence descriptors: total strength, evenness and one-sidedness of bonds.

An atom whose bonds are weak or lie to one side moves far, and its forces are not harmonic. The
strength of a bond falls off exponentially with its length, by the constant that is common to
nearly all bonds: Brese and O'Keeffe, Acta Cryst. B 47, 192 (1991).
"""

import numpy as np

from models.crystal.neighbors import Neighbors
from models.descriptors.elements import element_property
from models.smooth import Floats, magnitude

SOFTNESS = 0.37  # A
SMALLEST_POLAR_VALENCE = 0.01  # keeps the logarithm finite where all atoms are alike
NOISE = 0.05  # of the one-sidedness
WIDTHS = {
    "log_valence": 0.1, "log_polar_valence": 0.1, "one_sided": 0.05,
    "log_effective_bonds": 0.1, "log_saturation": 0.1,
}  # fmt: skip


def bond_strengths(neighbors: Neighbors) -> Floats:
    """Return the strength [n_pairs] of the bond between each pair."""
    radius = element_property("radius")[neighbors.number]
    excess = radius[neighbors.center] + radius[neighbors.neighbor] - neighbors.distance
    strengths: Floats = np.exp(excess / SOFTNESS) * neighbors.weight
    return strengths


def bond_valence_columns(neighbors: Neighbors) -> list[Floats]:
    """Return the columns [n_sites] of `WIDTHS`.

    The valence of a site is the sum of its bonds' strengths; polar: weighted by the difference in
    electronegativity; one-sided: the length of the strengths' vector sum over their sum; effective
    bonds: the squared sum of the strengths over the sum of their squares; saturation: the valence
    over the site's valence electrons.
    """
    negativity = element_property("electronegativity")[neighbors.number]
    center, neighbor = neighbors.center, neighbors.neighbor
    strength = bond_strengths(neighbors)
    polarity = np.abs(negativity[center] - negativity[neighbor])
    quantities = np.column_stack([np.ones_like(strength), polarity, strength, neighbors.direction])
    valence, polar, square, *side = neighbors.total(quantities * strength[:, None]).T
    electrons = np.maximum(element_property("valence")[neighbors.number], 1)
    return [
        *(np.log10(valence), np.log10(polar + SMALLEST_POLAR_VALENCE)),
        magnitude(sum(part**2 for part in side) / valence**2, NOISE),
        *(np.log10(valence**2 / square), np.log10(valence / electrons)),
    ]
