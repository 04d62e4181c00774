"""Formulas as CIFs write them: elements and their counts."""

import re
from collections import Counter
from collections.abc import Mapping

from models.structure.species import element_number

LONGEST = 500  # characters of a formula; a longer one is not read
COUNT = r"\d*\.?\d*"
TOKEN = re.compile(
    rf"(?P<element>[A-Z][a-z]?)(?P<count>{COUNT})|(?P<open>[(\[{{])|(?P<close>[)\]}}])(?P<times>{COUNT})"
    r"|\s+|(?<!\d)[+-]"
)
PART = re.compile(r"[,;\u00b7\u2022*]|\s\.\s?|(?<=[A-Za-z)\]}])\.(?=\d*[A-Z(\[{])")
MULTIPLIED = re.compile(rf"\s*(?P<times>{COUNT})\s*(?P<rest>.*)", re.DOTALL)
CAPITAL = re.compile(r"([A-Z]{1,2})(\d*\.?\d*)")
STATED = (1e-6, 1e9)  # a count or Z beyond these is none


def formula_counts(formula: str) -> dict[int, float]:
    """Return the counts by atomic number of a formula such as C6 H12 O6 or Mg (O H)2.

    Brackets, parts with a comma or a dot between them (Ca S O4, 2H2 O) and signs of charges are
    read. Nothing if any part of it is not an element and its count, or a count is absurd.
    """
    text = _in_proper_case(formula.strip())
    if not text or len(text) > LONGEST:
        return {}
    total: Counter[int] = Counter()
    for part in PART.split(text):
        found = _part_counts(part)
        if not found:
            return {}
        for number, count in found.items():
            total[number] += count  # type: ignore[assignment]
    counts: dict[int, float] = {number: count for number, count in total.items() if count > 0}
    return counts if all(STATED[0] < count < STATED[1] for count in counts.values()) else {}


def _in_proper_case(formula: str) -> str:
    """Return a formula in capitals with its elements as they are written, such as Na Cl.

    Nothing where SI may be silicon, or sulphur and iodine.
    """
    parts = [CAPITAL.fullmatch(part) for part in formula.split()]
    if len(parts) == 1:
        return formula
    names = [part[1] for part in parts if part]
    if len(names) < len(parts):
        return formula
    if any(len(name) > 1 and all(map(element_number, (name, *name))) for name in names):
        return ""
    return " ".join(part[0].replace(part[1], part[1].title()) for part in parts if part)


def _part_counts(part: str) -> Mapping[int, float]:
    """Return the counts of a part such as 2(H2 O), nothing if it cannot be read."""
    multiplied = MULTIPLIED.fullmatch(part)
    times, rest = (multiplied["times"], multiplied["rest"]) if multiplied else ("", part)
    levels: list[Counter[int]] = [Counter()]
    place = 0
    while place < len(rest):
        token = TOKEN.match(rest, place)
        if token is None or not _take(token, levels):
            return {}
        place = token.end()
    return _times(levels[0], times) if len(levels) == 1 else {}


def _take(token: re.Match[str], levels: list[Counter[int]]) -> bool:
    """Add a token to the counts of the brackets that are open; tell whether it makes sense."""
    if token["element"]:
        number = element_number(token["element"])
        levels[-1][number] += _number(token["count"])  # type: ignore[assignment]
        return number > 0
    if token["open"]:
        levels.append(Counter())
    if token["close"]:
        if len(levels) == 1:
            return False
        for number, count in _times(levels.pop(), token["times"]).items():
            levels[-1][number] += count  # type: ignore[assignment]
    return True


def _times(counts: Mapping[int, float], times: str) -> dict[int, float]:
    return {number: count * _number(times) for number, count in counts.items()}


def _number(text: str) -> float:
    return 1.0 if text in {"", "."} else float(text)
