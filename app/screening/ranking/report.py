"""HTML report of a screening: one file that needs no other."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from app.screening.ranking import figures
from app.screening.ranking.rank import Ranked, Ranking
from app.screening.ranking.summary import Summary, kinds_of, summarise
from app.screening.run.durable import write_durably
from app.screening.run.provenance import Provenance
from app.screening.table.files import read_provenance

PAGE = Path(__file__).with_name("report.html")
MOST_IDS = 5
MOST_APART = 10
MOST_DOUBTS = 15
VERDICTS = ("inside", "edge", "outside", "unknown")
HEAD = ("", "id", "formula", "space group", "type", "P", "LTC", "interval", "verdict", "notes")


def write_report(path: Path, table: Path, ranking: Ranking, *, highest: bool) -> None:
    """Write the report of a finished table. Raises DataError."""
    provenance, summary = read_provenance(table), summarise(table)
    page = Template(PAGE.read_text(encoding="utf-8")).substitute(
        plotly=get_plotlyjs(),
        name=escape(table.name),
        threshold=_threshold(provenance, highest=highest),
        counts=_counts(summary),
        ranking=_table(HEAD, _ranked_rows(ranking["candidates"])),
        intervals=_figure(figures.ranking(ranking["candidates"])),
        metals=_table(HEAD[:-1], _set_apart(ranking["metals"])),
        outside=_table(HEAD[:-1], _set_apart(ranking["outside"])),
        distribution=_figure(figures.distribution(summary)),
        chemistry=_figure(figures.chemistry(summary)) if summary.elements else "",
        types=_figure(figures.structure_types(summary)),
        doubts=_table(("doubt", "crystals"), summary.doubts.most_common(MOST_DOUBTS)),
        errors=_table(("error", "crystals"), summary.errors.most_common()),
        provenance=_table(("", ""), _provenance(provenance)),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, page.encode())


def _threshold(provenance: Provenance, *, highest: bool) -> str:
    run = provenance.run
    return f"&gt; {run.above:g} W/(m K)" if highest else f"&lt; {run.below:g} W/(m K)"


def _counts(summary: Summary) -> str:
    rows = [(name, summary.verdicts[name].total) for name in VERDICTS if name in summary.verdicts]
    rows += [("of these likely metals", summary.n_metals), ("failed", summary.errors.total())]
    return _table(("verdict", "crystals"), [*rows, ("all", summary.n_rows)])


def _ranked_rows(ranked: Iterable[Ranked]) -> list[tuple[object, ...]]:
    return [
        (
            place,
            _ids(each),
            each.brief.formula,
            each.space_group or "–",
            (each.structure_type or "–").replace("_", " "),
            "–" if each.probability is None else f"{each.probability:.3f}",
            f"{each.brief.mean:.3g}",
            _interval(each),
            each.brief.verdict or "–",
            ". ".join(kinds_of(each.warnings)),
        )
        for place, each in enumerate(ranked, 1)
    ]


def _set_apart(ranked: Sequence[Ranked]) -> list[tuple[object, ...]]:
    """Return the rows of a few crystals without notes, which say the same of all of them."""
    return [row[:-1] for row in _ranked_rows(ranked[:MOST_APART])]


def _ids(ranked: Ranked) -> str:
    more = len(ranked.ids) - MOST_IDS
    return ", ".join(ranked.ids[:MOST_IDS]) + (f" and {more} more" if more > 0 else "")


def _interval(ranked: Ranked) -> str:
    lower, upper = ranked.brief.lower, ranked.brief.upper
    return "–" if lower is None or upper is None else f"{lower:.3g} to {upper:.3g}"


def _provenance(provenance: Provenance) -> list[tuple[object, ...]]:
    values = provenance.model_dump()
    run = values.pop("run")
    values["command"] = " ".join(provenance.command)
    values["versions"] = ", ".join(f"{k} {v}" for k, v in provenance.versions.items())
    return [*run.items(), *values.items()]


def _table(head: Iterable[object], rows: Sequence[Iterable[object]]) -> str:
    if not rows:
        return "<p>None.</p>"
    lines = ["<table><thead><tr>", *(f"<th>{escape(str(each))}</th>" for each in head)]
    lines.append("</tr></thead><tbody>")
    lines += (
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return "\n".join([*lines, "</tbody></table>"])


def _figure(figure: go.Figure) -> str:
    text: str = figure.to_html(full_html=False, include_plotlyjs=False)
    return text
