"""The crystal of a CIF's data block: the reading that cell, symmetry, formula and Z agree on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from pymatgen.core import Lattice, Structure

from models.errors import UnreadableStructure
from models.structure.cif.block import Entries
from models.structure.cif.cell import read_lattice
from models.structure.cif.cell_content import Content, cell_content
from models.structure.cif.density import density_warnings
from models.structure.cif.formula import Stated, Verdict, judge, stated_content
from models.structure.cif.labels import group_with_hydrogen, implied_hydrogen, readings
from models.structure.cif.sites import Listed, listed_sites
from models.structure.cif.symmetry.operations import Candidate, Symmetry, read_symmetry
from models.structure.cif.text import shown
from models.structure.species import is_isotope, structure_of

CONFIRMED = 2  # support by formula and Z
SHOWN_SITES = 3  # sites that a warning names


@dataclass(frozen=True)
class _Reading:
    """One way to read the atoms: symmetry, elements of the listed sites, and what confirms it."""

    candidate: Candidate
    content: Content
    elements: tuple[int, ...]
    verdict: Verdict

    @property
    def numbers(self) -> list[int]:
        return [self.elements[site] for site in self.content.site]


def read_atoms(entries: Entries, max_sites: int) -> tuple[Structure, tuple[str, ...]]:
    """Return the structure of a block, and warnings of what was assumed or doubtful.

    Raises UnreadableStructure, NoStructure, DisorderedStructure, UnsupportedElement,
    StructureTooLarge.
    """
    lattice, cell_warnings = read_lattice(entries)
    listed = listed_sites(entries, max_sites)
    stated = stated_content(entries)
    symmetry = read_symmetry(entries, lattice)
    reading = _chosen(list(_readings(listed, symmetry, stated, lattice, max_sites)), symmetry)
    _check_hydrogen(listed, reading)
    structure = structure_of(lattice, reading.numbers, reading.content.positions, cartesian=False)
    warnings = [
        *entries.warnings,
        *cell_warnings,
        *symmetry.warnings,
        reading.candidate.warning,
        *_changed(listed, reading.content),
        *reading.verdict.warnings,
        *density_warnings(
            entries, lattice, reading.numbers, is_confirmed=reading.verdict.support > 0
        ),
    ]
    return structure, tuple(filter(None, warnings))


def _readings(
    listed: Listed, symmetry: Symmetry, stated: Stated, lattice: Lattice, max_sites: int
) -> Iterator[_Reading]:
    options = readings(listed.symbols, listed.labels, frozenset(stated.counts))
    for candidate in symmetry.candidates:
        content = cell_content(listed, candidate.operations, lattice.matrix, max_sites)
        found = [
            _Reading(
                candidate, content, elements, judge(stated, [elements[s] for s in content.site])
            )
            for elements in options
        ]
        sound = [reading for reading in found if not reading.verdict.fault]
        yield (sound or found)[0]


def _chosen(found: list[_Reading], symmetry: Symmetry) -> _Reading:
    """Return the reading that the formula and Z support. Raises UnreadableStructure."""
    sound = [reading for reading in found if not reading.verdict.fault]
    if not sound:
        raise UnreadableStructure(found[0].verdict.fault)
    best = [r for r in sound if r.verdict.support == max(r.verdict.support for r in sound)]
    certain = [reading for reading in best if not reading.candidate.needs_evidence]
    if certain:
        return certain[0]
    if best[0].verdict.support == CONFIRMED or (len(best) == 1 and best[0].verdict.support):
        return best[0]
    if len({_identity(reading) for reading in found}) == 1 and len(found) > 1:
        return found[-1]  # whichever is meant, the atoms are the same
    raise UnreadableStructure(symmetry.undecided)


def _identity(reading: _Reading) -> tuple[tuple[float, ...], ...]:
    """Return the atoms without regard to order; rounding to hundredths is enough for one file."""
    positions = np.round(reading.content.positions % 1, 2) % 1
    rows = np.column_stack([reading.numbers, positions]).tolist()
    return tuple(sorted(map(tuple, rows)))


def _check_hydrogen(listed: Listed, reading: _Reading) -> None:
    if reading.verdict.support:
        return
    name = implied_hydrogen(listed.symbols, listed.labels, reading.elements)
    if name:
        raise group_with_hydrogen(name)


def _changed(listed: Listed, content: Content) -> Iterator[str]:
    names = [label or symbol for symbol, label in zip(listed.symbols, listed.labels, strict=True)]
    for sites, what in (
        ([names[site] for site in content.snapped],
         "Moved to the special positions that their coordinates round"),
        ([names[site] for site in content.merged], "Left out as images of sites listed before"),
        (listed.empty, "Left out for their occupancy of 0"),
        ([name for name, symbol in zip(names, listed.symbols, strict=True) if is_isotope(symbol)],
         "Isotopes, which count as their element"),
    ):  # fmt: skip
        if sites:
            named = ", ".join(map(shown, sites[:SHOWN_SITES]))
            more = f" and {len(sites) - SHOWN_SITES} more" if len(sites) > SHOWN_SITES else ""
            yield f"{what}: {named}{more}."
