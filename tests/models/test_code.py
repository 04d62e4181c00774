"""The digest changes with what computes answers, and with nothing else."""

from pathlib import Path

import pytest

import models.code
from models.code import code_digest, source_digest

SOURCE = '''"""Module."""

LIMIT = 3


class Sum:
    """Class."""

    def total(self, values):
        """Return the total."""
        return sum(values) + LIMIT  # in all
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "crystal").mkdir()
    (tmp_path / "structure/materials_project").mkdir(parents=True)
    (tmp_path / "crystal/sums.py").write_text(SOURCE)
    (tmp_path / "structure/materials_project/client.py").write_text("TIMEOUT = 3\n")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Module.", "The module, told otherwise."),
        ('    """Class."""\n\n', ""),
        ("Return the total.", "Return it."),
        ("  # in all", ""),
        ("LIMIT = 3", "LIMIT = (  # three\n    3\n)"),
    ],
)
def test_comments_docstrings_and_layout_do_not_change_it(folder, old, new):
    before = source_digest(folder)
    text = SOURCE.replace(old, new)
    assert text != SOURCE
    (folder / "crystal/sums.py").write_text(text)
    assert source_digest(folder) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("LIMIT = 3", "LIMIT = 3.0"),
        ("LIMIT = 3", 'LIMIT = "3"'),
        ("+ LIMIT", "- LIMIT"),
        ("sum(values)", "max(values)"),
        ("sum(values) + LIMIT", "LIMIT + sum(values)"),
    ],
)
def test_code_changes_it(folder, old, new):
    before = source_digest(folder)
    (folder / "crystal/sums.py").write_text(SOURCE.replace(old, new))
    assert source_digest(folder) != before


def test_a_new_and_a_renamed_module_change_it(folder):
    before = source_digest(folder)
    (folder / "crystal/sums.py").rename(folder / "crystal/totals.py")
    renamed = source_digest(folder)
    (folder / "crystal/more.py").write_text("X = 1\n")
    assert len({before, renamed, source_digest(folder)}) == 3


def test_the_client_of_the_materials_project_does_not_change_it(folder):
    before = source_digest(folder)
    (folder / "structure/materials_project/client.py").write_text("TIMEOUT = 9\n")
    assert source_digest(folder) == before


def test_what_is_left_out_exists():
    root = Path(models.code.__file__).parent
    assert [name for name in models.code.WITHOUT_ANSWERS if not (root / name).is_file()] == []


def test_the_digest_of_the_package_is_that_of_its_folder():
    assert code_digest() == source_digest(Path(models.code.__file__).parent)
