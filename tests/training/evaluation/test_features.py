"""Features of the tree baseline."""

import numpy as np
import pytest
from pymatgen.core import Element

from tests.crystals import HALF_HEUSLER, PEROVSKITE, equivalent_cells, generated_crystals
from training.evaluation.features import _element, crystal_features


@pytest.mark.parametrize("change", ["doubled", "moved", "reordered", "rotated", "eight times"])
def test_equivalent_cells_have_equal_features(change):
    half_heusler = HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57)
    for crystal in (half_heusler, PEROVSKITE.crystal(["Sr", "Ti", "O"], 1.95)):
        one, other = crystal_features([crystal, equivalent_cells(crystal)[change]])
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)


def test_features_are_finite_for_every_element():
    assert np.isfinite([_element(Element.from_Z(z).symbol) for z in range(1, 95)]).all()
    assert np.isfinite(crystal_features(generated_crystals(20, seed=8))).all()
