"""The base of everything an ensemble keeps on disk as JSON."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A record that knows no other fields than its own and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
