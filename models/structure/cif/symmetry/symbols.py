"""Symbols of space groups in all spellings, and the settings that they stand for."""

import re
import unicodedata
from functools import cache, lru_cache

import gemmi
import spglib

from models.structure.cif.text import unescaped

# Letters behind the symbol as the ICSD has them: origin at the special point or the centre of
# inversion, hexagonal or rhombohedral axes.
SETTINGS = {
    "S": "1", "Z": "2", "HR": "H", "H": "H", "RH": "R", "R": "R", "RS": "R", "HS": "H", "O1": "1",
    "O2": "2",
}  # fmt: skip
SUFFIX = re.compile(r"(?<=[a-z0-9\s)/])\s*(HR|RH|RS|HS|O1|O2|S|Z|H|R)$")
WORDS = (  # what else tells a setting
    (re.compile(r"\(?\s*(origin|choice|o)[^0-9a-z]*(choice|at)?\D*([12])\)?$", re.IGNORECASE), 3),
    (re.compile(r"[:(\[{]\s*(-?[abc][123]|[12hr])[\w\s]*[)\]}]?$", re.IGNORECASE), 1),
)
NUMBERED = re.compile(r"[(\[]?\s*(?:no\.?|nr\.?|number|#|\()\s*(\d{1,3})\s*[)\]]?$", re.IGNORECASE)
# A screw axis with its index in brackets or as a subscript.
SCREW = re.compile(
    r"([2346])(?:\s*\((\d)\)|_\{?(\d)\}?|<?sub>?(\d)(?:</sub>)?|~(\d)~)", re.IGNORECASE
)
# Inversion axes as an overline, before or behind the number, or as a word.
BARRED = re.compile(
    r"([12346])\u0305|\u0305([12346])|\(-([12346])\)|([12346])\s?bar|bar\s?([12346])"
)
QUOTES = "'\"`\u2018\u2019\u201c\u201d"
LAST, LAST_HALL = 230, 530  # space groups, and their settings in spglib


@cache
def _schoenflies() -> dict[str, int]:
    kinds = (spglib.get_spacegroup_type(hall_number) for hall_number in range(1, LAST_HALL + 1))
    return {_squeezed(kind.schoenflies).replace("^", ""): kind.number for kind in kinds if kind}


def number_of_schoenflies(text: str) -> int:
    """Return the number of a Schoenflies symbol such as O_h^5 or Oh.5, 0 for another text."""
    return _schoenflies().get(re.sub(r"[\s_^.]", "", text.lower()), 0)


@cache
def _entries() -> tuple[gemmi.SpaceGroup, ...]:
    return tuple(gemmi.spacegroup_table())


@cache
def has_settings(number: int) -> bool:
    """Tell whether the space group has more than one setting, of axes or origin."""
    return sum(entry.number == number for entry in _entries()) > 1


@lru_cache(maxsize=256)
def settings_of_number(number: int, code: str = "") -> list[gemmi.SpaceGroup]:
    """Return the settings to try for a group known by its number alone, the standard one first.

    Others than the standard symbol are for other axes, which the cell tells (monoclinic) or not.
    """
    entries = [entry for entry in _entries() if entry.number == number]
    setting = setting_of_code(code)
    coded = [e for e in entries if code and (e.ext == setting or e.qualifier == code)]
    if coded:
        return coded
    first = entries[0]
    same = [e for e in entries if e.hm == first.hm]
    others = [e for e in entries if e.qualifier in {"c1", "a1", "c", "a"}]
    return [*same, *others]


def setting_of_code(code: str) -> str:
    """Return the setting by its code in the dictionary of the IUCr: 1, 2, H, R or nothing."""
    return {"1": "1", "2": "2", "h": "H", "r": "R"}.get(code.lower(), "")


@cache
def _by_short_name() -> dict[str, list[gemmi.SpaceGroup]]:
    """Return the settings by every spelling of their symbols, without spaces, in lower case.

    A monoclinic symbol without its ones stands for all unique axes, the usual one first.
    """
    found: dict[str, list[gemmi.SpaceGroup]] = {}
    for entry in _entries():
        names = {
            _squeezed(entry.hm),
            _squeezed(entry.hm).replace("-3", "3") if "m" in entry.hm else "",
        }
        if entry.monoclinic_unique_axis() != "\0" and entry.number > 2:  # noqa: PLR2004
            parts = [part for part in entry.hm.split() if part != "1"]
            names.add("".join(parts).lower())
        for name in filter(None, names):
            found.setdefault(name, []).append(entry)
    for hall_number in range(1, LAST_HALL + 1):
        kind = spglib.get_spacegroup_type(hall_number)
        if kind is None:
            continue
        entry = gemmi.find_spacegroup_by_ops(gemmi.symops_from_hall(kind.hall_symbol))
        for name in (kind.international_full, kind.international_short):
            if entry and kind.number > 15:  # noqa: PLR2004 - monoclinic ones are complete above
                known = found.setdefault(_squeezed(name), [])
                if not any(e.number == entry.number for e in known):
                    known.append(entry)
    return found


def _squeezed(symbol: str) -> str:
    return re.sub(r"[\s_]", "", symbol).lower()


@lru_cache(maxsize=256)
def named(name: str) -> list[gemmi.SpaceGroup]:
    """Return the settings of a symbol that the cell is to choose from, none if it is not known."""
    if not name:
        return []
    entry = gemmi.find_spacegroup_by_name(name)
    if entry is None or entry.number <= 15:  # noqa: PLR2004 - monoclinic: the unique axis is open
        squeezed = _by_short_name().get(_squeezed(name), [])
        if squeezed:
            return _with_choices(squeezed)
    return _with_choices([entry]) if entry else []


def _with_choices(entries: list[gemmi.SpaceGroup]) -> list[gemmi.SpaceGroup]:
    """Return the entries, and of those with two origins or sets of axes both."""
    wanted = {(entry.number, entry.hm) for entry in entries}
    chosen = [e for e in entries if e.ext not in {"1", "2", "H", "R"}]
    number = entries[0].number
    both = [e for e in _entries() if e.number == number and (e.number, e.hm) in wanted]
    return chosen + [e for e in both if e.ext in {"1", "2", "H", "R"}]


@lru_cache(maxsize=256)
def spelt(symbol: str) -> tuple[str, str]:
    """Return a symbol without what is beside it, and its setting in capitals, such as H or B1."""
    text = unicodedata.normalize("NFKC", unescaped(symbol)).strip().strip(QUOTES)
    text = re.sub(r"[$\\]", "", text)
    text = BARRED.sub(lambda m: "-" + next(filter(None, m.groups())), text)
    text = NUMBERED.sub("", SCREW.sub(_screw, text).replace("_", "")).strip()
    setting = ""
    for pattern, place in WORDS:
        if match := pattern.search(text):
            setting, text = match[place].upper(), text[: match.start()].strip()
            break
    if not setting and (match := SUFFIX.search(text)) and len(text) > len(match[0]):
        bare = text[: match.start()].strip()
        if len(bare) > 1 and _is_known(bare):
            setting, text = SETTINGS[match[1]], bare
    return text, setting


def _screw(match: re.Match[str]) -> str:
    """Return 21 for 2(1), but 2 (3) as it is: that is the number of the group P 2."""
    axis, index = filter(None, match.groups())
    return axis + index if 0 < int(index) < int(axis) else match[0]


def number_beside(symbol: str) -> str:
    """Return the number of the space group that is written behind its symbol, else nothing."""
    match = NUMBERED.search(SCREW.sub(_screw, symbol))
    return match[1] if match else ""


def _is_known(name: str) -> bool:
    return _squeezed(name) in _by_short_name() or gemmi.find_spacegroup_by_name(name) is not None
