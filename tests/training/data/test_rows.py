import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from training.data.rows import Row

QUARTZ = Structure(
    Lattice.hexagonal(4.9, 5.4),
    ["Si", "O", "O"],
    [[0.47, 0.0, 1 / 3], [0.41, 0.27, 0.12], [0.0, 0.0, 0.0]],
)


def test_a_row_written_and_read_again_is_the_same_crystal():
    row = Row.of("mp-7000", QUARTZ, ltc=8.1, gruneisen=0.6)
    again = Row.model_validate_json(row.to_line())
    assert again == row
    assert again.labels == {"ltc": 8.1, "gruneisen": 0.6}
    structure = again.structure.structure()
    assert structure.species == QUARTZ.species
    np.testing.assert_allclose(structure.lattice.matrix, QUARTZ.lattice.matrix, atol=1e-8)
    np.testing.assert_allclose(structure.frac_coords, QUARTZ.frac_coords, atol=1e-8)


def test_oxidation_states_are_left_out():
    charged = QUARTZ.copy()
    charged.add_oxidation_state_by_element({"Si": 4, "O": -2})
    assert Row.of("mp-7000", charged, ltc=8.1) == Row.of("mp-7000", QUARTZ, ltc=8.1)


def test_a_disordered_structure_is_refused():
    alloy = Structure(Lattice.cubic(3.6), [{"Cu": 0.5, "Au": 0.5}], [[0, 0, 0]])
    with pytest.raises(ValueError, match="partly occupied"):
        Row.of("mp-1", alloy, ltc=1.0)


def test_a_row_of_phonons_may_lack_labels_and_have_imaginary_modes():
    row = Row.of("mp-1", QUARTZ, max_frequency=30.0, min_frequency=-2.0, imaginary_fraction=0.0)
    again = Row.model_validate_json(row.to_line())
    assert again.labels == {"max_frequency": 30, "min_frequency": -2, "imaginary_fraction": 0}


@pytest.mark.parametrize("label", ["ltc", "max_frequency", "bulk_modulus"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_a_label_that_cannot_be_is_refused(label, value):
    with pytest.raises(ValueError, match=label):
        Row.of("mp-1", QUARTZ, **{label: value})
