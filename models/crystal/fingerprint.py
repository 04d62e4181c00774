"""Crystal fingerprints, independent of the choice of cell and the order of sites."""

import hashlib

import numpy as np

from models.crystal.graph import CrystalGraph

STEP = 1e-3  # A; distances that differ by less are not told apart
OFFSET = 0.000271828  # A; keeps decimal cell lengths off the edges between two steps


def fingerprint(
    formula: str, group: tuple[str, int, int], volume: float, graph: CrystalGraph
) -> str:
    """Return 32 hex digits, equal for equivalent cells and reordered sites.

    A hash of the reduced `formula`, the `group`, the `volume` of an atom [A^3] to 0.1 %, and the
    graph: element and share of each inequivalent atom, length to 0.001 A and count of each bond.
    The group, of structure type, numbers of operations and sites, tells stackings with equal bonds
    apart, and crystals that are predicted differently.
    """
    log_volume = round(np.log(volume) / STEP + 0.271828)
    lengths = np.floor((graph.distance.astype(float) + OFFSET) / STEP).astype(int)
    bonds = sorted(
        zip(
            graph.species[graph.center].tolist(),
            graph.species[graph.neighbor].tolist(),
            lengths.tolist(),
            np.rint(graph.bond_weight * 5040).astype(int).tolist(),
            np.rint(graph.bond_share * 1e5).astype(int).tolist(),
            strict=True,
        )
    )
    atoms = sorted(
        zip(
            graph.species.tolist(),
            np.rint(graph.atom_share * 1e5).astype(int).tolist(),
            strict=True,
        )
    )
    text = repr((formula, group, log_volume, atoms, bonds))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
