"""The command `paraisite screen`: what it runs, and what it prints."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from tqdm import tqdm

from app.screening.options import FORMATS
from app.screening.probability import Thresholds
from app.screening.ranking.rank import HEAD, Ranked, Ranking, rank, values_of
from app.screening.ranking.shortlist import write_shortlist
from app.screening.run.judge import EnsembleJudge
from app.screening.run.screen import Progress, screen
from app.screening.run.workers import Executor, Here, Workers
from app.screening.sources.open import open_source
from app.screening.sources.source import Source
from app.screening.targets import Targets
from app.service.ensembles import ServedEnsemble, check_ensemble
from app.settings import Settings
from app.startup import without_native_messages
from models.errors import DataError

SHOWN_FILES = 10  # names of ignored files that are told
SHOWN_IDS = 3  # of a crystal that comes several times
LOG_SECONDS = 10.0  # between two lines where standard error is no terminal
INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it
TITLES = {
    "candidates": "Candidates",
    "metals": "Set apart, likely metals (electrons conduct heat as well)",
    "outside": "Set apart, outside the domain (not to be ranked by)",
}
LoadEnsemble = Callable[[Settings, str], ServedEnsemble]


@dataclass(frozen=True)
class Loader:
    """Loads an ensemble, and checks it, in whichever process calls it."""

    load: LoadEnsemble
    name: str
    settings: Settings = field(compare=False)

    def __call__(self) -> ServedEnsemble:
        """Return the ensemble. Raises EnsembleError."""
        with without_native_messages():
            return check_ensemble(self.load(self.settings, self.name), self.settings)


def run(
    options: argparse.Namespace,
    settings: Settings,
    name: str,
    load: LoadEnsemble,
    given: Sequence[str],
) -> int:
    """Return the exit status of a screening with the ensemble of this name.

    `given`: the arguments that `options` were read from, which the table keeps.
    """
    if options.out.suffix not in FORMATS:
        print(f"paraisite: --out must end in {', '.join(FORMATS)}", file=sys.stderr)
        return 2
    if options.report and options.report.resolve() == options.out.resolve():
        print("paraisite: --report and --out are the same file; give two", file=sys.stderr)
        return 2
    targets = Targets.of(options.out, options.report, options.shortlist)
    source = open_source(options.source, settings, targets.table)
    command = ("paraisite", *given)
    judge = EnsembleJudge(Loader(load, name, settings), Thresholds(options.below, options.above))
    try:
        with _executor(options) as executor:
            screening = screen(source, judge, executor, targets.table, command)
            done = _follow(screening, source.count())
    except KeyboardInterrupt:
        print(
            f"\nStopped; what is done is saved beside {options.out}. Run the same command again to "
            "go on.",
            file=sys.stderr,
        )
        return INTERRUPTED
    _report_ignored(source)
    if not done:
        raise DataError(f"{source.name} holds no crystal; nothing is written.")
    _rank(options, targets, source)
    return 0


def _rank(options: argparse.Namespace, targets: Targets, source: Source) -> None:
    """Print the ranking of the table, and write the shortlist and the report if asked to."""
    ranking = rank(targets.table, options.top, highest=options.highest)
    _print_ranking(options, ranking)
    if targets.shortlist:
        write_shortlist(targets.shortlist, ranking["candidates"], source)
    if targets.report:
        from app.screening.ranking.report import write_report  # draws with plotly

        write_report(targets.report, targets.table, ranking, highest=options.highest)


def _executor(options: argparse.Namespace) -> AbstractContextManager[Executor]:
    if options.ray:
        return _cluster(options.ray)
    return Workers(options.workers) if options.workers > 1 else nullcontext(Here())


def _cluster(address: str) -> AbstractContextManager[Executor]:
    try:
        from app.screening.run.cluster import Cluster
    except ModuleNotFoundError as error:
        raise DataError(f"--ray needs {error.name}; pip install 'paraisite[ray]'.") from error
    return Cluster(address)


def _follow(screening: Iterable[Progress], total: int | None) -> int:
    """Return how many crystals were screened; show the progress with rate and time left."""
    every = 0.5 if sys.stderr.isatty() else LOG_SECONDS
    with tqdm(total=total, unit=" crystals", mininterval=every, smoothing=0.05) as bar:
        for progress in screening:
            if progress.new == 0:  # found done: neither rate nor time left are of these
                bar.initial = progress.done
            bar.set_postfix(failed=progress.failed, refresh=False)
            bar.update(progress.done - bar.n)
        return int(bar.n)


def _report_ignored(source: Source) -> None:
    ignored = source.ignored()
    if ignored:
        named = ", ".join(map(visible, ignored[:SHOWN_FILES]))
        more = ", ..." if len(ignored) > SHOWN_FILES else ""
        print(
            f"{len(ignored)} files that are no structure are ignored: {named}{more}",
            file=sys.stderr,
        )


def visible(text: str) -> str:
    """Return text of a file with what would move the cursor or turn the writing escaped."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def _print_ranking(options: argparse.Namespace, ranking: Ranking) -> None:
    sign, threshold = (">", options.above) if options.highest else ("<", options.below)
    order = f"by the probability P that it is {sign} {threshold:g}"
    print(f"{options.out}: LTC in W/(m K), ranked {order}")
    for group, title in TITLES.items():
        if ranking[group]:
            print(f"{title}:")
            print(f"     {'crystal':<32} {'formula':<16} {'P':>6} {HEAD}")
        for place, ranked in enumerate(ranking[group], 1):
            print(f"{place:4} {_line(ranked)}")


def _line(ranked: Ranked) -> str:
    brief = ranked.brief
    p = "-" if ranked.probability is None else f"{ranked.probability:.3f}"
    others = [visible(each) for each in ranked.ids if each != brief.material_id]
    more = f"  also {', '.join(others[:SHOWN_IDS])}" if others else ""
    if len(others) > SHOWN_IDS:
        more += f" and {len(others) - SHOWN_IDS} more"
    return f"{visible(brief.material_id):<32} {brief.formula:<16} {p:>6} {values_of(brief)}{more}"
