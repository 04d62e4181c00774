"""Elements of the atoms of a CIF: by type symbol, else by label with the help of the formula."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import islice, product

from models.errors import UnreadableStructure, UnsupportedElement
from models.structure.cif.text import shown
from models.structure.species import MIXED, atomic_number, element_number

HYDROGEN, OXYGEN, TUNGSTEN = 1, 8, 74
ORGANIC = {1, 6, 7, 8}  # elements whose atoms are often told apart by a letter behind
WATER = re.compile(r"wat|o?h2o|ow\d*$|oh\d*[a-z]?$|o-h", re.IGNORECASE)
TWO_ELEMENTS = re.compile(r"([A-Z][a-z]?)-?([A-Z][a-z])(?![A-Za-z])")
ANIONS = {1, 6, 7, 8, 9, 15, 16, 17, 34, 35, 52, 53}
AMMONIUM = re.compile(r"NH[34]$")  # no nihonium
NO_ATOM = re.compile(r"(Cg|Du|Va|Bq)(?![a-z])")  # centroids, dummies, vacancies, ghosts
TETRAHEDRAL = "T"  # sites of feldspars and zeolites, which are not tritium
MOST_READINGS = 64  # combinations of ambiguous labels that are tried against the formula


def readings(
    symbols: Sequence[str], labels: Sequence[str], formula: AbstractSet[int]
) -> list[tuple[int, ...]]:
    """Return the atomic numbers [n_sites] that the names may mean, the likeliest first.

    `formula`: the elements of the stated formula, empty for none. Raises UnsupportedElement,
    DisorderedStructure, UnreadableStructure for labels that may be two elements.
    """
    options = {
        pair: _options(*pair, formula, labels)
        for pair in dict.fromkeys(zip(symbols, labels, strict=True))
    }
    pairs = list(options)
    return [
        tuple(chosen[pair] for pair in zip(symbols, labels, strict=True))
        for choice in islice(product(*options.values()), MOST_READINGS)
        for chosen in [dict(zip(pairs, choice, strict=True))]
    ]


def implied_hydrogen(symbols: Sequence[str], labels: Sequence[str], numbers: Sequence[int]) -> str:
    """Return the first label of a group with hydrogen, such as OH1 or Wat, where no H is listed."""
    if HYDROGEN in numbers:
        return ""
    names = [*symbols, *(label for label, number in zip(labels, numbers, strict=True)
                         if number == OXYGEN and TUNGSTEN not in numbers)]  # fmt: skip
    return next((name for name in names if WATER.match(name)), "")


def _options(
    symbol: str, label: str, formula: AbstractSet[int], labels: Sequence[str]
) -> tuple[int, ...]:
    if symbol:
        return (atomic_number(symbol, label),)
    found = _of_label(label)
    if not found:
        raise _unknown(label)
    if not formula and _is_of_two_cations(label):
        raise UnreadableStructure(
            f"Site {shown(label)} may be shared by two elements; give its element as "
            "_atom_site_type_symbol, or send an ordered approximant."
        )
    if len(found) == 1 and not (found[0] == TUNGSTEN and label[:1] == "W"):
        return found
    if formula:
        within = tuple(number for number in found if number in formula)
        if within:
            return within
        if found[0] == TUNGSTEN:
            raise UnreadableStructure(
                f"Site {shown(label)} may be the oxygen of water, as the formula has no W; list "
                "its hydrogen, and give _atom_site_type_symbol."
            )
        return found
    return _without_formula(label, found, labels)


def _of_label(label: str) -> tuple[int, ...]:
    """Return the elements that a label may begin with: Ca1 is calcium, CA1 calcium or carbon."""
    if MIXED.search(label) or AMMONIUM.match(label):
        atomic_number(label)
    letters = re.match(r"\d*([A-Za-z]*)", label)
    start = letters[1] if letters and not NO_ATOM.match(label) else ""
    two = element_number(start[:2]) if len(start) > 1 else 0
    one = element_number(start[:1]) if start and start[0] != TETRAHEDRAL else 0
    if two and start[:2] == start[:2].title() and len(start) > 1:
        return (two,)
    if start[1:2].islower() and start[:1].isupper() and not two:
        return (one,) if one else ()
    return tuple(dict.fromkeys(number for number in (two, one) if number))


def _is_of_two_cations(label: str) -> bool:
    """Tell of AlSi1, but not of SiT1 (T is a kind of site) or OCo (an oxygen beside cobalt)."""
    parts = TWO_ELEMENTS.match(label)
    numbers = {element_number(part) for part in parts.groups()} if parts else {0}
    return 0 not in numbers and ANIONS.isdisjoint(numbers)


def _without_formula(label: str, found: tuple[int, ...], labels: Sequence[str]) -> tuple[int, ...]:
    """Return the element of a label in capitals. Raises UnreadableStructure if two are likely."""
    if found[0] == TUNGSTEN and WATER.match(label):
        raise group_with_hydrogen(label)
    if found[0] == TUNGSTEN:
        raise UnreadableStructure(
            f"Site {shown(label)} may be tungsten or the oxygen of water; give "
            "_atom_site_type_symbol or _chemical_formula_sum."
        )
    others = {other for other in labels if other.upper() != label.upper()}
    # HO1 beside O1 is the hydrogen of O1; CA beside CB or C1 is a carbon.
    bonded = any(other.upper().startswith(label[1:].upper()) for other in others)
    lettered = found[-1] in ORGANIC and any(_of_label(other) == found[-1:] for other in others)
    if len(found) > 1 and (bonded or lettered):
        raise _ambiguous(label)
    return found[:1]


def group_with_hydrogen(name: str) -> UnreadableStructure:
    """Return the error for a site that stands for several atoms."""
    return UnreadableStructure(
        f"Site {shown(name)} stands for a group with hydrogen atoms that are not listed; "
        "list every atom."
    )


def _ambiguous(label: str) -> UnreadableStructure:
    return UnreadableStructure(
        f"Site {shown(label)} may be {label[:2].title()} or {label[:1].upper()}; give its element "
        "as _atom_site_type_symbol, or the formula as _chemical_formula_sum."
    )


def _unknown(label: str) -> UnsupportedElement:
    return UnsupportedElement(
        f"Site {shown(label) or 'without a label'} is not of a known element; "
        "give its chemical symbol as _atom_site_type_symbol."
    )
