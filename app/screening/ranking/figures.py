"""Figures of a screening's report, with plotly."""

from collections.abc import Sequence

import plotly.graph_objects as go
from pymatgen.core import Element

from app.screening.ranking.rank import Ranked
from app.screening.ranking.summary import Summary, edge

COLORS = {"inside": "#0072b2", "edge": "#e69f00", "outside": "#999999", "unknown": "#56b4e9"}
AXIS = "LTC at 300 K, W/(m K)"
GROUPS, ROWS = 18, 9  # of the periodic table, lanthanides and actinides below
FEWEST = 5  # crystals of a structure type that has a box
MOST_TYPES = 25


def distribution(summary: Summary) -> go.Figure:
    """Return the histogram of the mean LTC, by verdict."""
    figure = go.Figure()
    for verdict, color in COLORS.items():
        if verdict in summary.verdicts:
            counts = summary.verdicts[verdict].counts
            centers = [edge(place + 0.5) for place in range(len(counts))]
            widths = [edge(place + 1) - edge(place) for place in range(len(counts))]
            figure.add_bar(x=centers, y=counts, width=widths, name=verdict, marker_color=color)
    figure.update_layout(barmode="stack", bargap=0, yaxis_title="crystals")
    figure.update_xaxes(type="log", title=AXIS)
    return _sized(figure, 380)


def ranking(ranked: Sequence[Ranked]) -> go.Figure:
    """Return the ranked crystals with their intervals, the first on top."""
    briefs = [each.brief for each in ranked]
    names = [f"{place}. {brief.formula}" for place, brief in enumerate(briefs, 1)]
    bounds = [(b.lower or b.mean, b.upper or b.mean) for b in briefs]
    figure = go.Figure(
        go.Scatter(
            x=[brief.mean for brief in briefs],
            y=names,
            mode="markers",
            marker_color=[COLORS[brief.verdict or "unknown"] for brief in briefs],
            error_x={
                "array": [upper - b.mean for b, (_, upper) in zip(briefs, bounds, strict=True)],
                "arrayminus": [
                    b.mean - lower for b, (lower, _) in zip(briefs, bounds, strict=True)
                ],
                "symmetric": False,
            },
            customdata=[brief.material_id for brief in briefs],
            hovertemplate="%{customdata}: %{x:.3g} W/(m K)<extra></extra>",
        )
    )
    figure.update_xaxes(type="log", title=AXIS)
    figure.update_yaxes(autorange="reversed")
    return _sized(figure, 120 + 24 * len(names))


def chemistry(summary: Summary) -> go.Figure:
    """Return the periodic table with the geometric mean LTC of the crystals of each element."""
    means: list[list[float | None]] = [[None] * GROUPS for _ in range(ROWS)]
    texts, notes = ([[""] * GROUPS for _ in range(ROWS)] for _ in range(2))
    for element in Element:
        row, column = element.row - 1, element.group - 1
        if element.is_lanthanoid or element.is_actinoid:  # below the table, as usual
            row, column = row + 2, element.Z - (55 if element.is_lanthanoid else 87)
        if element.symbol in summary.elements and row < ROWS:
            count, total = summary.elements[element.symbol]
            mean = 10 ** (total / count)
            means[row][column] = total / count
            texts[row][column] = f"<b>{element.symbol}</b><br>{mean:.2g}"
            notes[row][column] = f"{element.symbol}: {mean:.3g} W/(m K), {count} crystals"
    figure = go.Figure(
        go.Heatmap(
            z=means,
            text=texts,
            texttemplate="%{text}",
            customdata=notes,
            hovertemplate="%{customdata}<extra></extra>",
            colorscale="viridis",
            colorbar={"title": "log10 of the LTC"},
            xgap=2,
            ygap=2,
            hoverongaps=False,
        )
    )
    figure.update_yaxes(autorange="reversed", visible=False)
    figure.update_xaxes(visible=False)
    return _sized(figure, 480)


def structure_types(summary: Summary) -> go.Figure:
    """Return a box for each common structure type: quartiles, and 5 to 95 %."""
    common = sorted(summary.types.items(), key=lambda item: -item[1].total)[:MOST_TYPES]
    shown = [(name, found) for name, found in common if found.total >= FEWEST]
    shown.sort(key=lambda item: item[1].quantile(0.5))

    def quantiles(share: float) -> list[float]:
        return [found.quantile(share) for _, found in shown]

    figure = go.Figure(
        go.Box(
            y=[f"{name.replace('_', ' ')} ({found.total})" for name, found in shown],
            lowerfence=quantiles(0.05),
            q1=quantiles(0.25),
            median=quantiles(0.5),
            q3=quantiles(0.75),
            upperfence=quantiles(0.95),
            orientation="h",
            marker_color=COLORS["inside"],
        )
    )
    figure.update_xaxes(type="log", title=AXIS)
    return _sized(figure, 120 + 26 * len(shown))


def _sized(figure: go.Figure, height: int) -> go.Figure:
    return figure.update_layout(
        height=height, template="plotly_white", margin={"l": 10, "r": 10, "t": 10, "b": 10}
    )
