"""Description of the predicted number: conditions, method, what is left out, what to do next."""

from collections.abc import Mapping
from functools import cache

from models.prediction.result import TEMPERATURE, Citation, Method, NumberDescription, Verdict

CONDITIONS = (
    f"{TEMPERATURE:g} K",
    "isotropic mean: a third of the trace of the conductivity tensor",
    "perfect, infinite bulk crystal",
    "dynamically stable crystal (whether all its phonons are real is not tested)",
)
LEFT_OUT = (
    "heat carried by electrons, which is most of it in metals",
    "scattering by defects, disorder, grain boundaries and surfaces",
    "scattering of four and more phonons, and the change of the phonons with temperature",
)
NEXT_STEPS: Mapping[Verdict | None, str] = {
    "inside": "Use it to rank and to choose crystals; before it is published or built on, "
    "calculate the few that matter from first principles, their phonons first.",
    "edge": "Compare it with the nearest training crystals, and confirm it by a first-principles "
    "calculation, for instance with phono3py.",
    "outside": "Do not rank by it; calculate this crystal from first principles, for instance with "
    "phono3py.",
    None: "Confirm it by a first-principles calculation, for instance with phono3py.",
}
PAPER = Citation(
    text="L. Klochko, M. d'Aquin, A. Togo, L. Chaput, Transfer Learning for Deep Learning-based "
    "Prediction of Lattice Thermal Conductivity, arXiv:2411.18259 (2024).",
    url="https://arxiv.org/abs/2411.18259",
)


@cache
def describe_number(method: Method | None, verdict: Verdict | None) -> NumberDescription:
    """Return the description of an LTC that imitates `method`, by the verdict on its crystal."""
    return NumberDescription(
        conditions=CONDITIONS,
        method=method,
        left_out=LEFT_OUT,
        next_steps=NEXT_STEPS[verdict],
        citation=PAPER,
    )
