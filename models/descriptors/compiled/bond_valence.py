"""Bond-valence descriptors: total strength, evenness and one-sidedness of bonds.

An atom whose bonds are weak or lie to one side moves far, and its forces are not harmonic. The
strength of a bond falls off exponentially with its length, by the constant that is common to
nearly all bonds: Brese and O'Keeffe, Acta Cryst. B 47, 192 (1991).
"""

import math
from typing import Any

import numpy as np

from models.compiling.compiler import entry
from models.descriptors.compiled.pairs import magnitude

SOFTNESS = 0.37  # A
SMALLEST_POLAR_VALENCE = 0.01  # keeps the logarithm finite where all atoms are alike
NOISE = 0.05  # of the one-sidedness
WIDTHS = {
    "log_valence": 0.1, "log_polar_valence": 0.1, "one_sided": 0.05,
    "log_effective_bonds": 0.1, "log_saturation": 0.1,
}  # fmt: skip


N_COLUMNS = len(WIDTHS)


@entry
def bond_strengths(pairs: Any, elements: Any) -> Any:
    """Return the strength [n_pairs] of the bond between each pair."""
    strengths = np.empty(len(pairs.distance))
    for site in range(len(pairs.number)):
        radius = elements.radius[pairs.number[site]]
        for pair in range(pairs.first[site], pairs.first[site + 1]):
            length = radius + elements.radius[pairs.number[pairs.neighbor[pair]]]
            excess = (length - pairs.distance[pair]) / SOFTNESS
            strengths[pair] = math.exp(excess) * pairs.weight[pair]
    return strengths


@entry
def bond_valence_columns(pairs: Any, elements: Any, strengths: Any) -> Any:
    """Return the columns [n_sites, n_columns] of `WIDTHS`; `strengths` [n_pairs] of bonds.

    The valence of a site is the sum of its bonds' strengths; polar: weighted by the difference in
    electronegativity; one-sided: the length of the strengths' vector sum over their sum; effective
    bonds: the squared sum of the strengths over the sum of their squares; saturation: the valence
    over the site's valence electrons.
    """
    columns, side = np.empty((len(pairs.number), N_COLUMNS)), np.empty(3)
    for site in range(len(columns)):
        number = pairs.number[site]
        negativity = elements.negativity[number]
        valence, polar, squares = 0.0, 0.0, 0.0
        side[:] = 0.0
        for pair in range(pairs.first[site], pairs.first[site + 1]):
            strength, other = strengths[pair], pairs.number[pairs.neighbor[pair]]
            valence += strength
            polar += abs(negativity - elements.negativity[other]) * strength
            squares += strength**2
            for axis in range(3):
                side[axis] += pairs.direction[pair, axis] * strength
        aside = (side[0] ** 2 + side[1] ** 2 + side[2] ** 2) / valence**2
        column = columns[site]
        column[0] = math.log10(valence)
        column[1] = math.log10(polar + SMALLEST_POLAR_VALENCE)
        column[2] = magnitude(aside, NOISE)
        column[3] = math.log10(valence**2 / squares)
        column[4] = math.log10(valence / max(elements.valence[number], 1.0))
    return columns
