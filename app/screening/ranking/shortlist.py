"""The ranked crystals as CIF files, ready to be calculated."""

import re
from collections.abc import Sequence
from pathlib import Path

from pymatgen.io.cif import CifWriter

from app.screening.ranking.rank import Ranked
from app.screening.run.durable import write_durably
from app.screening.sources.source import Source

SYMMETRY = 0.01  # A; tolerance of the space group that is written
LONGEST_NAME = 200  # characters; file systems take 255 with what is added
NUMBERED = re.compile(r"\d{3,}_")
PREDICTED = "predicted LTC at 300 K"
UNSAFE = re.compile(r"[^A-Za-z0-9._()-]+")


def write_shortlist(folder: Path, ranked: Sequence[Ranked], source: Source) -> None:
    """Write `001_NaCl_mp-22862.cif` and so on: the crystals as they are in the source.

    The source is read once more, up to the last of them. Those of an earlier run are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("*.cif"):
        if NUMBERED.match(earlier.name) and _is_ours(earlier):
            earlier.unlink()
    places = {each.index: (place, each) for place, each in enumerate(ranked, 1)}
    last = max(places, default=-1)
    for index, entry in enumerate(source.entries()):
        if index > last:
            break
        if index in places:
            place, each = places[index]
            name = UNSAFE.sub("_", f"{place:03}_{each.brief.formula}_{each.brief.material_id}")
            structure = entry.read().structure
            write_durably(
                folder / f"{name[:LONGEST_NAME]}.cif", _cif(each, CifWriter(structure, SYMMETRY))
            )


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return PREDICTED.encode() in file.readline()


def _cif(each: Ranked, writer: CifWriter) -> bytes:
    brief = each.brief
    interval = f", {brief.lower:.3g} to {brief.upper:.3g}" if brief.lower and brief.upper else ""
    note = f"# {brief.material_id}: {PREDICTED} {brief.mean:.3g}{interval} W/(m K)\n"
    return f"{note.encode('ascii', 'backslashreplace').decode()}{writer}".encode()
