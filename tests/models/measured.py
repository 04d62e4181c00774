"""Simple crystals with their lattice parameter in A and measured LTC at 300 K in W/(m K).

Room-temperature measurements as tabulated by D. T. Morelli and G. A. Slack, in High Thermal
Conductivity Materials (Springer 2006), chapter 2.
"""

from dataclasses import dataclass

from pymatgen.core import Structure

from tests.crystals import ROCKSALT, ZINCBLENDE, StructureType


@dataclass(frozen=True)
class MeasuredCrystal:
    """A binary or elemental crystal: its type, elements, lattice parameter, LTC."""

    kind: StructureType
    elements: tuple[str, str]
    lattice: float
    ltc: float

    @property
    def structure(self) -> Structure:
        """The primitive cell."""
        return self.kind.crystal(list(self.elements), self.kind.shortest * self.lattice)


_ROCKSALT = (
    ("Li", "F", 4.026, 17.6),
    ("Na", "F", 4.632, 18.4),
    ("Na", "Cl", 5.640, 7.1),
    ("Na", "I", 6.473, 1.8),
    ("K", "Cl", 6.293, 7.1),
    ("K", "Br", 6.600, 3.4),
    ("K", "I", 7.066, 2.6),
    ("Rb", "Br", 6.889, 3.8),
    ("Rb", "I", 7.342, 2.3),
    ("Mg", "O", 4.212, 60.0),
    ("Ca", "O", 4.811, 27.0),
    ("Sr", "O", 5.160, 12.0),
    ("Pb", "S", 5.936, 2.9),
    ("Pb", "Se", 6.124, 2.0),
    ("Pb", "Te", 6.462, 2.5),
)
_ZINCBLENDE = (
    ("Si", "Si", 5.431, 166.0),
    ("Ge", "Ge", 5.658, 65.0),
    ("Si", "C", 4.360, 360.0),
    ("Ga", "P", 5.451, 100.0),
    ("Ga", "As", 5.653, 45.0),
    ("Ga", "Sb", 6.096, 40.0),
    ("In", "P", 5.869, 93.0),
    ("In", "As", 6.058, 30.0),
    ("In", "Sb", 6.479, 20.0),
    ("Zn", "S", 5.409, 27.0),
    ("Zn", "Se", 5.668, 19.0),
    ("Zn", "Te", 6.104, 18.0),
    ("Cd", "Te", 6.482, 7.5),
)
MEASURED = tuple(
    MeasuredCrystal(kind, (first, second), lattice, ltc)
    for kind, rows in ((ROCKSALT, _ROCKSALT), (ZINCBLENDE, _ZINCBLENDE))
    for first, second, lattice, ltc in rows
)
