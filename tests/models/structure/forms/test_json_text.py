"""JSON text to values, and the errors of what is none."""

import pytest

from models.errors import UnreadableStructure
from models.structure.forms.json_text import parsed


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "nan"])
@pytest.mark.parametrize("before", ["", '"é": "NaN", '])
def test_a_number_that_is_not_finite_is_named_with_its_remedy(number: str, before: str) -> None:
    name = number.removeprefix("-")
    with pytest.raises(UnreadableStructure, match=f"char .* {name} is no number .* write null"):
        parsed(f'{{{before}"magmom": [0.5, {number}]}}')


@pytest.mark.parametrize("text", ['{"a": ', '{"a": Nope}', "", '{"a": "\\ud800'])
def test_other_faults_ask_for_the_whole_document(text: str) -> None:
    with pytest.raises(UnreadableStructure, match="send a whole JSON document"):
        parsed(text)


def test_the_names_of_such_numbers_are_texts_in_quotes() -> None:
    assert parsed('{"a": "NaN"}') == {"a": "NaN"}
