"""Folders, archives, compressed files and JSON: what the page sends of them."""

import gzip
import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.screening.sources.files import is_structure_name
from tests.app.page.conftest import OpenPage

DROP_FOLDER = """([texts, folder]) => {
  const file = ([name, text]) => ({
    isFile: true, name, fullPath: `/${folder}/${name}`,
    file: resolve => resolve(new File([text], name)),
  });
  const directory = {
    isFile: false, name: folder,
    createReader: () => {
      const parts = [Object.entries(texts).map(file), []];  // a reader gives some at a time
      return {readEntries: resolve => resolve(parts.shift())};
    },
  };
  DataTransferItem.prototype.webkitGetAsEntry = () => directory;
  const transfer = new DataTransfer();
  transfer.items.add(new File([""], folder));
  document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true}));
}"""

SENT = """
const real = window.fetch;
window.fetch = async (url, options) => {
  const file = options?.body instanceof FormData && options.body.get("file");
  if (file) window.sent = [file.name, [...new Uint8Array(await file.arrayBuffer())]];
  return real(url, options);
};
"""


KEPT = """async names => {
  const {opened} = await import(new URL("static/js/service/uploads.js", document.baseURI));
  const entries = names.map(name => ({file: new File([""], name), inFolder: true}));
  return (await opened(entries)).files.map(file => file.name);
}"""
NAMES = [
    "POSCAR",
    "study/SPOSCAR",
    "POSCAR-unitcell",
    "CONTCAR.relax",
    "CONTCAR.gz",
    "relaxed_contcar",
    "x.POSCAR.gz",
    "x.cif",
    "x.mcif.gz",
    "x.vasp",
    "x.extxyz",
    "x.xyz",
    "x.xyz.gz",
    "x.json",
    "x.xsf",
    "x.cif.bz2",
    "x.cif.xz",
    "x.cif.zst",
    "CONTCARS",
    "POSCAR/INCAR",
    "x.cif/notes.txt",
    "INCAR",
    "x.cif.bak",
]


def first_cells(page: Page) -> list[str]:
    return page.locator(".files tbody th").all_inner_texts()


@pytest.fixture
def folder(tmp_path: Path, cif_files: dict[str, Path]) -> Path:
    """Give a folder with three structure files, by their names, and two others."""
    folder = tmp_path / "study"
    (folder / "deeper").mkdir(parents=True)
    for name, path in cif_files.items():
        (folder / name).write_bytes(path.read_bytes())
    (folder / "deeper" / "INCAR").write_text("ENCUT = 500")
    (folder / ".hidden.cif").write_text("")
    return folder


def test_chosen_folder(open_page: OpenPage, service: str, folder: Path) -> None:
    page = open_page(service)
    page.locator("#folder").set_input_files(folder)
    expect(page.locator(".progress")).to_have_text("2 of 3 predicted, 1 failed")
    assert sorted(first_cells(page)) == ["study/NaCl.cif", "study/ZnS.cif", "study/notes.cif"]
    expect(page.locator(".files .note")).to_contain_text("2 other files")


def test_dropped_folder(open_page: OpenPage, service: str, cif_files: dict[str, Path]) -> None:
    page = open_page(service)
    texts = {name: path.read_text() for name, path in cif_files.items()} | {"KPOINTS": "4 4 4"}
    page.evaluate(DROP_FOLDER, [texts, "study"])
    expect(page.locator(".progress")).to_have_text("2 of 3 predicted, 1 failed")
    assert first_cells(page) == ["study/NaCl.cif", "study/notes.cif", "study/ZnS.cif"]
    expect(page.locator(".files .note")).to_contain_text("1 other files")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_archive(open_page: OpenPage, service: str, folder: Path, method: int) -> None:
    path = folder.parent / "study.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    page = open_page(service)
    page.locator("#files").set_input_files(path)
    expect(page.locator(".progress")).to_have_text("2 of 3 predicted, 1 failed")
    expect(page.locator(".files tbody", has_text="study.zip/ZnS.cif")).to_contain_text("23.4")
    expect(page.locator(".files .note")).to_contain_text("2 other files")


def test_zip_archive_of_one_crystal_is_an_answer(
    open_page: OpenPage, service: str, tmp_path: Path, zincblende_cif: str
) -> None:
    path = tmp_path / "one.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("POSCAR_ZnS.cif", zincblende_cif)
    page = open_page(service)
    page.locator("#files").set_input_files(path)
    expect(page.locator("#material")).to_have_text("ZnS")


def test_damaged_archive(open_page: OpenPage, service: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(b"PK\x03\x04 and nothing else")
    page = open_page(service)
    page.locator("#files").set_input_files(path)
    expect(page.get_by_role("alert")).to_contain_text("broken.zip cannot be opened")


def test_archive_that_unfolds_to_too_much(
    open_page: OpenPage, service: str, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.cif", bytes(210_000_000))
    page = open_page(service)
    page.locator("#files").set_input_files(path)
    expect(page.get_by_role("alert")).to_contain_text("damaged or too large")


def test_names_in_a_folder_are_those_of_a_screening(open_page: OpenPage, service: str) -> None:
    page = open_page(service)
    kept = page.evaluate(KEPT, NAMES)
    told_by_content = (".xyz", ".xyz.gz", ".json")  # the service looks into these
    assert kept == [n for n in NAMES if is_structure_name(n) or n.endswith(told_by_content)]
    assert 0 < len(kept) < len(NAMES)


def test_folder_without_a_structure(open_page: OpenPage, service: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "README").write_text("nothing")
    page = open_page(service)
    page.locator("#folder").set_input_files(tmp_path / "other")
    expect(page.get_by_role("alert")).to_contain_text("Nothing to predict")


@pytest.mark.parametrize("name", ["ZnS.cif.gz", "ZnS.json"])
def test_other_forms_are_sent_as_they_are(
    open_page: OpenPage, service: str, tmp_path: Path, zincblende_cif: str, name: str
) -> None:
    text = zincblende_cif if name.endswith("gz") else json.dumps({"cif": zincblende_cif})
    content = gzip.compress(text.encode()) if name.endswith("gz") else text.encode()
    (tmp_path / name).write_bytes(content)
    page = open_page("about:blank")
    page.add_init_script(SENT)
    page.goto(service)
    page.locator("#files").set_input_files(tmp_path / name)
    page.wait_for_function("() => window.sent")
    assert page.evaluate("window.sent") == [name, list(content)]
