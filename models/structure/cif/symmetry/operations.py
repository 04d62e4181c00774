"""The symmetry of a structure in a CIF: listed operations against the space group stated."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import gemmi
from pymatgen.core import Lattice

from models.errors import UnreadableStructure
from models.structure.cif.block import Entries
from models.structure.cif.symmetry.crystal_system import system_warnings
from models.structure.cif.symmetry.groups import Group, complete, group_of, products, triplet_of
from models.structure.cif.symmetry.space_group import Sources, Stated, sources_of, stated_group
from models.structure.cif.symmetry.triplets import (
    IDENTITY,
    Operations,
    as_array,
    fits,
    joined,
    keys,
    parsed,
)
from models.structure.cif.text import shown

MODULATED = re.compile(r"_ssg|_cell_(wave_vector|subsystem)|fourier")
MAGNETIC = re.compile(r"_magn|_moment")
OPERATIONS = ("xyz", "algebraic", "operation", "equiv_pos_as")
LISTED = re.compile("symop|equiv_pos|symm_?op|operation")
NUMBERED = re.compile(r"(symop|equiv_pos).*_id$")
MAGNETIC_LISTED = "_space_group_symop_magn_operation_xyz"
MAGNETIC_CENTRING = "_space_group_symop_magn_centering_xyz"
NUCLEAR = "Read as its nuclear structure, without magnetic moments."
TRICLINIC = {"", "triclinic", "anorthic", "a", "unknown"}
SHOWN_MISSING = 3  # operations that a message names


@dataclass(frozen=True)
class Candidate:
    """Operations that a CIF may mean, and the warning to give if they are used.

    `needs_evidence`: they are used only if formula and Z confirm them.
    """

    operations: Operations
    warning: str = ""
    needs_evidence: bool = False


@dataclass(frozen=True)
class Symmetry:
    """What a CIF may mean by its symmetry, the likeliest first.

    `undecided`: what to say if nothing decides. `number`: of the space group, 0 if not known.
    """

    candidates: tuple[Candidate, ...]
    undecided: str = ""
    warnings: tuple[str, ...] = ()
    number: int = 0


def read_symmetry(entries: Entries, lattice: Lattice) -> Symmetry:
    """Return the symmetry operations that the block lists or its space group has.

    Raises UnreadableStructure where they contradict the cell or each other, StructureTooLarge.
    """
    _check_modulation(entries)
    sources = sources_of(entries)
    listed, is_magnetic = _listed(entries)
    warnings: tuple[str, ...] = (NUCLEAR,) if is_magnetic else ()
    stated = None if is_magnetic and listed else _stated_or_none(sources, lattice, listed)
    if listed:
        symmetry = _by_list(listed, stated, lattice)
    elif stated:
        symmetry = _by_group(stated, lattice)
    else:
        symmetry = _without(entries, sources, is_magnetic=is_magnetic)
    warnings += (*symmetry.warnings, *system_warnings(sources.system, symmetry.number, lattice))
    return replace(symmetry, warnings=warnings)


def _check_modulation(entries: Entries) -> None:
    dimension = entries.text("_cell_modulation_dimension")
    modulated = MODULATED.search(entries.tags) is not None
    if dimension not in {"", "0"} or (modulated and dimension != "0"):
        raise UnreadableStructure(
            "The structure is modulated (superspace group or wave vectors); its atoms repeat in no "
            "cell of three dimensions: send a commensurate approximant."
        )


def _listed(entries: Entries) -> tuple[tuple[str, ...], bool]:
    """Return the triplets that are listed, and whether the file is a magnetic one."""
    is_magnetic = MAGNETIC.search(entries.tags) is not None
    magnetic = tuple(filter(None, entries.texts(MAGNETIC_LISTED)))
    if magnetic:
        centrings = tuple(filter(None, entries.texts(MAGNETIC_CENTRING))) or ("x,y,z",)
        return products(magnetic, centrings), True
    for tag in entries.values:
        if tag.endswith(OPERATIONS) and LISTED.search(tag) and not MAGNETIC.search(tag):
            triplets = tuple(text for text in entries.texts(tag) if text)
            if triplets and triplets[0].endswith(","):
                numbered = next((tag for tag in entries.values if NUMBERED.search(tag)), "")
                triplets = joined(triplets, entries.texts(numbered))
            if triplets:
                return triplets, is_magnetic
    return (), is_magnetic


def _stated_or_none(sources: Sources, lattice: Lattice, listed: Sequence[str]) -> Stated | None:
    """Return the stated group; beside a list of operations it may be unknown or contradictory."""
    try:
        return stated_group(sources, lattice)
    except UnreadableStructure:
        if listed and len(listed) > 1:
            return None
        raise


def _by_group(stated: Stated, lattice: Lattice) -> Symmetry:
    choices = [Candidate(operations) for operations in stated.fitting(lattice)]
    if not choices:
        raise _misfit(stated.name, lattice)
    choice, undecided = _doubt(stated)
    if len(choices) > 1:
        choices = [
            Candidate(c.operations, f"{choice} {n} of {shown(stated.name)} fits the formula.",
                      needs_evidence=True)
            for n, c in enumerate(choices, 1)
        ]  # fmt: skip
    return Symmetry(tuple(choices), undecided, stated.warnings, stated.number)


def _doubt(stated: Stated) -> tuple[str, str]:
    """Return what its settings are choices of, and what to say where nothing decides."""
    if stated.is_contradictory:
        return "Setting", (
            f"The CIF states two settings of a space group ({shown(stated.name)}), and the formula "
            "does not tell which is meant; list the symmetry operations, or state one setting."
        )
    return "Origin choice", (
        f"The space group {shown(stated.name)} has two choices of origin, and the formula does not "
        "tell which is meant; list the symmetry operations, or write :1 or :2 behind the symbol."
    )


def _misfit(name: str, lattice: Lattice) -> UnreadableStructure:
    cell = ", ".join(f"{value:.5g}" for value in lattice.parameters)
    return UnreadableStructure(
        f"The symmetry {shown(name)} does not fit the cell "
        f"({cell}): it would change the cell's lengths and angles. Check both, and whether a "
        "group R is in its hexagonal (:H) or rhombohedral (:R) setting."
    )


def _without(entries: Entries, sources: Sources, *, is_magnetic: bool) -> Symmetry:
    """Return no symmetry, if nothing says that there is any."""
    if sources.unknown:
        raise UnreadableStructure(
            f"The CIF has symmetry entries that are not known ({', '.join(sources.unknown[:3])}); "
            "list the operations as _space_group_symop_operation_xyz."
        )
    magnetic = [tag for tag in entries.values if "_magn" in tag and "moment" not in tag]
    if is_magnetic and magnetic:
        raise UnreadableStructure(
            "The magnetic CIF names its magnetic space group but lists no operations; list them as "
            "_space_group_symop_magn_operation.xyz, or send the nuclear structure."
        )
    warning = "The CIF states no symmetry; its atoms are taken as all of the cell (P 1)."
    stated_system = sources.system not in TRICLINIC
    undecided = (
        f"The CIF calls the crystal {sources.system} but has neither a space group nor symmetry "
        "operations; add them, or a formula and Z that show that all atoms are listed."
    )
    return Symmetry((Candidate(IDENTITY, warning, needs_evidence=stated_system),), undecided)


def _by_list(listed: tuple[str, ...], stated: Stated | None, lattice: Lattice) -> Symmetry:
    found = group_of(listed)
    if not fits(found.operations, lattice):
        raise _misfit(stated.name if stated else listed[-1], lattice)
    if found.is_whole and (stated is None or len(found.operations) >= stated.n_operations):
        return Symmetry(
            (Candidate(found.operations),), "", _other_group(found, stated), found.number
        )
    settings = stated.fitting(lattice) if stated else []
    if found.is_whole and settings and len(found.operations) >= len(settings[0]):
        return Symmetry(
            (Candidate(found.operations),), "", _other_group(found, stated), found.number
        )
    return Symmetry(
        tuple(_completions(found, stated, settings, parsed(listed))),
        _incomplete(found, stated, settings),
    )


def _other_group(found: Group, stated: Stated | None) -> tuple[str, ...]:
    """Return a warning where the operations are of another space group than the one stated."""
    numbers = {found.number, stated.number if stated else 0}
    if stated is None or 0 in numbers or len(numbers) == 1:
        return ()
    warning = (
        f"The listed operations are of space group {found.symbol} (number {found.number}), not "
        f"of {shown(stated.name)} (number {stated.number}); the operations are used."
    )
    return (warning,)


def _completions(
    found: Group, stated: Stated | None, settings: Sequence[Operations], listed: Operations
) -> Iterator[Candidate]:
    """Yield what an incomplete list may stand for."""
    if stated is None:
        warning = (
            f"The {found.n_listed} listed symmetry operations are no group; "
            f"the {len(found.operations)} that they generate are used."
        )
        yield Candidate(found.operations, warning, needs_evidence=True)
        return
    known, centred = keys(listed), _centred(found, stated)
    is_centred = len(centred) == stated.n_operations > len(found.operations)
    holding = [setting for setting in settings if known <= keys(setting)]
    for setting in holding:
        # A whole group may be the crystal's own, and the symbol that of its parent.
        is_another = found.is_whole and keys(setting) != keys(centred)
        yield Candidate(
            setting,
            f"Only {found.n_listed} of the {len(setting)} symmetry operations of "
            f"{shown(stated.name)} are listed; all are used.",
            needs_evidence=is_another or len(settings) > 1,
        )
    if is_centred and not holding and found.n_listed > 1:
        yield Candidate(
            centred,
            f"The listed symmetry operations lack the centring of {shown(stated.name)}; "
            "it is added.",
        )
    if not settings and found.is_whole:  # the primitive cell beside the symbol of another
        yield Candidate(found.operations)
        return
    yield Candidate(
        found.operations,
        f"Fewer symmetry operations are listed than {shown(stated.name)} has, "
        "but formula and Z confirm that these give all atoms.",
        needs_evidence=True,
    )


def _centred(found: Group, stated: Stated) -> Operations:
    """Return the listed operations with the centring of the stated symbol's letter."""
    letters = re.match(r"-?([ABCIFR])", stated.name.strip().upper())
    if not letters or found.group is None:
        return found.operations
    group = gemmi.GroupOps([*found.group, *gemmi.symops_from_hall(f"{letters[1]} 1")])
    complete(group)
    return as_array(group)


def _incomplete(found: Group, stated: Stated | None, settings: Sequence[Operations]) -> str:
    if stated is None:
        return (
            f"The {found.n_listed} symmetry operations listed are no group: some are missing; list "
            "all of them, or state the space group."
        )
    missing = ""
    for setting in settings[:1]:
        lacking = sorted(keys(setting) - keys(found.operations))[:SHOWN_MISSING]
        missing = "; ".join(triplet_of(operation) for operation in lacking)
        missing = f", such as {missing}" if missing else ""
    whole = len(settings[0]) if settings else stated.n_operations
    return (
        f"The CIF lists {found.n_listed} symmetry operations but {shown(stated.name)} has "
        f"{whole}{missing}; list all of them, or none beside the space group."
    )
