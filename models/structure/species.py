"""Element symbols as structure files spell them."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache

import gemmi
import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, Element, Lattice, Structure

from models.errors import DisorderedStructure, UnreadableStructure, UnsupportedElement

SHOWN = 60  # characters of the file that a message repeats
LONGEST = 200  # characters of a symbol; a longer one is none
# Isotope number, letters, and what may follow: isotope, oxidation state, charge, form factor.
SYMBOL = re.compile(
    r"(?:\d{1,3})?(?P<letters>[A-Za-z]{1,2})(?P<valence>val|va|v)?"
    r"(?:_?\d{1,3}|\(\d+\)|\([IVX]+[+-]?\))?\s?\^?(?:[+-]\d*(?:\.\d+)?|\d*(?:\.\d+)?[+-]+)?\^?\.?"
)
MIXED = re.compile(r",|/|[+] ")  # Nb,Zr or Na/K or 0.8Nb + 0.2Zr, but not Na+
GROUP = re.compile(r"H\d*O|OH|NH|CH|H2O|WAT|D2O|OD", re.IGNORECASE)
# Groups of atoms whose first two letters, or all, are an element: CO3 is no cobalt.
POLYATOMIC = re.compile(r"(CN|CO3|NO[23]|NH[34]|PO[34]|SO[34]|ClO[34]|SiO4|BH4)[+-]?\d*[+-]?")
NO_ATOM = {"Cg", "Du", "Va", "Bq", "X", "Q", "M", "Z", "L", "A", "R", "G", "J", "E"}


def element_number(letters: str) -> int:
    """Return the atomic number of one or two letters, that of H for D and T, or 0."""
    name = letters.title()
    if name in NO_ATOM:
        return 0
    return 1 if name in {"D", "T"} else int(gemmi.Element(name).atomic_number)


def is_isotope(symbol: str) -> bool:
    """Tell whether a type symbol names an isotope, such as D or 10B."""
    has_mass = symbol[:1].isdigit() and not symbol.isdigit()  # a number alone is the atomic one
    return has_mass or re.sub("[^A-Za-z]", "", symbol) in {"D", "T"}


def isotope_warnings(symbols: Iterable[str]) -> tuple[str, ...]:
    """Return a warning that names each isotope among type symbols once; none without isotopes."""
    isotopes = list(filter(is_isotope, dict.fromkeys(symbols)))
    named = ", ".join(isotopes)[:SHOWN]
    return (f"Isotopes, which count as their element: {named}.",) if isotopes else ()


def element_letters(symbol: str) -> str:
    """Return the element's letters in a type symbol, as capitals, H for D and T."""
    letters = re.sub("[^A-Z]", "", symbol.upper())
    return "H" if letters in {"D", "T"} else letters


def structure_of(
    lattice: Lattice, numbers: Iterable[int], positions: NDArray[np.float64], *, cartesian: bool
) -> Structure:
    """Return the structure of atoms by their atomic numbers and positions [n_sites, 3]."""
    species = [_one_atom(number) for number in numbers]
    return Structure(lattice, species, positions, coords_are_cartesian=cartesian)


@cache
def _one_atom(number: int) -> Composition:
    """Return the composition of a site; to make one takes longer than the rest of the site."""
    return Composition({Element.from_Z(number): 1})


@lru_cache(maxsize=1024)
def atomic_number(symbol: str, site: str = "") -> int:
    """Return the atomic number for a type symbol such as Na, Na1+, NA, 7Li, Li_7, Sival or D.

    `site` names the atom in messages. Raises UnsupportedElement, DisorderedStructure for two
    elements, UnreadableStructure for a group with hydrogen that is only implied.
    """
    shown = _shown(symbol, site)
    if POLYATOMIC.fullmatch(symbol):
        raise UnreadableStructure(
            f"{shown} stands for a group of atoms; list every atom as a site of its own."
        )
    found = SYMBOL.fullmatch(symbol) if len(symbol) <= LONGEST else None
    number = element_number(found["letters"]) if found else 0
    if not number and found and not found["valence"] and found["letters"][1:].islower():
        number = _with_valence(symbol)
    if number:
        return number
    if GROUP.match(symbol):
        raise UnreadableStructure(
            f"{shown} stands for a group with hydrogen; list every atom as a site of its own."
        )
    if MIXED.search(symbol) or len(_elements_in(symbol)) > 1:
        raise DisorderedStructure(
            f"{shown} is mixed, shared by several elements; send an ordered approximant, such as "
            "one made by pymatgen's OrderDisorderedStructureTransformation or a special "
            "quasirandom structure."
        )
    raise UnsupportedElement(f"{shown} is not a known element; give its chemical symbol.")


def _with_valence(symbol: str) -> int:
    """Return the number for Cval or Cv, whose second letter is not the element's."""
    rest = re.sub(r"(val|va|v)\d*$", "", symbol)
    return element_number(rest) if rest != symbol and len(rest) <= 2 else 0  # noqa: PLR2004


def _elements_in(symbol: str) -> list[str]:
    return [name for name in re.findall("[A-Z][a-z]?", symbol[:LONGEST]) if element_number(name)]


def _shown(symbol: str, site: str) -> str:
    name = f"{symbol[:SHOWN]!r}"
    return f"Site {site[:SHOWN]} ({name})" if site and site != symbol else f"The atom {name}"
