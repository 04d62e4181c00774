"""What is said to be known of a crystal that a screening ranks first."""

import pytest

from app.screening.ranking.rank import Brief, Ranked
from benchmarks.known import Known
from models.prediction.result import Reference

REFERENCES = [
    Reference(material_id=name, formula="SiC", dataset="phonix_2026", ltc=ltc, out_of_fold=None)
    for name, ltc in (("mp-1", 400.0), ("mp-2", 450.0))
]
OTHER = "another structure: reference"
BRIEF = Brief("mp-0", "SiC", 450.0, 0.1, 440.0, 460.0, "inside")
RANKED = Ranked(BRIEF, 0.5, "f", "other_types", "P1", None, 0, ("mp-0",))


def row(formula, nearest_id, *, known):
    return {
        "formula": formula,
        "structure_type": "other_types",
        "in_training_data": known,
        "nearest_id": nearest_id,
    }


@pytest.mark.parametrize(
    ("found", "label", "expected"),
    [
        (row("SiC", "mp-2", known=True), None, "reference 450 (Phonix, mp-2); measured in 6H"),
        (
            row("SiC", "mp-1", known=True),
            None,
            "reference 400, outside of the interval (Phonix, mp-1); measured in 6H",
        ),
        (
            row("SiC", "mp-2", known=False),
            9.0,
            "another structure: reference 450 (Phonix, mp-2); A",
        ),
        (
            row("SiC", "mp-9", known=True),
            None,
            "another structure: reference 400 (Phonix, mp-1); m",
        ),
        (row("BN", "mp-2", known=False), 3.25, "AGL 3.25; measured in h-BN"),
        (row("KBr", "mp-2", known=False), None, "–"),
    ],
)
def test_references_come_before_models_and_literature(found, label, expected):
    assert Known(REFERENCES, [found], [label]).sentence(RANKED).startswith(expected)
