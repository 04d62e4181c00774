"""The output that answers for each structure type."""

import pytest

from models.prediction.members import serving_output


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("rocksalt", "ltc_phono3py"),
        ("zincblende", "ltc_phono3py"),
        ("wurtzite", "ltc_phono3py"),
        ("half_heusler", "ltc_half_heusler"),
        ("diamond", "ltc"),
        ("perovskite", "ltc"),
        ("other_types", "ltc"),
    ],
)
def test_output_of_a_structure_type(name, output):
    assert serving_output(name) == output
