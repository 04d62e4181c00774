"""Crystals that no load has sent before, as numbered files."""

import re
from functools import lru_cache
from math import exp
from pathlib import Path

from benchmarks.crystals import cif, crystal
from models.crystal import fingerprint

N_ATOMS = 10
BASES = 50  # random crystals, each with
LENGTHS = 41  # cell lengths a, up to 4 % from the first
STEP = 2 * fingerprint.STEP  # of log(a): two steps of the volume's logarithm in the fingerprint
FIRST_SEED = 1000  # other crystals than those of `crystals`
LENGTH = re.compile(r"(_cell_length_a\s+)(\S+)")


class Supply:
    """Files 0.cif, 1.cif, ... in a folder, and the number of the first that was not sent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.first = 0

    def stock(self, amount: int) -> None:
        """Write what is missing of so many crystals from the first one on."""
        for number in range(self.first, self.first + amount):
            path = self.folder / f"{number}.cif"
            if not path.exists():
                path.write_text(numbered(number))


def numbered(number: int) -> str:
    """Return the CIF of a crystal whose fingerprint no other number has."""
    block, place = divmod(number, BASES * LENGTHS)
    length, base = divmod(place, BASES)  # neighbours in a batch are different crystals
    factor = exp(STEP * (length - LENGTHS // 2))
    return LENGTH.sub(
        lambda found: f"{found[1]}{float(found[2]) * factor:.8f}",
        _base(FIRST_SEED + block * BASES + base),
    )


@lru_cache(BASES)
def _base(seed: int) -> str:
    return cif(crystal(N_ATOMS, seed))
