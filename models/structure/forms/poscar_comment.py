"""Elements in the first line of a POSCAR, which is where VASP 4 leaves them, if anywhere."""

import re
from collections.abc import Sequence

from models.structure.species import element_number

# Na, Na4, Na_pv or Na/7ba5d0c1; but not In_cell.
NAMED = re.compile(r"([A-Z][a-z]?)([1-9]\d{0,4})?(?:_(?:pv|sv|[dfhs]|GW|[23]))*(?:/[0-9a-f]*)?")
PART = re.compile(r"([A-Z][a-z]?)([1-9]\d{0,4})?")
FORMULA = re.compile(rf"(?:{PART.pattern}){{2,}}")
ENGLISH = {"Am", "As", "At", "Be", "He", "I", "In", "No"}  # words, and symbols too
# Of one-letter elements, and not short for anything else, as UC is for unit cell, NV for a defect.
CAPITALS = {"BN", "BP", "KF", "KH", "KI", "UN", "VN", "WC", "YN"}
DESCRIPTION = {
    *("anatase", "antifluorite", "chalcopyrite", "corundum", "delafossite", "fluorite", "garnet"),
    *("perovskite", "quartz", "rocksalt", "rutile", "sphalerite", "spinel", "wurtzite"),
    *("zincblende", "zinc-blende", "zinc", "blende", "rock", "salt"),
    *("cubic", "tetragonal", "orthorhombic", "hexagonal", "trigonal", "rhombohedral"),
    *("monoclinic", "triclinic", "fcc", "bcc", "hcp"),
    *("bulk", "cell", "conventional", "crystal", "primitive", "structure", "unit", "unitcell"),
}
PUNCTUATION = "()[]{};:."
LONGEST = 1000  # characters of a comment that may be nothing but elements

Named = list[tuple[str, int | None]]


def elements_in_comment(comment: str, counts: Sequence[int]) -> list[str]:
    """Return the elements of a comment such as 'Na Cl', 'Na4 Cl4' or 'NaCl', one for each count.

    Nothing of prose, of a word in capitals that may be no formula, or where elements or numbers
    contradict the counts: the elements of another crystal are worse than none.
    """
    words = comment.replace(",", " ").split() if len(comment) <= LONGEST else []
    glued = _formula(words[0]) if words else []
    named = glued or _listed(words[: len(counts)])
    rest = words[1 if glued else len(counts) :]
    if len(named) != len(counts) or not _is_description(rest):
        return []
    if not glued and not _is_list(named, is_bare=not rest):
        return []
    is_bare_list = not glued and not rest and not any(number for _, number in named)
    return [symbol for symbol, _ in named] if is_bare_list or _agree(named, counts) else []


def _listed(words: Sequence[str]) -> Named:
    """Return the elements of words that are one each, or nothing."""
    found = [match for match in map(NAMED.fullmatch, words) if match]
    return _known(found) if len(found) == len(words) else []


def _formula(word: str) -> Named:
    """Return the elements of a formula in one word, or nothing where it may be no formula."""
    if not FORMULA.fullmatch(word) or not _is_spelled_one_way(word):
        return []
    return _known(list(PART.finditer(word)))


def _known(found: Sequence[re.Match[str]]) -> Named:
    if not all(element_number(match[1]) for match in found):
        return []
    return [(match[1], int(match[2]) if match[2] else None) for match in found]


def _is_spelled_one_way(word: str) -> bool:
    """Tell whether capitals are elements: V2O5, but not CUO or SIO2, which are Cu O and Si O2."""
    if word.upper() != word or word in CAPITALS:
        return True
    pairs = (word[n : n + 2] for n in range(len(word)))
    return any(map(str.isdigit, word)) and not any(
        pair.isalpha() and len(pair) == 2 and element_number(pair)  # noqa: PLR2004
        for pair in pairs
    )


def _is_description(words: Sequence[str]) -> bool:
    return all(word.strip(PUNCTUATION).lower() in DESCRIPTION for word in words)


def _is_list(named: Named, *, is_bare: bool) -> bool:
    """Tell a list of symbols from the beginning of a sentence, and from P1, B3 or C2."""
    if is_bare:
        return len(named) > 1 or len(named[0][0]) > 1 or named[0][1] is None
    plain = (number or (len(symbol) > 1 and symbol not in ENGLISH) for symbol, number in named)
    return len(named) > 1 and any(plain)


def _agree(named: Named, counts: Sequence[int]) -> bool:
    """Tell whether the atoms are in the ratio of the numbers; none is a one."""
    pairs = zip(named, counts, strict=True)
    return len({count / (number or 1) for (_, number), count in pairs}) == 1
