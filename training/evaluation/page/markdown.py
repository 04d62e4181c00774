"""Markdown of tables, figures and numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from models.manifest import Protocol
from training.config import HELD_OUT
from training.evaluation.report import Spread

EMPTY = "–"
FIGURES: Mapping[str, str] = {
    "table": "Table I, published and here: MAPE in the published metric",
    "loss": "Errors by epoch; mean, least and greatest over the splits (the paper's Figs. 3 to 5)",
    "parity": "Out-of-fold prediction and reference; the band is a factor of two",
    "spread": "Members' spread and the error of their mean: own data, and new formulas of Phonix",
    "transfer": "Change of error from stage to stage, with 95 % intervals; below 0 is better",
    "units": "What stage 3 changes on the data set trained on, and how it is reported",
}


def protocol_name(protocol: Protocol) -> str:
    """Return the protocol's name in the text, whatever it is called in files."""
    return "held-out" if protocol == HELD_OUT else protocol


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table's lines."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def images(kind: str, figures: Sequence[str]) -> Iterator[str]:
    """Yield the lines that show the figures of this kind."""
    for name in figures:
        if name.startswith(f"reproduction-{kind}"):
            yield ""
            yield f"![{FIGURES[kind]}](../images/{name})"


def pm(value: Spread | None, digits: int = 2) -> str:
    """Return mean ± standard deviation; a dash where there is nothing."""
    if value is None:
        return EMPTY
    return number(value.mean, value.std, digits)


def number(mean: float | None, std: float | None, digits: int = 2) -> str:
    """Return mean ± standard deviation; a dash where there is nothing."""
    if mean is None:
        return EMPTY
    return f"{mean:.{digits}f}" + ("" if std is None else f" ± {std:.{digits}f}")


def interval_text(interval: tuple[float, float] | None) -> str:
    """Return an interval in brackets, after a blank; nothing where there is none."""
    return "" if interval is None else f" [{interval[0]:+.3f}, {interval[1]:+.3f}]"
