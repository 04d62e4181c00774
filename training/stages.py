"""The stages of training: the start and the data set of each ensemble."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from models.errors import DataError

RANDOM = "random weights"
OTHER_RANDOM = "other random weights"
MEGNET = "MEGNet's formation-energy weights"


@dataclass(frozen=True)
class Stage:
    """One training: the data set, and the start.

    `start`: `RANDOM`, `OTHER_RANDOM`, `MEGNET` or an earlier stage's name.
    """

    name: str
    dataset: str
    start: str

    @property
    def parent(self) -> str | None:
        """The stage this one starts from, member by member; None where there is none."""
        return None if self.start in (RANDOM, OTHER_RANDOM, MEGNET) else self.start


FOUNDATION = "aflow-stage2"
HARMONIC = "harmonic-stage2"
RECOMMENDED = "recommended"
_STAGES = (
    *(Stage(f"{name}-stage1", name, RANDOM) for name in ("dataset1", "dataset2", "mix", "aflow")),
    *(Stage(f"{name}-stage2", name, MEGNET) for name in ("dataset1", "dataset2", "mix", "aflow")),
    *(Stage(f"{name}-stage3", name, FOUNDATION) for name in ("dataset1", "dataset2", "mix")),
    Stage(HARMONIC, "harmonic", MEGNET),
    Stage(RECOMMENDED, "reference", HARMONIC),
)
STAGES: Mapping[str, Stage] = MappingProxyType({stage.name: stage for stage in _STAGES})


def stage_chain(name: str, *, pretrained: bool = True) -> tuple[Stage, ...]:
    """Return the stages to train for the ensemble `name`, first to last; DataError if unknown.

    Without `pretrained` weights stage 2 is stage 1 with other random weights, and stage 3 goes on
    from there.
    """
    if name not in STAGES:
        raise DataError(f"No ensemble is called {name}; choose one of {', '.join(STAGES)}.")
    stage = STAGES[name]
    if stage.start == MEGNET and not pretrained:
        stage = replace(stage, start=OTHER_RANDOM)
    earlier = stage_chain(stage.parent, pretrained=pretrained) if stage.parent else ()
    return (*earlier, stage)
