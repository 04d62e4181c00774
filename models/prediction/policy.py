"""Answer policy: which output answers for a crystal, and what the Gaussian process counts."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from models.records import Record

LTC = "ltc"


class AnswerPolicy(Record):
    """Which output answers for a structure type, and the weight of the Gaussian process in it."""

    by_structure_type: Mapping[str, str] = Field(
        default={}, description="Output that answers for a structure type"
    )
    otherwise: str = Field(default=LTC, description="Output that answers for all other types")
    process_share: Mapping[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default={},
        description="Weight of the Gaussian process in log10(LTC) of an output; the network has "
        "the rest",
    )

    def check(self, outputs: Sequence[str]) -> None:
        """Raise ValueError where the policy names an output that is not among these."""
        named = {self.otherwise, *self.by_structure_type.values(), *self.process_share}
        if unknown := sorted(named - set(outputs)):
            raise ValueError(f"answers: no output is called {', '.join(unknown)}")

    def output(self, structure_type: str) -> str:
        """Return the output that answers for a structure type."""
        return self.by_structure_type.get(structure_type, self.otherwise)
