"""Properties of the elements."""

import numpy as np

from models.descriptors.elements import PROPERTIES, element_properties, element_property


def test_every_element_has_every_property():
    assert element_properties().shape == (95, len(PROPERTIES))
    assert np.isfinite(element_properties()[1:]).all()


def test_valence_electrons_are_those_that_bond():
    valence = element_property("valence")
    expected = {11: 1, 17: 7, 22: 4, 28: 10, 30: 12, 32: 4, 46: 10}  # Na, Cl, Ti, Ni, Zn, Ge, Pd
    assert {number: valence[number] for number in expected} == expected
