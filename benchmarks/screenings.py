"""The screenings shown in docs/screenings.md: runs them, and writes what they found.

`python -m benchmarks.screenings --aflow data/aflow_agl.jsonl.gz --materials-project SAMPLE.jsonl.gz
--out runs/screenings`. A table that is there already is not made again, and keeps its time.
"""

import argparse
import gzip
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy.stats import spearmanr

from app.screening.ranking.rank import Ranked, rank
from app.screening.ranking.summary import summarise
from app.screening.table.files import read_provenance
from benchmarks.known import Known

PAGE = Path("docs/screenings.md")
TITLES = {
    "aflow": "AFLOW",
    "materials-project": "20,000 crystals of the Materials Project",
}
BEST = 10
MEGABYTE = 1e6
KILOBYTE = 1024


@dataclass(frozen=True)
class Cost:
    """Seconds of a screening, by the clock and of processor time, and its most memory in MB."""

    seconds: float
    processor: float
    memory: float


def main() -> int:
    """Return 0 when the page is written."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenings", description=__doc__)
    for name in TITLES:
        parser.add_argument(f"--{name}", type=Path, help="left out: not shown")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sources = {name: getattr(options, name.replace("-", "_")) for name in TITLES}
    sections = [_section(name, path, options.out) for name, path in sources.items() if path]
    page = PAGE.read_text()
    head, _, rest = page.partition("<!-- screened -->\n")
    tail = rest.partition("<!-- end -->")[2]
    PAGE.write_text(f"{head}<!-- screened -->\n{''.join(sections)}<!-- end -->{tail}")
    return 0


def _section(name: str, source: Path, folder: Path) -> str:
    table, costs = folder / f"{name}.parquet", folder / f"{name}.json"
    if not table.exists():
        cost = _screened(source, table, folder / f"{name}.html")
        costs.write_text(json.dumps(cost.__dict__))
    cost = Cost(**json.loads(costs.read_text()))
    provenance, summary = read_provenance(table), summarise(table)
    counts = [f"{summary.verdicts[v].total} {v}" for v in ("inside", "edge", "outside")
              if v in summary.verdicts]  # fmt: skip
    what = (
        f"{provenance.n_rows} crystals by `{provenance.run.ensemble}` "
        f"(`{provenance.run.digest[:23]}`), {provenance.started[:10]}: "
        f"{cost.seconds:.0f} s by the clock and {cost.processor:.0f} s of processor time, report "
        f"and ranking included; at most {cost.memory:.0f} MB in all processes together."
    )
    failures = "".join(f", {count} `{code}`" for code, count in summary.errors.most_common())
    found = (
        f"{', '.join(counts)} the domain; {summary.n_metals} of these are likely metals; "
        f"{provenance.n_failed} failed{failures}."
    )
    known = Known.of(provenance.run.ensemble, table, source)
    title = f"## {TITLES[name]}"
    return "\n".join(
        [title, "", what, "", found, "", *_agreement(source, table), *_best(table, known), ""]
    )


def _screened(source: Path, table: Path, report: Path) -> Cost:
    """Return the cost of a screening, which it runs."""
    command = [sys.executable, "-m", "app.cli", "screen", str(source), "--out", str(table)]
    start = time.perf_counter()
    with subprocess.Popen([*command, "--report", str(report)]) as process:
        peak = [0.0]
        watching = threading.Thread(target=_watch, args=(process, peak))
        watching.start()
        processor = _waited(process)
        watching.join()
    if process.returncode:
        raise SystemExit(f"The screening ended with {process.returncode}.")
    return Cost(time.perf_counter() - start, processor, peak[0])


def _waited(process: subprocess.Popen[bytes]) -> float:
    """Return the processor seconds of a process and its children, once it has ended."""
    import resource  # noqa: PLC0415 - POSIX

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _watch(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    """Note the most memory of a process and its children; shared pages count once."""
    while process.poll() is None:
        peak[0] = max(peak[0], sum(map(_memory, _tree(process.pid))))
        time.sleep(1)


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _tree(int(child)))]


def _memory(pid: int) -> float:
    """Return the proportional memory of a process in MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return (
        sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * KILOBYTE / MEGABYTE
    )


def _agreement(source: Path, table: Path) -> list[str]:
    """Return how the LTC agree with those of the source, if it has any, by verdict."""
    with gzip.open(source, "rt") as lines:
        labels = [json.loads(line).get("ltc") for line in lines]
    rows = pq.read_table(
        table, columns=["index", "ltc_mean", "verdict", "likely_metal"]
    ).to_pylist()
    groups: dict[str, list[tuple[float, float]]] = {"all": []}
    for row in rows:
        label = labels[row["index"]]
        if row["ltc_mean"] and label:
            pair = (row["ltc_mean"], label)
            groups["all"].append(pair)
            verdict = "likely metals" if row["likely_metal"] else row["verdict"]
            groups.setdefault(verdict, []).append(pair)
    if not groups["all"]:
        return []
    head = [
        "| | crystals | Spearman | within a factor of 2 | median ratio |",
        "|---|---|---|---|---|",
    ]
    order = ("inside", "edge", "outside", "likely metals", "all")
    return [*head, *(_agreement_row(name, groups[name]) for name in order if name in groups), ""]


def _agreement_row(name: str, pairs: Sequence[tuple[float, float]]) -> str:
    predicted, labels = np.log10(np.array(pairs)).T
    error = predicted - labels
    return (
        f"| {name} | {len(pairs)} | {spearmanr(predicted, labels).statistic:.2f} "
        f"| {np.mean(np.abs(error) < np.log10(2)):.0%} | {10 ** np.median(error):.2f} |"
    )


def _best(table: Path, known: Known) -> list[str]:
    """Return the candidates inside the domain that most likely have a low and a high LTC."""
    lines = []
    for title, highest in (("Lowest", False), ("Highest", True)):
        ranked = rank(table, 40 * BEST, highest=highest)["candidates"]
        inside = [each for each in ranked if each.brief.verdict == "inside"][:BEST]
        sign = "> 100" if highest else "< 1"
        lines += [
            f"### {title}, inside the domain",
            "",
            f"| crystal | formula | structure | P(LTC {sign}) | LTC | 90 % interval | known |",
            "|---|---|---|---|---|---|---|",
            *(_best_row(each, known) for each in inside),
            "",
        ]
    return lines


def _best_row(ranked: Ranked, known: Known) -> str:
    brief = ranked.brief
    kind = (ranked.structure_type or "").replace("_", " ")
    return (
        f"| {', '.join(ranked.ids[:3])} | {brief.formula} | {kind}, {ranked.space_group} "
        f"| {ranked.probability or 0:.3f} | {brief.mean:.3g} | {brief.lower or 0:.3g} to "
        f"{brief.upper or 0:.3g} | {known.sentence(ranked)} |"
    )


if __name__ == "__main__":
    sys.exit(main())
