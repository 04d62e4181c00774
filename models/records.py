"""Base of all records: results, manifests and files, in Python and in JSON."""

from pydantic import BaseModel, ConfigDict, ValidationError


class Record(BaseModel):
    """An immutable record without other fields, NaN or infinity."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        json_schema_serialization_defaults_required=True,
    )


def refusal(error: ValidationError) -> str:
    """Return the first fault of a record, with its place."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
