"""The cell of a structure in a CIF, and whether its stated volume agrees."""

import math
import re
from collections.abc import Sequence

from gemmi import cif
from pymatgen.core import Lattice

from models.errors import UnreadableStructure
from models.structure.bounds import check_cell
from models.structure.cif.block import CELL, Entries
from models.structure.cif.text import shown, unescaped

# A number with its unit, or with an uncertainty behind a plus-minus sign.
UNIT = re.compile(r"([\d.]+(?:\(\d+\))?)\s*(?:\u00c5|\u212b|A|Ang\w*|\u00b0|deg\w*|\u00b1.*)")
STRAIGHT = 180.0  # degree
DOUBTFUL, WRONG = 0.01, 0.05  # relative differences of the stated volume
CENTRED = (2, 3, 4)  # lattice points of a centred cell: the volume may be stated for one


def read_lattice(entries: Entries) -> tuple[Lattice, list[str]]:
    """Return the lattice of a block, and warnings. Raises UnreadableStructure, StructureTooLarge.

    Angles that are not given are 90 degrees, as the dictionary of the IUCr has it.
    """
    texts = {tag: entries.text(tag) for tag in CELL}
    missing = [tag for tag, text in texts.items() if not text]
    values = [
        90.0 if not text and "angle" in tag else _value(entries, tag, text)
        for tag, text in texts.items()
    ]
    lengths, angles = values[:3], values[3:]
    cosines = [math.cos(math.radians(angle)) for angle in angles]
    squared_ratio = 1 - sum(c * c for c in cosines) + 2 * math.prod(cosines)  # (V / a b c)^2
    if squared_ratio <= 0 or max(angles) >= STRAIGHT:
        raise UnreadableStructure(
            f"The cell has no volume; check its angles ({', '.join(f'{a:g}' for a in angles)})."
        )
    lattice = Lattice(_vectors(lengths, angles, cosines))
    check_cell(lattice)
    warnings = [f"{', '.join(missing)} not given; taken as 90 degrees."] if missing else []
    return lattice, warnings + _volume_warnings(entries, math.prod(lengths) * squared_ratio**0.5)


def _vectors(
    lengths: Sequence[float], angles: Sequence[float], cosines: Sequence[float]
) -> list[list[float]]:
    """Return the lattice vectors, c along z, as Lattice.from_parameters does in thrice the time."""
    a, b, c = lengths
    sine, sine_beta = math.sin(math.radians(angles[0])), math.sin(math.radians(angles[1]))
    cosine = (cosines[0] * cosines[1] - cosines[2]) / (sine * sine_beta)
    gamma_star = math.acos(min(1.0, max(-1.0, cosine)))
    return [
        [a * sine_beta, 0.0, a * cosines[1]],
        [-b * sine * math.cos(gamma_star), b * sine * math.sin(gamma_star), b * cosines[0]],
        [0.0, 0.0, c],
    ]


def _value(entries: Entries, tag: str, text: str) -> float:
    stated = entries.values.get(tag, ())
    if len(stated) > 1 and len(set(stated)) > 1:
        raise UnreadableStructure(
            f"The CIF lists several values of {tag}; give those of one structure."
        )
    if not text:
        raise UnreadableStructure(
            f"The CIF has no {tag}; a structure needs the lengths of the cell."
        )
    value = float(cif.as_number(text))
    if math.isnan(value) and (written := UNIT.fullmatch(unescaped(text))):
        value = float(cif.as_number(written[1]))
    if not math.isfinite(value) or value <= 0:
        raise UnreadableStructure(f"{tag} is {shown(text)}; it must be a number above zero.")
    return value


def _volume_warnings(entries: Entries, volume: float) -> list[str]:
    """Return a warning where the stated volume differs a little. Raises UnreadableStructure."""
    stated = float(cif.as_number(entries.text("_cell_volume") or "?"))
    if not math.isfinite(stated) or stated <= 0:
        return []
    difference = abs(volume / stated - 1)
    if difference < DOUBTFUL:
        return []
    text = f"The cell's volume is {volume:.5g} A^3 but _cell_volume says {stated:.5g}"
    if difference < WRONG or any(abs(volume / stated / n - 1) < DOUBTFUL for n in CENTRED):
        return [f"{text}; the lengths and angles are used."]
    raise UnreadableStructure(f"{text}; correct the lengths, the angles or the volume.")
