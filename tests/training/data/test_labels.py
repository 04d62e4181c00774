"""Several quantities at once: which label goes where."""

from types import MappingProxyType

import numpy as np
import pytest
from pymatgen.core import Structure

from models.errors import DataError
from training.data.datasets import LabelledCrystal
from training.data.labels import label_table

OUTPUT_NAMES = ("ltc", "ltc_agl", "gruneisen")
CELL = Structure(np.eye(3) * 3, ["Po"], [[0, 0, 0]])


def crystal(**labels: float) -> LabelledCrystal:
    return LabelledCrystal("test-1", "Po", CELL, MappingProxyType(labels))


def test_labels_go_to_the_output_of_their_data_set():
    crystals = [crystal(ltc=10.0), crystal(ltc=1000.0), crystal(ltc=20.0, gruneisen=0.002)]
    table = label_table(crystals, ["dataset1", "phonix", "aflow"], OUTPUT_NAMES)
    missing = np.nan
    expected = [[10, missing, missing], [1000, missing, missing], [missing, 20, 0.1]]
    np.testing.assert_array_equal(table, expected)


def test_an_unknown_output_raises_with_the_known_ones():
    with pytest.raises(DataError, match="No output colour; choose from ltc, "):
        label_table([crystal(ltc=1.0)], ["dataset1"], ("ltc", "colour"))


def test_labels_of_unstable_crystals_are_left_out_where_they_depend_on_soft_modes():
    outputs = ("max_frequency", "mean_frequency", "acoustic_top", "sound_mean")
    labels = {"max_frequency": 9.0, "mean_frequency": 4.0, "acoustic_top": -1.0}
    crystals = [crystal(**labels, imaginary_fraction=share) for share in (0.0, 0.2)]
    table = label_table(crystals, ["phonondb"] * 2, outputs)
    missing = np.nan
    np.testing.assert_array_equal(table, [[9, 4, missing, missing], [9, *[missing] * 3]])
