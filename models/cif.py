"""CIF text -> the cell and every atom in it, by gemmi's reader.

gemmi's grammar is compiled and free of back-tracking, so that no text keeps it busy for long; what
symmetry operations make of the sites is bounded before it is computed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import gemmi
import numpy as np
from gemmi import cif
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure
from pymatgen.optimization.neighbors import find_points_in_spheres

from models.errors import (
    DisorderedStructure,
    NoStructure,
    SeveralStructures,
    StructureTooLarge,
    UnreadableStructure,
    UnsupportedElement,
)

CELL = tuple(f"_cell_{part}" for part in ("length_a", "length_b", "length_c")) + tuple(
    f"_cell_{part}" for part in ("angle_alpha", "angle_beta", "angle_gamma")
)
POSITION = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")
OPERATIONS = (
    "_space_group_symop_operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
    "_space_group_symop.operation_xyz",
)
HALL = ("_space_group_name_Hall", "_symmetry_space_group_name_Hall")
SYMBOL = (
    "_space_group_name_H-M_alt",
    "_symmetry_space_group_name_H-M",
    "_space_group_name_H-M_ref",
)
NUMBER = ("_space_group_IT_number", "_symmetry_Int_Tables_number")
NUMBERS = {str(number) for number in range(1, 231)}
MAGNETIC = ("_atom_site_moment", "_space_group_symop_magn", "_space_group_magn", "_magnetic_")
WATER = re.compile(r"wat|oh\d*$|o-h", re.IGNORECASE)
SETTINGS = {"S": ":1", "Z": ":2", "HR": ":H", "H": ":H", "R": ":R", "RH": ":R"}  # as ICSD has them
MIXED = re.compile(r",|\+ ")  # Nb,Zr or 0.8Nb + 0.2Zr, but not Na+
TERM = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)?(?:/(\d+))?\*?([xyz])?")

FULL = 0.999  # an occupancy from here on is a whole atom
SAME_SITE = 0.02  # A; images of one site that differ by less are one atom
GRID = 10_000  # cells along an edge of the grid on which equal images are found
GRID_SHIFT = 0.271828  # keeps decimal coordinates off the edges of its cells
SEARCH_RADIUS = 2.0  # A; a search this wide needs little memory however large the cell is
MOST_OPERATIONS = 10_000
FARTHEST_SHIFT = 100.0  # cells that an operation moves an atom by
ROUNDING = 4e-4  # of a shift that is written as a decimal number
LONGEST_EDGE = 200.0  # A; the search for neighbours takes memory by the cell's size
STRAIGHT = 180.0  # degree
FLATTEST = 0.5  # A; a thinner cell repeats an atom nearer to itself than atoms can be
SHOWN = 60  # characters of the CIF that a message repeats
MOST_IMAGES = 200_000  # sites times operations

Numbers = NDArray[np.int64]
Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class _Sites:
    """Atomic `numbers` [n_sites] and fractional `positions` [n_sites, 3]."""

    numbers: Numbers
    positions: Vectors


def read_cif(text: str, max_sites: int) -> Structure:
    """Return the one ordered crystal in a CIF, with all sites of its cell.

    Isotopes count as their element, charges are left out. Raises UnreadableStructure, NoStructure,
    SeveralStructures, DisorderedStructure, UnsupportedElement, StructureTooLarge.
    """
    block = _only_block(_blocks(text))
    lattice = _lattice(block)
    listed = _listed_sites(block, max_sites)
    operations = _operations(block, lattice)
    sites = listed
    if len(operations) > 1:
        sites = _merged(_expanded(listed, operations, max_sites), lattice.matrix)
    return Structure(lattice, sites.numbers.tolist(), sites.positions)


def _blocks(text: str) -> list[cif.Block]:
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


def _only_block(blocks: Sequence[cif.Block]) -> cif.Block:
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


def _lattice(block: cif.Block) -> Lattice:
    values = [_cell_value(block, tag) for tag in CELL]
    lengths, angles = values[:3], values[3:]
    cosines = np.cos(np.radians(angles))
    squared_ratio = 1 - cosines @ cosines + 2 * cosines.prod()  # of the volume to a b c
    if squared_ratio <= 0 or max(angles) >= STRAIGHT:
        raise UnreadableStructure(
            f"The cell has no volume; check its angles ({', '.join(f'{a:g}' for a in angles)})."
        )
    if max(lengths) > LONGEST_EDGE:
        raise StructureTooLarge(
            f"The cell is {max(lengths):g} A long, more than the {LONGEST_EDGE:g} A accepted."
        )
    if min(lengths) * squared_ratio**0.5 < FLATTEST:
        raise UnreadableStructure(
            f"The cell is flatter than {FLATTEST:g} A; check its lengths and angles."
        )
    return Lattice.from_parameters(*lengths, *angles)


def _cell_value(block: cif.Block, tag: str) -> float:
    text = block.find_value(tag)
    if text is None or cif.is_null(text):
        raise UnreadableStructure(
            f"The CIF has no {tag}; a structure needs all six cell parameters."
        )
    value = float(cif.as_number(text))
    if not np.isfinite(value) or value <= 0:
        raise UnreadableStructure(f"{tag} is {text[:SHOWN]}; it must be a number above zero.")
    return value


def _listed_sites(block: cif.Block, max_sites: int) -> _Sites:
    columns = [list(block.find_values(tag)) for tag in POSITION]
    count = max(map(len, columns))
    if any(len(column) != count for column in columns):
        raise UnreadableStructure(
            "Some atoms lack a coordinate; give _atom_site_fract_x, _y and _z for each."
        )
    _check_size(count, 1, max_sites)
    labels = _column(block, "_atom_site_label", count)
    symbols = _column(block, "_atom_site_type_symbol", count)
    names = [symbol or label for symbol, label in zip(symbols, labels, strict=True)]
    kept = _kept_rows(block, names)
    numbers = np.array([_element(names[row]) for row in kept], dtype=np.int64)
    positions = np.array(
        [[_position(column[row], names[row]) for column in columns] for row in kept]
    )
    return _Sites(numbers, positions)


def _check_size(n_atoms: int, n_operations: int, max_sites: int) -> None:
    """Raise StructureTooLarge before the atoms are multiplied."""
    if n_atoms > max_sites or n_atoms * n_operations > MOST_IMAGES:
        raise StructureTooLarge(
            f"The CIF lists {n_atoms} atoms and {n_operations} symmetry operations; "
            f"{max_sites} sites are accepted: send the primitive cell."
        )


def _column(block: cif.Block, tag: str, count: int) -> list[str]:
    """Return the column's texts, empty where a value is missing or unknown."""
    values = _texts(block, tag)
    return values if len(values) == count else [""] * count


def _texts(block: cif.Block, tag: str) -> list[str]:
    """Return the texts of an entry, one or a column; empty where a value is missing or unknown."""
    return ["" if cif.is_null(text) else cif.as_string(text) for text in block.find_values(tag)]


def _kept_rows(block: cif.Block, names: Sequence[str]) -> list[int]:
    """Return the rows that are atoms: dummies and empty positions are none.

    Raises DisorderedStructure, and UnreadableStructure where hydrogen is only implied.
    """
    count = len(names)
    flags = _column(block, "_atom_site_calc_flag", count)
    occupancies = [
        float(cif.as_number(text)) if text else 1.0
        for text in _column(block, "_atom_site_occupancy", count)
    ]
    kept = [row for row in range(count) if flags[row] != "dum" and occupancies[row] != 0]
    if not kept:
        raise NoStructure("The CIF lists no atom; check its _atom_site_ entries.")
    _check_occupancies(block, {row: occupancies[row] for row in kept}, names)
    hydrogens = _column(block, "_atom_site_attached_hydrogens", count)
    implied = [names[row] for row in kept if hydrogens[row].strip("0.") or WATER.match(names[row])]
    if implied:
        raise UnreadableStructure(
            f"Site {implied[0][:SHOWN]} stands for hydrogen atoms that are not listed; "
            "list every atom."
        )
    return kept


def _check_occupancies(
    block: cif.Block, occupancies: Mapping[int, float], names: Sequence[str]
) -> None:
    partial = [
        row for row, value in occupancies.items() if value < FULL or MIXED.search(names[row])
    ]
    for row, value in occupancies.items():
        if not 0 < value <= 2 - FULL:
            raise UnreadableStructure(f"Site {names[row][:SHOWN]} has an occupancy of {value:g}.")
    if partial:
        columns = [block.find_values(tag) for tag in POSITION]
        places = {tuple(column[row] for column in columns) for row in partial}
        raise DisorderedStructure(
            f"{len(places)} sites are partly occupied or mixed "
            f"(such as {names[partial[0]][:SHOWN]}); send an ordered approximant."
        )


@lru_cache(maxsize=1024)
def _element(name: str) -> int:
    """Return the atomic number for a type symbol or label, such as Na, Na1+, NA1 or D."""
    letters = re.match("[A-Za-z]*", name)
    start = letters.group() if letters else ""
    for length in (2, 1):
        element = gemmi.Element(start[:length].title())
        if len(start) >= length and element.atomic_number:
            return int(element.atomic_number)
    raise UnsupportedElement(
        f"Site {name[:SHOWN] or 'without a symbol'} is of no known element; "
        "give its chemical symbol as _atom_site_type_symbol."
    )


def _position(text: str, name: str) -> float:
    """Return a fractional coordinate; 0.3333 and the like mean the fraction that they round."""
    value = float(cif.as_number(text))
    if not np.isfinite(value):
        raise UnreadableStructure(
            f"Site {name[:SHOWN]} has the position {text[:SHOWN]}; "
            "give a number for each coordinate of each atom."
        )
    decimals = len(text.partition("(")[0].partition(".")[2])
    sixths = round(6 * value)
    rounded = decimals in {4, 5} and sixths % 3 and abs(value - sixths / 6) < 10**-decimals
    return sixths / 6 if rounded else value


def _operations(block: cif.Block, lattice: Lattice) -> Vectors:
    """Return the symmetry operations [n, 3, 4] as listed, or by the space group's name or number.

    A structure without either has none but the identity.
    """
    for tag in OPERATIONS:
        triplets = [text for text in _texts(block, tag) if text]
        if len(triplets) > MOST_OPERATIONS:
            raise StructureTooLarge(f"The CIF lists {len(triplets)} symmetry operations.")
        if triplets:
            return _read_operations(tuple(triplets))
    group = _space_group(block, lattice)
    if group is None:
        return np.eye(3, 4)[None]
    return np.array([operation.float_seitz() for operation in group])[:, :3]


@lru_cache(maxsize=256)
def _read_operations(triplets: tuple[str, ...]) -> Vectors:
    return np.array([_read_operation(triplet) for triplet in triplets])


def _read_operation(triplet: str) -> tuple[tuple[float, ...], ...]:
    """Return the rows [3, 4] of an operation such as -y, x-y, z+1/3."""
    parts = re.sub(r"[\s'\"]", "", triplet.lower()).rstrip(";").split(",")
    rows = tuple(_operation_row(part) for part in parts)
    if np.shape(rows) != (3, 4) or not np.isclose(abs(np.linalg.det(np.array(rows)[:, :3])), 1):
        raise UnreadableStructure(
            f"{triplet[:SHOWN]} is no symmetry operation, such as -y, x-y, z+1/3."
        )
    return rows


def _operation_row(text: str) -> tuple[float, ...]:
    row = [0.0, 0.0, 0.0, 0.0]
    if not text or len(text) > SHOWN or TERM.sub("", text):
        raise UnreadableStructure(
            f"{text[:SHOWN] or 'Nothing'} is no part of a symmetry operation."
        )
    for sign, number, denominator, axis in TERM.findall(text):
        if number or axis:
            size = float(number or 1) / (float(denominator or 1) or np.nan)
            row["xyz".index(axis) if axis else 3] += -size if sign == "-" else size
    if not abs(row[3]) < FARTHEST_SHIFT:
        raise UnreadableStructure(f"{text} moves an atom by {row[3]:g} cells.")
    nearest = round(24 * row[3]) / 24
    if abs(row[3] - nearest) < ROUNDING:
        row[3] = nearest
    return tuple(row)


def _space_group(block: cif.Block, lattice: Lattice) -> gemmi.GroupOps | None:
    hall = _first(block, HALL)
    if hall:
        try:
            return gemmi.symops_from_hall(hall)
        except (ValueError, RuntimeError) as error:
            raise UnreadableStructure(f"{hall!r} is no Hall symbol: {error}.") from error
    symbol, number = _first(block, SYMBOL), _first(block, NUMBER)
    if not symbol and not number:
        return None
    group = (
        gemmi.find_spacegroup_by_name(_spelt(symbol), lattice.alpha, lattice.gamma)
        if symbol
        else gemmi.find_spacegroup_by_number(int(number) if number in NUMBERS else 0)
    )
    if group is None:
        raise UnreadableStructure(
            f"The space group {symbol or number} is not known; list the symmetry operations."
        )
    if group.ext in {"1", "2"} and ":" not in _spelt(symbol):
        raise UnreadableStructure(
            f"The space group {symbol or number} has two choices of origin; list the symmetry "
            f"operations, or write {group.hm} :1 or :2."
        )
    return group.operations()


def _first(block: cif.Block, tags: Sequence[str]) -> str:
    values = (block.find_value(tag) for tag in tags)
    texts = (cif.as_string(value) for value in values if value and not cif.is_null(value))
    return next(texts, "").strip()[:SHOWN]


def _spelt(symbol: str) -> str:
    """Return a Hermann-Mauguin symbol as gemmi spells it, with ICSD's letters for the setting."""
    symbol = symbol.replace("_", "")
    for letters, extension in SETTINGS.items():
        if symbol.endswith(letters) and len(symbol) > len(letters) and ":" not in symbol:
            return symbol.removesuffix(letters).strip() + extension
    return symbol


def _expanded(listed: _Sites, operations: Vectors, max_sites: int) -> _Sites:
    """Return the images of the listed sites, those that fall on one place once.

    Images are told apart on a grid; two that straddle its cells are left to `_merged`.
    """
    _check_size(len(listed.numbers), len(operations), max_sites)
    images = np.einsum("oij,sj->soi", operations[:, :, :3], listed.positions)
    images = ((images + operations[:, :, 3]) % 1.0).reshape(-1, 3)
    numbers = np.repeat(listed.numbers, len(operations))
    cells = np.floor(images * GRID + GRID_SHIFT).astype(np.int64) % GRID
    key = ((numbers * GRID + cells[:, 0]) * GRID + cells[:, 1]) * GRID + cells[:, 2]
    first = np.sort(np.unique(key, return_index=True)[1])
    if len(first) > 8 * max_sites:  # one place straddles at most eight cells
        raise StructureTooLarge(
            f"The cell has more than the {max_sites} sites accepted; send the primitive cell."
        )
    return _Sites(numbers[first], images[first])


def _merged(sites: _Sites, matrix: Vectors) -> _Sites:
    """Return the sites without those that lie on an earlier one of the same element."""
    positions = np.ascontiguousarray(sites.positions @ matrix)
    first, second, _, distance = find_points_in_spheres(
        positions, positions, SEARCH_RADIUS, np.ones(3, dtype=np.int64), matrix, 0.0
    )
    close = (first < second) & (distance < SAME_SITE)
    close &= sites.numbers[first] == sites.numbers[second]
    if not close.any():
        return sites
    kept = np.setdiff1d(np.arange(len(sites.numbers)), second[close])
    return _Sites(sites.numbers[kept], sites.positions[kept])
