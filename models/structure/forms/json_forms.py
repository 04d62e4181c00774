"""Forms in which JSON documents of programs and data bases give a structure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from models.errors import (
    DisorderedStructure,
    NoStructure,
    UnreadableStructure,
    UnsupportedElement,
)
from models.structure.bounds import check_cell
from models.structure.cif.composition import formula_counts
from models.structure.primitive import check_raw_size
from models.structure.species import (
    atomic_number,
    element_letters,
    is_isotope,
    isotope_warnings,
    structure_of,
)

FULL = 0.999  # an occupancy from here on is a whole atom
AXES = 3
HEAVIEST = 118
SHOWN = 40  # characters of a site's name that a message repeats
APPROXIMANT = (
    "send an ordered approximant, such as one made by pymatgen's "
    "OrderDisorderedStructureTransformation."
)
ANGSTROM, METRES = 1e-10, 1e-7  # m; a lattice of no longer vectors is in m

Document = dict[str, Any]


def _no_doubts(_document: Document, _structure: Structure) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Form:
    """A form of document: its name, the fields that tell it, and how it is read.

    `n_sites` tells the sites of a form that gives numbers of atoms, which a few digits make many;
    `doubts` are warnings of what else it states of the structure.
    """

    name: str
    matches: Callable[[Document], bool]
    parts: Callable[[Document], tuple[Any, Sequence[Any], Any, bool]]
    n_sites: Callable[[Document], int] = lambda _document: 0
    doubts: Callable[[Document, Structure], tuple[str, ...]] = _no_doubts

    def read(self, document: Document, max_sites: int) -> tuple[Structure, tuple[str, ...]]:
        """Return the structure of a document, and warnings. Raises StructureError."""
        try:
            check_raw_size(self.n_sites(document), max_sites)
            vectors, species, coordinates, cartesian = self.parts(document)
            check_raw_size(len(species), max_sites)
            matrix, positions = _array(vectors, "lattice"), _array(coordinates, "positions")
            if len(species) != len(positions):
                raise UnreadableStructure(
                    f"The {self.name} document has {len(species)} species but {len(positions)} "
                    "positions."
                )
            lattice = Lattice(_three(matrix))
            check_cell(lattice)
            numbers = [_number(one) for one in species]
        except (
            KeyError,
            TypeError,
            ValueError,
            IndexError,
            AttributeError,
            ArithmeticError,
        ) as error:
            raise UnreadableStructure(
                f"The {self.name} document lacks a part or has one of another kind "
                f"({type(error).__name__}: {str(error)[:100]}); write it again with its program."
            ) from error
        structure = structure_of(lattice, numbers, positions, cartesian=cartesian)
        isotopes = isotope_warnings(one for one in species if isinstance(one, str))
        return structure, isotopes + self.doubts(document, structure)


def _array(values: Any, name: str) -> NDArray[np.float64]:
    """Return numbers [n, 3]. Raises UnreadableStructure."""
    while isinstance(values, dict):
        values = values.get("__ndarray__", values.get("array"))
    if isinstance(values, list) and len(values) == AXES and isinstance(values[1], str):
        values = values[2]  # ASE: shape, type, values
    array = np.array(values, dtype=np.float64)
    if array.size % AXES == 0 and array.ndim == 1:
        array = array.reshape(-1, AXES)
    if array.ndim != 2 or array.shape[1] != AXES or not array.size:  # noqa: PLR2004
        raise UnreadableStructure(f"The document's {name} are not three numbers each.")
    if not np.isfinite(array).all():
        raise UnreadableStructure(f"A number of the document's {name} is not finite.")
    return array


def _three(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    if matrix.shape != (AXES, AXES):
        raise UnreadableStructure("The document's lattice is not three vectors.")
    return matrix


def _number(species: Any) -> int:
    """Return the atomic number of a symbol or a number."""
    if isinstance(species, str):
        return atomic_number(species)
    if not isinstance(species, int) or isinstance(species, bool) or not 1 <= species <= HEAVIEST:
        raise UnsupportedElement(f"{str(species)[:40]} is no atomic number of an element.")
    return species


def _check_periodic(flags: Any, name: str) -> None:
    """Raise NoStructure for a false flag, one for all directions or one each; None is no flag."""
    if flags is not None and not np.all(flags):
        raise NoStructure(f"The {name} is not periodic in three directions; send a crystal.")


def _is_pymatgen(document: Document) -> bool:
    return isinstance(document.get("sites"), list) and (
        "lattice" in document or "Molecule" in str(document.get("@class"))
    )


def _pymatgen(document: Document) -> tuple[Any, Sequence[Any], Any, bool]:
    if "lattice" not in document:
        raise NoStructure("The document is a molecule of pymatgen; send a crystal.")
    sites = document["sites"]
    species = [_whole(site) for site in sites]
    fractional = all("abc" in site for site in sites)
    positions = [site["abc" if fractional else "xyz"] for site in sites]
    return _pymatgen_matrix(document["lattice"]), species, positions, not fractional


def _pymatgen_matrix(lattice: Any) -> Any:
    if isinstance(lattice, dict):
        _check_periodic(lattice.get("pbc"), "document's lattice")
    if isinstance(lattice, dict) and "matrix" not in lattice:
        names = ("a", "b", "c", "alpha", "beta", "gamma")
        return Lattice.from_parameters(*(float(lattice[name]) for name in names)).matrix
    return lattice["matrix"] if isinstance(lattice, dict) else lattice


def _whole(site: Document) -> str:
    """Return the element of a site of pymatgen. Raises as `_one_whole` does."""
    found = site.get("species") or [{"element": site["label"], "occu": 1}]
    symbols = [one["element"] for one in found]
    return _one_whole(str(site.get("label", "")), symbols, [one.get("occu", 1) for one in found])


def _one_whole(name: str, symbols: Sequence[Any], shares: Sequence[Any]) -> str:
    """Return the one element of a site. Raises DisorderedStructure, UnreadableStructure."""
    occupancies = [float(share) for share in shares]
    wrong = [value for value in occupancies if not 0 <= value <= 2 - FULL]
    if wrong:
        raise UnreadableStructure(
            f"Site {name[:SHOWN]} has an occupancy of {wrong[0]:g}; it must be from 0 to 1."
        )
    pairs = list(zip(symbols, occupancies, strict=True))
    names = [str(symbol) for symbol in symbols]
    if not (_fill(names, occupancies) if len(pairs) > 1 else occupancies[0] >= FULL):
        raise _disordered(name, ", ".join(f"{symbol} {value:g}" for symbol, value in pairs[:5]))
    return next(filter(is_isotope, names), names[0])


def _fill(symbols: Sequence[str], occupancies: Sequence[float]) -> bool:
    """Tell whether one element fills a site with its isotopes or oxidation states."""
    is_one = len({element_letters(symbol) for symbol in symbols}) == 1
    return is_one and abs(sum(occupancies) - 1) <= 2 - 2 * FULL


def _disordered(name: str, occupants: str) -> DisorderedStructure:
    return DisorderedStructure(
        f"Site {name[:SHOWN]} is partly occupied or mixed ({occupants[:100]}); {APPROXIMANT}"
    )


def _nomad(document: Document) -> tuple[Any, Sequence[Any], Any, bool]:
    _check_periodic(document.get("periodic"), "NOMAD document")
    vectors, positions = _in_angstrom(document["lattice_vectors"], document["positions"])
    return vectors, document["labels"], positions, True


def _in_angstrom(vectors: Any, positions: Any) -> tuple[Any, Any]:
    """Return lattice and positions in A where they are in m, as NOMAD has all quantities."""
    lattice = _array(vectors, "lattice")
    if abs(lattice).max() > METRES:
        return vectors, positions
    return lattice / ANGSTROM, _array(positions, "positions") / ANGSTROM


def _oqmd(document: Document) -> tuple[Any, Sequence[Any], Any, bool]:
    atoms = [str(site).replace("@", " ").split() for site in document["sites"]]
    return document["unit_cell"], [atom[0] for atom in atoms], [atom[1:] for atom in atoms], False


def _aflow(document: Document) -> tuple[Any, Sequence[Any], Any, bool]:
    kinds, counts = _listed(document["species"]), _aflow_counts(document)
    species = [kind for kind, count in zip(kinds, counts, strict=True) for _ in range(count)]
    positions = document["positions_fractional"]
    if isinstance(positions, str):
        positions = [row.split(",") for row in positions.split(";")]
    lattice = Lattice.from_parameters(*(float(value) for value in _listed(document["geometry"])))
    return lattice.matrix, species, positions, False


def _aflow_counts(document: Document) -> list[int]:
    """Return the number of atoms of each kind. Raises ValueError for a negative one."""
    counts = [int(count) for count in _listed(document["composition"])]
    if min(counts, default=0) < 0:
        raise ValueError("a number of atoms is negative")
    return counts


def _aflow_sites(document: Document) -> int:
    return sum(_aflow_counts(document))


def _listed(values: Any) -> list[Any]:
    """Return a list that may be written as text with commas between."""
    return values.split(",") if isinstance(values, str) else list(values)


def _optimade(document: Document) -> tuple[Any, Sequence[Any], Any, bool]:
    dimensions = document.get("nperiodic_dimensions")
    is_crystal = dimensions is None or int(dimensions) == AXES
    if 0 in (document.get("dimension_types") or []) or not is_crystal:
        raise NoStructure(
            "The OPTIMADE structure is not periodic in three directions; send a crystal."
        )
    _check_features(document.get("structure_features") or [])
    kinds = {kind["name"]: kind for kind in document.get("species") or []}
    species = [_optimade_symbol(kinds.get(name), name) for name in document["species_at_sites"]]
    vectors, positions = _in_angstrom(
        document["lattice_vectors"], document["cartesian_site_positions"]
    )
    return vectors, species, positions, True


def _check_features(features: Sequence[str]) -> None:
    """Raise DisorderedStructure or UnreadableStructure where the sites are not the crystal."""
    if {"disorder", "assemblies"} & set(features):
        raise DisorderedStructure(f"The OPTIMADE structure is disordered; {APPROXIMANT}")
    if "implicit_atoms" in features:
        raise UnreadableStructure(
            "The OPTIMADE structure has atoms that are no sites (implicit_atoms); list every atom."
        )


def _optimade_symbol(kind: Document | None, name: str) -> str:
    if kind is None:
        return name
    attached = kind.get("attached") or []
    if attached and any(kind.get("nattached") or [1]):
        raise UnreadableStructure(
            f"Site {name[:SHOWN]} has attached atoms that are not listed "
            f"({', '.join(map(str, attached))[:SHOWN]}); list every atom."
        )
    symbols = kind["chemical_symbols"]
    return _one_whole(name, symbols, kind.get("concentration") or [1] * len(symbols))


def _optimade_doubts(document: Document, structure: Structure) -> tuple[str, ...]:
    """Return a warning where the sites are not in the ratio of the stated formula."""
    text = str(document.get("chemical_formula_reduced") or "")
    stated, found = formula_counts(text), Counter(structure.atomic_numbers)
    shares = {number: found[number] / count for number, count in stated.items()}
    if not stated or (stated.keys() == found.keys() and len(set(shares.values())) == 1):
        return ()
    warning = (
        f"The sites are {structure.composition.reduced_formula}, but chemical_formula_reduced says "
        f"{text[:SHOWN]}; the sites are used."
    )
    return (warning,)


def _ase(document: Document) -> tuple[Any, Sequence[Any], Any, bool]:
    periodic = document.get("pbc")
    flags = periodic["__ndarray__"][2] if isinstance(periodic, dict) else periodic
    _check_periodic(flags, "ASE document")
    species = document.get("numbers", document.get("symbols"))
    if isinstance(species, dict):
        species = species["__ndarray__"][2]
    fractional = "positions" not in document
    positions = document["scaled_positions" if fractional else "positions"]
    return document["cell"], species or [], positions, not fractional


def _jarvis(document: Document) -> tuple[Any, Sequence[Any], Any, bool]:
    cartesian = document.get("cartesian") in {True, "True", "true"}
    return document["lattice_mat"], document["elements"], document["coords"], cartesian


def _own(document: Document) -> tuple[Any, Sequence[Any], Any, bool]:
    cartesian = "frac_coords" not in document
    positions = document["cart_coords" if cartesian else "frac_coords"]
    return _pymatgen_matrix(document["lattice"]), document["species"], positions, cartesian


def _has(*fields: str) -> Callable[[Document], bool]:
    return lambda document: all(field in document for field in fields)


FORMS = (
    Form("pymatgen", _is_pymatgen, _pymatgen),
    Form("OPTIMADE", _has("lattice_vectors", "species_at_sites"), _optimade,
         doubts=_optimade_doubts),
    Form("JARVIS", _has("lattice_mat", "elements", "coords"), _jarvis),
    Form("ASE", lambda d: "cell" in d and ("positions" in d or "scaled_positions" in d), _ase),
    Form("NOMAD", _has("lattice_vectors", "labels", "positions"), _nomad),
    Form("OQMD", _has("unit_cell", "sites"), _oqmd),
    Form("AFLOW", _has("geometry", "species", "composition", "positions_fractional"), _aflow,
         n_sites=_aflow_sites),
    Form("stored structure", lambda d: _has("lattice", "species")(d)
         and ("frac_coords" in d or "cart_coords" in d), _own),
)  # fmt: skip
