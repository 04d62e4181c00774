"""Simple crystals with their lattice parameter in A and measured LTC at 300 K in W/(m K).

Room-temperature measurements as tabulated by D. T. Morelli and G. A. Slack, in High Thermal
Conductivity Materials (Springer 2006), chapter 2.
"""

from dataclasses import dataclass

from pymatgen.core import Structure

from tests.crystals import ROCKSALT, WURTZITE_TYPE, ZINCBLENDE, StructureType


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
    ("Li", "H", 4.083, 15.0),
    ("Li", "F", 4.026, 17.6),
    ("Na", "F", 4.632, 18.4),
    ("Na", "Cl", 5.640, 7.1),
    ("Na", "Br", 5.973, 2.8),
    ("Na", "I", 6.473, 1.8),
    ("K", "Cl", 6.293, 7.1),
    ("K", "Br", 6.600, 3.4),
    ("K", "I", 7.066, 2.6),
    ("Rb", "Cl", 6.590, 2.8),
    ("Rb", "Br", 6.889, 3.8),
    ("Rb", "I", 7.342, 2.3),
    ("Mg", "O", 4.212, 60.0),
    ("Ca", "O", 4.811, 27.0),
    ("Sr", "O", 5.160, 12.0),
    ("Ba", "O", 5.539, 2.3),
    ("Ag", "Cl", 5.549, 1.0),
    ("Pb", "S", 5.936, 2.9),
    ("Pb", "Se", 6.124, 2.0),
    ("Pb", "Te", 6.462, 2.5),
)
_ZINCBLENDE = (
    ("C", "C", 3.567, 3000.0),  # of one isotope
    ("B", "N", 3.615, 760.0),
    ("B", "P", 4.538, 350.0),
    ("Al", "P", 5.463, 90.0),
    ("Al", "As", 5.661, 98.0),
    ("Al", "Sb", 6.136, 56.0),
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
    ("Hg", "Se", 6.085, 3.0),
    ("Hg", "Te", 6.461, 2.5),
)
_WURTZITE = (  # the parameter a of the ideal shape with the measured volume
    ("Si", "C", 3.081, 490.0),
    ("Al", "N", 3.090, 350.0),
    ("Ga", "N", 3.185, 210.0),
    ("Zn", "O", 3.229, 60.0),
    ("Be", "O", 2.692, 370.0),
    ("Cd", "S", 4.128, 16.0),
    ("Cd", "Se", 4.298, 4.4),
)
MEASURED = tuple(
    MeasuredCrystal(kind, (first, second), lattice, ltc)
    for kind, rows in (
        (ROCKSALT, _ROCKSALT),
        (ZINCBLENDE, _ZINCBLENDE),
        (WURTZITE_TYPE, _WURTZITE),
    )
    for first, second, lattice, ltc in rows
)
