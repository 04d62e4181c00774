"""The base of everything that is kept on disk as JSON, and what is wrong with it in words."""

from pydantic import BaseModel, ConfigDict, ValidationError


class Strict(BaseModel):
    """A record that knows no other fields than its own and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refusal(error: ValidationError) -> str:
    """Return the first thing wrong with a record, and where in it."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
