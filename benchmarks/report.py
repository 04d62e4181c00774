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
        "300 x",
        "600 x",
        "bulk.megnet_ratio",
    ),
    ("the same, against nine of matgl", "", "", "bulk.matgl_ratio"),
    ("requests/s against the service without batching", "", "", "service.batching_ratio"),
    ("reading a CIF in P1, pymatgen's time against gemmi's", "", "", "parsers.P1_ratio"),
    ("the same, space group and orbits", "", "", "parsers.symmetry_ratio"),
    ("CIFs read alike by both", "all", "all", "parsers.same"),
    ("forward pass against the matrix-multiply rate", "0.25", "0.5", "forward.fraction"),
    ("training step against megnet's Keras layers", "", "", "training.ratio"),
    ("answers under load equal to answers one by one", "all", "all", "service.equal_answers"),
)

# The same for the service beside that of another commit.
COMPARED = (
    ("uncached POST, 10 atoms, one client, p50 [ms]", "7", "5", "p50_ms_1"),
    ("processor time of one [ms]", "", "", "processor_ms_1"),
    ("uncached requests/s, 32 clients", "250", "350", "rate_32"),
    ("p99 of these [ms]", "200", "130", "p99_ms_32"),
    ("processor time of one [ms]", "", "", "processor_ms_32"),
    ("cached against an empty route", "0.9", "0.95", "cached_to_empty"),
    ("start to ready [s]", "3", "2", "ready_s"),
    ("memory of all processes [MB]", "700", "400", "mb"),
)
ENGINES = (
    ("small crystals in a batch", "generated", "batch"),
    ("small crystals one by one", "generated", "alone"),
    ("80 to 90 bonds in a batch", "80 to 90 bonds", "batch"),
    ("80 to 90 bonds one by one", "80 to 90 bonds", "alone"),
    ("10 atoms in P1 in a batch", "in P1", "batch"),
    ("10 atoms in P1 one by one", "in P1", "alone"),
)


def write_report(results: Mapping[str, Any]) -> None:
    """Fill the measured part of the page, and draw throughput against latency."""
    parts = (_taken, _compared, _engines, _table, _profile)
    text = "\n".join("\n".join((*part(results), "")) for part in parts)
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


def _compared(results: Mapping[str, Any]) -> list[str]:
    """Return the service beside that of another commit."""
    found = results.get("compare")
    if found is None:
        return []
    head = (
        f"service | {found['commits']['other']} | {found['commits']['this']} | ratio | must | goal"
    )
    rows = [f"| {head} |", "|---" * 6 + "|"]
    for name, must, goal, key in COMPARED:
        columns = (_value(found[part].get(key)) for part in ("other", "this", "ratio"))
        rows.append(f"| {name} | {' | '.join(columns)} | {must} | {goal} |")
    return rows


def _engines(results: Mapping[str, Any]) -> list[str]:
    """Return the processor time of network, heads and process in both engines."""
    found = results.get("engines")
    if found is None:
        return []
    rows = ["| `recommended`, processor time of a crystal [ms] | TensorFlow | compiled | ratio |"]
    rows.append("|---" * 4 + "|")
    for name, samples, way in ENGINES:
        if samples not in found:
            continue
        before, after = (found[samples][f"{e}, {way}"] for e in ("tensorflow", "compiled"))
        rows.append(f"| {name} | {before:g} | {after:g} | {before / after:.1f} |")
    return rows


def _shown(results: Mapping[str, Any], place: str) -> str:
    part, key = place.split(".")
    return _value(results.get(part, {}).get(key))


def _value(value: object) -> str:
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
