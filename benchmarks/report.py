"""What was measured, as docs/performance.md with its plot."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

PAGE = Path("docs/performance.md")
PLOT = Path("docs/images/throughput.svg")
MARK = re.compile(r"(<!-- measured -->\n).*(<!-- end -->)", re.DOTALL)

# What is measured, what it must reach, what is hoped for, and where the results have it.
TARGETS = (
    (
        "CIF bytes to answer, bulk, against nine calls of megnet",
        "60 x",
        "200 x",
        "bulk.megnet_ratio",
    ),
    ("the same, against nine of matgl", "", "", "bulk.matgl_ratio"),
    ("uncached POST, 10 atoms, one client, p50 [ms]", "25", "10", "service.p50_ms_1_client"),
    ("uncached requests/s, 32 clients", "100", "300", "service.rate_32_clients"),
    ("p99 of these [ms]", "250", "", "service.p99_ms_32_clients"),
    ("requests/s against the service without batching", "", "", "service.batching_ratio"),
    ("cached against an empty route, POST", "0.5", "0.8", "service.cached_to_empty_post"),
    ("cached against an empty route, GET", "", "", "service.cached_to_empty_get"),
    ("reading a CIF in P1, pymatgen's time against gemmi's", "", "", "parsers.P1_ratio"),
    ("the same, space group and orbits", "", "", "parsers.symmetry_ratio"),
    ("CIFs read alike by both", "all", "all", "parsers.same"),
    ("forward pass against the matrix-multiply rate", "0.25", "0.5", "forward.fraction"),
    ("training step against megnet's Keras layers", "", "", "training.ratio"),
    ("answers under load equal to answers one by one", "all", "all", "service.equal_answers"),
    ("start to ready [s]", "10", "", "service.ready_s"),
    ("memory of a worker [MB]", "", "", "service.memory_mb"),
)


def write_report(results: Mapping[str, Any]) -> None:
    """Fill the measured part of the page, and draw throughput against latency."""
    text = "\n".join((*_taken(results), "", *_table(results), "", *_profile(results), ""))
    page = PAGE.read_text()
    PAGE.write_text(MARK.sub(lambda found: found[1] + text + found[2], page))
    if "service" in results:
        _draw(results["service"]["curve"])


def _taken(results: Mapping[str, Any]) -> list[str]:
    """Return a line for the measures taken on one day with the same machine and versions."""
    names: dict[str, list[str]] = {}
    for name, found in results.items():
        line = "Measured {date} on {machine}, {versions}".format(**found["taken"])
        names.setdefault(line, []).append(name)
    return [f"{line}: {', '.join(together)}." for line, together in names.items()]


def _table(results: Mapping[str, Any]) -> list[str]:
    rows = ["| measure | must | goal | measured (quartiles) |", "|---|---|---|---|"]
    for name, must, goal, place in TARGETS:
        rows.append(f"| {name} | {must} | {goal} | {_shown(results, place)} |")
    return rows


def _shown(results: Mapping[str, Any], place: str) -> str:
    part, key = place.split(".")
    value = results.get(part, {}).get(key)
    if isinstance(value, Mapping):
        return f"{value['median']:g} ({value['lower']:g} to {value['upper']:g})"
    return "not measured" if value is None else str(value)


def _profile(results: Mapping[str, Any]) -> list[str]:
    """Return the median milliseconds of each step, warm, by size."""
    sizes = {k: v for k, v in results.get("profile", {}).items() if k.endswith(" atoms")}
    if not sizes:
        return []
    steps = ("cache", "parse", "graph", "forward", "total")
    rows = [f"| warm, ms | {' | '.join(steps)} | cold | cached |", "|---" * 8 + "|"]
    for size, states in sizes.items():
        warm = " | ".join(f"{states['warm'][step]['median']:.2f}" for step in steps)
        cached = states["cached"]["total"]["median"]
        rows.append(f"| {size} | {warm} | {states['cold']['total']:.2f} | {cached:.2f} |")
    return rows


def _draw(curve: Mapping[str, Mapping[str, float]]) -> None:
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    rates = [load["rate"] for load in curve.values()]
    for key, label in (("p50_ms", "median"), ("p99_ms", "99th percentile")):
        axes.plot(rates, [load[key] for load in curve.values()], "o-", label=label)
    for clients, load in curve.items():
        axes.annotate(
            clients, (load["rate"], load["p99_ms"]), textcoords="offset points", xytext=(4, 4)
        )
    axes.set(xlabel="uncached requests/s", ylabel="latency [ms]", yscale="log")
    axes.set_title("Throughput against latency, by number of clients")
    axes.legend()
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PLOT)
