"""Columns of a screening's table: names, types, units and descriptions, the same in every format.

Names are those of the JSON answers with the group in front (`ltc_mean` is `ltc.mean`).
"""

from types import NoneType
from typing import get_args

import pyarrow as pa
from pydantic import Field

from models.prediction.result import LTC_UNIT, number
from models.records import Record

TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


class Row(Record):
    """One crystal of a screening; what is unknown is null."""

    index: int = number("Place of the crystal in the source, from 0.", "1")
    material_id: str = Field(description="Id in the source, or name of the file.")
    sha256: str | None = Field(description="sha256 of the crystal's text.")
    formula: str | None = Field(description="Reduced chemical formula.")
    n_sites: int | None = number("Number of sites in the cell as given.", "sites")
    space_group: str | None = Field(description="International (Hermann-Mauguin) symbol.")
    structure_type: str | None = Field(description="Structure type, such as rocksalt.")
    fingerprint: str | None = Field(description="Identity of the crystal in any of its cells.")
    ltc_mean: float | None = number("Mean of the members' LTC.", LTC_UNIT)
    ltc_std: float | None = number("Standard deviation over the members.", LTC_UNIT)
    ltc_median: float | None = number("Median over the members.", LTC_UNIT)
    ltc_min: float | None = number("Lowest member.", LTC_UNIT)
    ltc_max: float | None = number("Highest member.", LTC_UNIT)
    interval_level: float | None = number("Probability that the interval covers the LTC.", "1")
    interval_lower: float | None = number("Lower end of the calibrated interval.", LTC_UNIT)
    interval_upper: float | None = number("Upper end of the calibrated interval.", LTC_UNIT)
    probability_below: float | None = number("P(LTC < threshold `below` of the run).", "1")
    probability_above: float | None = number("P(LTC > threshold `above` of the run).", "1")
    verdict: str | None = Field(description="Applicability domain: inside, edge or outside.")
    reasons: str | None = Field(description="Why the verdict is not inside.")
    expected_error: float | None = number("Expected absolute error of log10(LTC).", "1")
    in_training_data: bool | None = Field(
        description="Whether the compound was trained on in this structure type."
    )
    nearest_id: str | None = Field(description="Id of the nearest training crystal.")
    nearest_formula: str | None = Field(description="Formula of the nearest training crystal.")
    nearest_ltc: float | None = number("Reference LTC of the nearest training crystal.", LTC_UNIT)
    nearest_distance: float | None = number("Distance to it; at 0 both look the same.", "1")
    slack: float | None = number("LTC by Slack's formula.", LTC_UNIT)
    minimum: float | None = number("Cahill's minimum LTC.", LTC_UNIT)
    likely_metal: bool | None = Field(
        description="Whether electrons are likely to conduct heat as well."
    )
    warnings: str | None = Field(description="What to know about the file and the prediction.")
    ensemble: str = Field(description="Name of the ensemble.")
    digest: str = Field(description="Digest of the ensemble.")
    error: str | None = Field(description="Why there is no prediction: code and message.")


def _column(name: str) -> pa.Field:
    field = Row.model_fields[name]
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind != NoneType]
    extra = field.json_schema_extra
    unit = str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else ""
    metadata = {"description": field.description or ""} | ({"unit": unit} if unit else {})
    return pa.field(name, TYPES[kinds[0]], metadata=metadata)


COLUMNS = tuple(Row.model_fields)
SCHEMA = pa.schema([_column(name) for name in COLUMNS])


def table_of(rows: list[Row]) -> pa.Table:
    """Return rows as an Arrow table."""
    return pa.Table.from_pylist([row.model_dump() for row in rows], schema=SCHEMA)
