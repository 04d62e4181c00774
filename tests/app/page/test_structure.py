"""The crystal in 3D: what is drawn of a cell, that it fits, that it is saved."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect
from pymatgen.core import Lattice, Structure

from tests.app.page.conftest import OpenPage

DRAWING = """async crystal => {
  const {drawing} = await import(new URL("static/js/crystal/drawing.js", document.baseURI));
  return drawing(crystal);
}"""
WHITE = 250  # of 255, per channel


def cell(structure: Structure) -> dict[str, Any]:
    """Return a structure as the service describes it to the page."""
    sites = [
        {"element": site.specie.symbol, "position": list(site.frac_coords)} for site in structure
    ]
    return {"sites": sites, "vectors": structure.lattice.matrix.tolist()}


def lengths(drawn: Mapping[str, Any], key: str) -> list[float]:
    atoms = [np.array(atom["at"]) for atom in drawn["atoms"]]
    if key == "bonds":
        ends = [(atoms[i], atoms[j]) for i, j in drawn["bonds"]]
    else:
        ends = [(atoms[stub["atom"]], np.array(stub["to"])) for stub in drawn["stubs"]]
    return [float(np.linalg.norm(a - b)) for a, b in ends]


@pytest.fixture
def page(open_page: OpenPage, service: str) -> Page:
    return open_page(service)


def test_bonds_inside_the_cell_and_across_its_faces(page: Page) -> None:
    rocksalt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    drawn = page.evaluate(DRAWING, cell(rocksalt))
    assert len(drawn["atoms"]) == 27
    assert len(drawn["bonds"]) == 54
    assert len(drawn["stubs"]) == 54  # six bonds at each of 27 atoms, two ends each inside
    assert lengths(drawn, "bonds") == pytest.approx([2.82] * 54)
    assert lengths(drawn, "stubs") == pytest.approx([2.82] * 54)


def test_primitive_cell_has_the_bonds_of_the_conventional_one(page: Page) -> None:
    diamond = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.431), ["Si"], [[0, 0, 0]])
    drawn = page.evaluate(DRAWING, cell(diamond.get_primitive_structure()))
    ends: NDArray[np.int_] = np.zeros(len(drawn["atoms"]), int)
    for i, j in drawn["bonds"]:
        ends[[i, j]] += 1
    for stub in drawn["stubs"]:
        ends[stub["atom"]] += 1
    assert (ends == 4).all()
    assert lengths(drawn, "bonds") == pytest.approx([2.3517] * 4, abs=1e-3)


@pytest.mark.parametrize(
    ("structure", "bonded"),
    [
        pytest.param(Structure(Lattice.cubic(3.75), ["Ar"], [[0, 0, 0]]), set(), id="noble gas"),
        pytest.param(
            Structure(Lattice.cubic(4.12), ["Cs", "Cl"], np.array([[0, 0, 0], [1, 1, 1]]) / 2),
            {("Cl", "Cs")},
            id="cations do not touch",
        ),
        pytest.param(
            Structure(
                Lattice.hexagonal(2.46, 6.7),
                ["C"] * 4,
                np.array([[0, 0, 3], [0, 0, 9], [4, 8, 3], [8, 4, 9]]) / 12,
            ),
            {("C", "C")},
            id="layers stay apart",
        ),
    ],
)
def test_bonds_join_near_neighbors_only(
    page: Page, structure: Structure, bonded: set[tuple[str, str]]
) -> None:
    drawn = page.evaluate(DRAWING, cell(structure))
    atoms = drawn["atoms"]
    pairs = {tuple(sorted((atoms[i]["element"], atoms[j]["element"]))) for i, j in drawn["bonds"]}
    assert pairs == bonded
    shortest = structure.get_neighbor_list(5.0)[3].min()
    drawn_lengths = [*lengths(drawn, "bonds"), *lengths(drawn, "stubs")]
    assert all(length < 1.13 * shortest for length in drawn_lengths)


def silicon(lattice: Lattice, places: Iterable[tuple[float, float, float]]) -> Structure:
    positions = list(places)
    return Structure(lattice, ["Si"] * len(positions), positions)


SEVENTHS = [i / 7 for i in range(7)]
CELLS = {
    "needle": silicon(Lattice.orthorhombic(3, 3, 60), ((0, 0, i / 20) for i in range(20))),
    "plate": silicon(
        Lattice.orthorhombic(20, 20, 3), ((a, b, 0) for a, b in product(SEVENTHS, SEVENTHS))
    ),
    "skewed": silicon(Lattice.rhombohedral(9.0, 33.0), [(0, 0, 0), (0.5, 0.5, 0.5)]),
    "vacuum": silicon(Lattice.orthorhombic(2.5, 2.5, 25), [(0, 0, 0.5), (0.5, 0.5, 0.5)]),
}


@pytest.mark.parametrize("name", CELLS)
def test_picture_of_any_cell_is_saved_whole_and_fills_it(
    page: Page, tmp_path: Path, name: str
) -> None:
    path = tmp_path / f"{name}.cif"
    CELLS[name].to(filename=str(path))
    page.locator("#files").set_input_files(path)
    expect(page.locator("canvas.stage")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the picture as PNG").click()
    picture = Image.open(BytesIO(Path(download.value.path()).read_bytes())).convert("RGB")
    painted: NDArray[np.bool_] = np.any(np.asarray(picture) < WHITE, axis=2)
    border = np.concatenate([painted[0], painted[-1], painted[:, 0], painted[:, -1]])
    assert not border.any()
    rows, columns = np.nonzero(painted)
    assert max(np.ptp(rows), np.ptp(columns)) > 0.7 * picture.width


def test_axes_follow_the_view(page: Page, zincblende_cif: str) -> None:
    page.get_by_label("Crystal structure").fill(zincblende_cif)
    page.keyboard.press("Control+Enter")
    canvas = page.locator("canvas.stage")
    seen = [canvas.screenshot()]
    for axis in "abc":
        page.get_by_role("button", name=f"View along {axis}").click()
        page.wait_for_timeout(100)
        seen.append(canvas.screenshot())
    page.get_by_role("button", name="Reset the view").click()
    page.wait_for_timeout(100)
    assert canvas.screenshot() == seen[0]
    assert len(set(seen)) == 4
