"""A user's table of thirty crystals, and the server of the fetchers' tests."""

import pytest
from pymatgen.io.cif import CifWriter

from tests.crystals import generated_crystals
from tests.training.fetch.conftest import serve

__all__ = ["serve"]


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    lines = ["cif,ltc"]
    for number, crystal in enumerate(generated_crystals(30, seed=12)):
        (folder / f"{number}.cif").write_text(str(CifWriter(crystal, significant_figures=12)))
        lines.append(f"{number}.cif,{2000 / (crystal.volume / len(crystal)) ** 2:.4f}")
    path = folder / "my.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
