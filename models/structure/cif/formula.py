"""Formula and Z of a CIF, compared with the atoms of its cell."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import gcd
from statistics import median

import gemmi
from gemmi import cif

from models.structure.cif.block import Entries
from models.structure.cif.composition import STATED, formula_counts
from models.structure.cif.text import shown

OTHERS = ("_chemical_formula_structural", "_chemical_formula_moiety")  # where there is no sum
MULTIPLICITIES = ("_atom_site_symmetry_multiplicity", "_atom_site_site_symmetry_multiplicity")
HYDROGEN = 1
MISCOUNT = 0.06  # relative difference of a count from its formula that rounding cannot make
NOTICED = 0.01
LOST_HYDROGEN = 0.1  # share of the hydrogen that may be missing with a warning


@dataclass(frozen=True)
class Stated:
    """Formula and Z as stated.

    `counts`: by atomic number, none where the formula cannot be read. `units`: Z, 0 if not given.
    `n_atoms`: of the cell by the multiplicities of the sites, 0 where one is not given.
    `n_listed`: number of sites listed.
    """

    text: str = ""
    counts: dict[int, float] = field(default_factory=dict)
    units: float = 0.0
    n_atoms: int = 0
    n_listed: int = 0


@dataclass(frozen=True)
class Verdict:
    """What formula and Z say of a set of atoms.

    `fault`: how they contradict it, else nothing. `warnings`: doubts. `support`: 2 where formula
    and Z are confirmed, 1 the formula alone, 0 where they say nothing.
    """

    support: int = 0
    fault: str = ""
    warnings: tuple[str, ...] = ()


def stated_content(entries: Entries) -> Stated:
    """Return the formula and Z of a block."""
    text = _formula_text(entries)
    units = float(cif.as_number(entries.text("_cell_formula_units_z") or "?"))
    units = units if STATED[0] < units < STATED[1] else 0.0
    return Stated(text, formula_counts(text), units, *_by_multiplicities(entries))


def _formula_text(entries: Entries) -> str:
    """Return the sum formula, or another one that can be read."""
    text = " ".join(filter(None, entries.texts("_chemical_formula_sum"))).strip()
    others = (" ".join(filter(None, entries.texts(tag))).strip() for tag in OTHERS)
    return text or next(filter(formula_counts, others), "")


def _by_multiplicities(entries: Entries) -> tuple[int, int]:
    for tag in MULTIPLICITIES:
        texts = entries.texts(tag)
        if texts and all(text.isdecimal() and len(text) < 4 for text in texts):  # noqa: PLR2004
            return sum(map(int, texts)), len(texts)
    return 0, 0


def judge(stated: Stated, numbers: Sequence[int]) -> Verdict:
    """Return what formula and Z say of atoms with these atomic numbers."""
    if not stated.counts:
        counted = _by_count(stated, len(numbers))
        return replace(counted, warnings=_unreadable(stated))
    found = Counter(numbers)
    fault, warnings = _compared(stated, found)
    if fault:
        return Verdict(fault=fault)
    heavy = {n: count for n, count in stated.counts.items() if n != HYDROGEN} or stated.counts
    units = sum(found[n] for n in heavy) / sum(heavy.values())
    if not stated.units:
        counted = _by_count(stated, found.total())
        return Verdict(1 + counted.support, counted.fault, tuple(warnings))
    ratio = stated.units / units
    if abs(ratio - 1) < NOTICED or _is_of_whole_cell(stated, found.total()):
        return Verdict(2, warnings=tuple(warnings))
    text = (
        f"The cell holds {units:.3g} formula units {shown(stated.text)}, but "
        f"_cell_formula_units_Z says {stated.units:g}"
    )
    multiple = max(ratio, 1 / ratio)
    if abs(multiple - round(multiple)) > NOTICED * multiple:
        return Verdict(1, warnings=(*warnings, f"{text}; the listed atoms are used."))
    return Verdict(
        fault=f"{text}; atoms or symmetry operations are missing or too many: correct the atoms, "
        "the symmetry or Z."
    )


def _unreadable(stated: Stated) -> tuple[str, ...]:
    text = shown(stated.text)
    return (f"The formula {text} cannot be read; it is not compared with the atoms.",) * bool(text)


def _by_count(stated: Stated, n_found: int) -> Verdict:
    """Return what the multiplicities of the sites say; many programs write 1 for all."""
    if stated.n_atoms == n_found:
        return Verdict(1)
    if n_found == stated.n_listed and stated.n_atoms % n_found == 0:
        return Verdict(
            fault=f"The cell holds {n_found} atoms, but by the multiplicities of its sites "
            f"{stated.n_atoms}; symmetry operations are missing, or the space group is wrong."
        )
    return Verdict()


def _is_of_whole_cell(stated: Stated, n_found: int) -> bool:
    """Tell whether the formula is that of the cell, as programs give it, and Z divides it."""
    counts = [round(count) for count in stated.counts.values()]
    units = round(stated.units)
    return n_found == round(sum(stated.counts.values())) and units > 0 and gcd(*counts) % units == 0


def _compared(stated: Stated, found: Counter[int]) -> tuple[str, list[str]]:
    """Return how the composition contradicts the formula, and doubts."""
    fault = _other_elements(stated, found)
    return (fault, []) if fault else _other_ratio(stated, found)


def _other_elements(stated: Stated, found: Counter[int]) -> str:
    """Return how the elements differ from those of the formula, else nothing."""
    text = shown(stated.text)
    missing = [n for n in stated.counts if not found[n]]
    if missing:
        return (
            f"The formula {text} has {_names(missing)}, but no site does; list every atom, or "
            "correct _chemical_formula_sum."
        )
    further = [n for n in found if n not in stated.counts]
    if further:
        return (
            f"The sites have {_names(further)}, but the formula {text} does not; correct the "
            "labels, type symbols or _chemical_formula_sum."
        )
    return ""


def _other_ratio(stated: Stated, found: Counter[int]) -> tuple[str, list[str]]:
    """Return how the ratio of the elements contradicts the formula, and doubts."""
    units = {n: found[n] / count for n, count in stated.counts.items()}
    middle = median([units[n] for n in units if n != HYDROGEN] or [*units.values()])
    off = {n: value / middle - 1 for n, value in units.items()}
    if all(abs(value) <= NOTICED for value in off.values()):
        return "", []
    counts = " ".join(f"{gemmi.Element(n).name}{found[n]}" for n in units)
    whole = (
        f"The cell holds {counts}, which is not in the ratio of the formula {shown(stated.text)}"
    )
    if off.get(HYDROGEN, 0) < -NOTICED and -off[HYDROGEN] <= LOST_HYDROGEN:
        return "", [f"{whole}: hydrogen is missing."]
    if any(abs(value) > MISCOUNT for value in off.values()):
        fault = (
            f"{whole}; atoms are missing or too many: correct the atoms, their positions, the "
            "symmetry and its origin, or the formula."
        )
        return fault, []
    return "", [f"{whole}; the listed atoms are used."]


def _names(numbers: Sequence[int]) -> str:
    return ", ".join(gemmi.Element(number).name for number in sorted(numbers))
