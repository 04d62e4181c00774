"""The data block of a CIF that holds the structure, and its entries by their canonical names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gemmi import cif

from models.errors import NoStructure, SeveralStructures, UnreadableStructure
from models.structure.cif.text import SHOWN, Block, shown

POSITION = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")
CELL = tuple(f"_cell_{part}" for part in ("length_a", "length_b", "length_c")) + tuple(
    f"_cell_{part}" for part in ("angle_alpha", "angle_beta", "angle_gamma")
)
KEPT = (
    "_atom_site", "_cell_", "_symmetry", "_space_group", "_spacegroup", "_sg_",
    "_chemical_formula", "_magnetic", "_exptl_crystal_density",
)  # fmt: skip
GROUP = "space_group"  # in the name of any entry
ONCE = (*CELL, *POSITION)  # entries that contradict each other when they come twice


@dataclass(frozen=True)
class Entries:
    """Values of a block's entries, as written, by name in lower case with underscores only.

    `_space_group.name_H-M_alt` and `_space_group_name_H_M_alt` are both
    `_space_group_name_h_m_alt`.
    """

    name: str
    values: dict[str, list[str]]
    warnings: tuple[str, ...] = field(default=())

    @cached_property
    def tags(self) -> str:
        """All names, with spaces between them."""
        return " ".join(self.values)

    def texts(self, tag: str) -> list[str]:
        """Return the texts of an entry, one or a column; empty where a value is unknown."""
        return ["" if cif.is_null(raw) else cif.as_string(raw) for raw in self.values.get(tag, ())]

    def text(self, tag: str) -> str:
        """Return the text of an entry, cut short; nothing where it is missing or unknown."""
        for raw in self.values.get(tag, ()):
            if not cif.is_null(raw) and (text := cif.as_string(raw).strip()):
                return text[:SHOWN]
        return ""

    def column(self, tag: str, count: int) -> list[str]:
        """Return a column with one text for each of `count` atoms; empty texts if it has others."""
        found = self.texts(tag)
        return found if len(found) == count else [""] * count


def only_block(blocks: Sequence[Block]) -> Entries:
    """Return the entries of the one block with a structure; others hold what a journal adds.

    A structure that is written twice counts once. Raises NoStructure, SeveralStructures.
    """
    found = list(_with_atoms(blocks))
    if len(found) > 1 and len(set(map(_identity, found))) > 1:
        names = ", ".join(shown(entries.name) for entries in found[:5])
        raise SeveralStructures(
            f"The CIF holds {len(found)} structures ({names}); send one at a time."
        )
    if not found:
        raise _no_structure(blocks)
    if not any(tag in found[0].values for tag in CELL):
        raise NoStructure(
            f"The data block {shown(found[0].name)!r} has atoms but no cell; "
            "put _cell_length_ and _cell_angle_ into the block of the atoms."
        )
    return found[0]


def _with_atoms(blocks: Sequence[Block]) -> Iterator[Entries]:
    for block in blocks:
        entries = entries_of(block)
        if any(map(entries.text, POSITION)):
            yield entries


def _identity(entries: Entries) -> tuple[object, ...]:
    kept = (*CELL, *POSITION, "_atom_site_label", "_atom_site_type_symbol", "_atom_site_occupancy")
    return tuple(tuple(entries.values.get(tag, ())) for tag in kept)


def entries_of(block: Block) -> Entries:
    """Return the entries that a structure may need. Raises UnreadableStructure."""
    values: dict[str, list[str]] = {}
    for tags, columns in map(_item, block.block):
        for tag, column in zip(tags, columns, strict=False):
            if tag in values:
                _check_repeated(tag, values[tag], column)
            else:
                values[tag] = column
    return Entries(block.block.name, values, block.warnings)


def _item(item: cif.Item) -> tuple[list[str], list[list[str]]]:
    pair: Any = item.pair  # gemmi's types call it an object
    if pair:
        tag = canonical(pair[0])
        return ([tag], [[pair[1]]]) if _is_kept(tag) else ([], [])
    if not item.loop:
        return [], []
    tags = [canonical(tag) for tag in item.loop.tags]
    if not any(map(_is_kept, tags)):
        return [], []
    values, width = list(item.loop.values), len(tags)
    return tags, [values[column::width] for column in range(width)]


def canonical(tag: str) -> str:
    """Return a data name in lower case, with underscores for the dots and hyphens of dialects."""
    return tag.lower().replace(".", "_").replace("-", "_")


def _is_kept(tag: str) -> bool:
    return tag.startswith(KEPT) or GROUP in tag


def _check_repeated(tag: str, first: list[str], second: list[str]) -> None:
    if tag in ONCE and first and second and first != second:
        raise UnreadableStructure(
            f"The CIF gives {tag} twice, as {shown(first[0])} and {shown(second[0])}; "
            "remove one, or split the file into one data block for each structure."
        )


def _no_structure(blocks: Sequence[Block]) -> NoStructure:
    tags = {tag for block in blocks for tag in entries_of(block).values}
    if "_atom_site_cartn_x" in tags:
        return NoStructure(
            "The CIF gives Cartesian positions only (_atom_site_Cartn_), as files of molecules and "
            "proteins do; give _atom_site_fract_x, _y and _z of a crystal."
        )
    return NoStructure(
        "The CIF holds no structure with a cell and atom sites; check its _cell_length_, "
        "_cell_angle_ and _atom_site_fract_ entries."
    )
