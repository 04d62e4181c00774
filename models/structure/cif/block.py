"""The block of a CIF that holds the structure, and the texts of its entries."""

from collections.abc import Sequence

from gemmi import cif

from models.errors import NoStructure, SeveralStructures, UnreadableStructure

POSITION = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")
MAGNETIC = ("_atom_site_moment", "_space_group_symop_magn", "_space_group_magn", "_magnetic_")
SHOWN = 60  # characters of the CIF that a message repeats


def read_blocks(text: str) -> list[cif.Block]:
    """Return the blocks of the text; level 0 lets repeated and empty entries pass."""
    if not text.strip():
        raise UnreadableStructure("The text is empty; send the content of a CIF file.")
    ascii_text = text.lstrip("\ufeff").encode("ascii", errors="replace")
    try:
        return list(cif.read_string(ascii_text, 0))
    except (ValueError, RuntimeError) as error:
        raise UnreadableStructure(
            f"The text is not a CIF (line, column {str(error).removeprefix('string:')}); "
            "send the content of a CIF file that another program opens."
        ) from error


def only_block(blocks: Sequence[cif.Block]) -> cif.Block:
    """Return the one block with atoms; others hold what a journal or a data base adds."""
    with_atoms = [block for block in blocks if any(block.find_values(tag) for tag in POSITION)]
    if len(with_atoms) > 1:
        raise SeveralStructures(f"The CIF holds {len(with_atoms)} structures; send one at a time.")
    if not with_atoms:
        raise NoStructure(
            "The CIF holds no structure with a cell and atom sites; check its _cell_length_, "
            "_cell_angle_ and _atom_site_fract_ entries."
        )
    block = with_atoms[0]
    if _is_magnetic(block):
        raise UnreadableStructure(
            "This is a magnetic CIF; send the nuclear structure, without magnetic symmetry and "
            "moments: the prediction does not depend on them."
        )
    return block


def _is_magnetic(block: cif.Block) -> bool:
    items = [item for item in block if item.pair or item.loop]
    tags = [str(item.pair[0]) if item.pair else item.loop.tags[0] for item in items]  # type: ignore[index]
    return any(tag.lower().startswith(MAGNETIC) for tag in tags)


def entry_texts(block: cif.Block, tag: str) -> list[str]:
    """Return the texts of an entry, one or a column; empty where a value is missing or unknown."""
    return ["" if cif.is_null(text) else cif.as_string(text) for text in block.find_values(tag)]


def column_texts(block: cif.Block, tag: str, count: int) -> list[str]:
    """Return the column's texts, empty where a value is missing or unknown."""
    values = entry_texts(block, tag)
    return values if len(values) == count else [""] * count


def first_text(block: cif.Block, tags: Sequence[str]) -> str:
    """Return the text of the first of these entries that has one, cut short; else nothing."""
    values = (block.find_value(tag) for tag in tags)
    texts = (cif.as_string(value) for value in values if value and not cif.is_null(value))
    return next(texts, "").strip()[:SHOWN]
