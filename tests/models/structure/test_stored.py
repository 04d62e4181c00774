import numpy as np
import pytest
from pydantic import ValidationError
from pymatgen.core import Lattice, Structure

from models.records import refusal
from models.structure.stored import StoredStructure

QUARTZ = Structure(
    Lattice.hexagonal(4.9, 5.4),
    ["Si", "O", "O"],
    [[0.47, 0.0, 1 / 3], [0.41, 0.27, 0.12], [0.0, 0.0, 0.0]],
)
STORED = StoredStructure.of(QUARTZ)


def test_a_structure_stored_and_read_again_is_the_same_to_the_last_bit():
    again = StoredStructure.model_validate_json(STORED.model_dump_json()).structure()
    assert again.species == QUARTZ.species
    np.testing.assert_array_equal(again.lattice.matrix, QUARTZ.lattice.matrix)
    np.testing.assert_array_equal(again.frac_coords, QUARTZ.frac_coords)


def test_decimals_round_it():
    assert StoredStructure.of(QUARTZ, 3).frac_coords[0] == (0.47, 0.0, 0.333)


def test_oxidation_states_are_left_out():
    charged = QUARTZ.copy()
    charged.add_oxidation_state_by_element({"Si": 4, "O": -2})
    assert StoredStructure.of(charged) == STORED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"species": ("Si", "O")}, "2 species but 3 positions"),
        ({"species": (), "frac_coords": ()}, "species: Tuple should have at least 1 item"),
        ({"species": ("Si", "O", "Xx")}, "species.2: Value error, 'Xx' is not an element"),
        ({"lattice": ((1.0, 0.0, 0.0),) * 3}, "the lattice vectors enclose no volume"),
        ({"frac_coords": ((0.0, 0.0, float("nan")),) * 3}, "frac_coords.0.2: Input should be"),
        ({"frac_coords": ((0.0, 0.0, "0.5"),) * 3}, "frac_coords.0.2: Input should be"),
        ({"charge": 1.0}, "charge: Extra inputs"),
    ],
)
def test_what_is_no_crystal_is_refused_with_the_place(change, reason):
    with pytest.raises(ValidationError) as caught:
        StoredStructure.model_validate(STORED.model_dump() | change)
    assert reason in refusal(caught.value)
