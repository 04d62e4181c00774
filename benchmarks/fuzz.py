"""Mutated structure files: no crash, no hang, no memory; `make fuzz`, `python -m benchmarks.fuzz`.

A file that fails is kept in `tests/models/structure/files/found`, which every run mutates too.
"""

import argparse
import random
import resource
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from models.errors import ParaisiteError
from models.structure.read import read_structure

SEEDS = Path(__file__).parent.parent / "tests" / "models" / "structure" / "files"
FOUND = SEEDS / "found"
SLOWEST = 2.0  # s
LARGEST = 200.0  # MB above what the process held before
OFTEN = 0.99  # of the repetitions are few
MIB = 1024.0  # KiB, in which the system counts the peak
WORDS = (
    b"1e308", b"-1e308", b"nan", b"inf", b"0", b"-0.5", b"0.333", b"99999999999999999999",
    b"1/3", b"?", b".", b"'", b'"', b";", b"\n;", b"loop_", b"data_x", b"\ndata_y\n", b"save_",
    b"global_", b"#", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc2\xa0", b"_atom_site_fract_x",
    b"_cell_length_a", b"_symmetry_equiv_pos_as_xyz", b"_symmetry_space_group_name_H-M",
    b"'F d -3 m'", b"'I a -3 d'", b"x,y,z", b"-y,x-y,z+1/3", b"x+1/7,y,z", b"Direct",
    b"Selective", b"T T F", b"HO1", b"CA1", b"W1", b"Xx", b"Cm", b"D", b"0.5(3)", b"{", b"[",
    b"[[[[[[", b"\\u0000", b"null", b"true", b"1" * 400, b"A" * 5000, b"\r\n", b"\t",
    b"\x1f\x8b", b"PK\x03\x04", b"-",
)  # fmt: skip


@dataclass
class Report:
    """What came of a run: counts by kind of answer, the slowest file, and failures by name.

    `slowest`: s of processor time. `peak`: MB that the process has held at most.
    """

    counts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    peak: float = 0.0
    failures: list[str] = field(default_factory=list)

    def text(self, megabytes: float) -> str:
        """Return the report in lines."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.counts.most_common())
        return (
            f"{self.counts.total()} files: {kinds}\nslowest {self.slowest:.2f} s, "
            f"memory +{megabytes:.0f} MB, {len(self.failures)} failures"
        )


def mutated(seeds: list[bytes], rng: random.Random) -> bytes:
    """Return one of the seeds with a few changes."""
    content = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        rng.choice(CHANGES)(content, seeds, rng)
    return bytes(content)


def _change_byte(content: bytearray, _seeds: list[bytes], rng: random.Random) -> None:
    if content:
        content[rng.randrange(len(content))] = rng.randrange(256)


def _insert_word(content: bytearray, _seeds: list[bytes], rng: random.Random) -> None:
    place = rng.randrange(len(content) + 1)
    content[place:place] = rng.choice((b"", b" ", b"\n")) + rng.choice(WORDS) + b" "


def _replace_word(content: bytearray, _seeds: list[bytes], rng: random.Random) -> None:
    words = bytes(content).split(b" ")
    words[rng.randrange(len(words))] = rng.choice(WORDS)
    content[:] = b" ".join(words)


def _drop_or_move_line(content: bytearray, _seeds: list[bytes], rng: random.Random) -> None:
    lines = bytes(content).split(b"\n")
    line = lines.pop(rng.randrange(len(lines)))
    if lines and rng.random() < 0.5:  # noqa: PLR2004
        lines.insert(rng.randrange(len(lines)), line)
    content[:] = b"\n".join(lines)


def _repeat_line(content: bytearray, _seeds: list[bytes], rng: random.Random) -> None:
    lines = bytes(content).split(b"\n")
    place = rng.randrange(len(lines))
    times = rng.choice((1, 1, 1, 2, 2, 5, 10, 30)) if rng.random() < OFTEN else 3000
    content[:] = b"\n".join(lines[:place] + [lines[place]] * times + lines[place:])[:900_000]


def _cut(content: bytearray, _seeds: list[bytes], rng: random.Random) -> None:
    del content[rng.randrange(len(content) + 1) :]


def _splice(content: bytearray, seeds: list[bytes], rng: random.Random) -> None:
    other = rng.choice(seeds)
    place, start = rng.randrange(len(content) + 1), rng.randrange(len(other) + 1)
    content[place:] = other[start:]


CHANGES = (
    _change_byte,
    _insert_word,
    _insert_word,
    _replace_word,
    _replace_word,
    _drop_or_move_line,
    _repeat_line,
    _cut,
    _splice,
)


def fuzz(seconds: float, count: int, seed: int) -> Report:
    """Return the report on files mutated for some seconds, or a number of them."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    seeds = [path.read_bytes() for path in sorted(SEEDS.rglob("*")) if path.is_file()]
    report, end = Report(peak=_peak()), time.monotonic() + seconds
    while time.monotonic() < end and report.counts.total() < count:
        _try(mutated(seeds, rng), report)
    return report


def _try(content: bytes, report: Report) -> None:
    start, before = time.process_time(), report.peak
    try:
        kind = read_structure(content).format
    except ParaisiteError as error:
        kind = type(error).code
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        kind = f"crash {type(error).__name__}"
    took = time.process_time() - start  # other work on the machine does not count
    report.peak = _peak()
    report.counts[kind] += 1
    report.slowest = max(report.slowest, took)
    if kind.startswith("crash") or took > SLOWEST or report.peak - before > LARGEST:
        name = sha256(content).hexdigest()[:12]
        report.failures.append(f"{name}: {kind}, {took:.2f} s, +{report.peak - before:.0f} MB")
        FOUND.mkdir(exist_ok=True)
        (FOUND / name).write_bytes(content)


def _peak() -> float:
    """Return the most memory that the process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB


def main() -> int:
    """Return 1 if a file crashed the reader, took too long or too much memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--count", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"seed {options.seed}")
    before = _peak()
    report = fuzz(options.seconds, options.count, options.seed)
    megabytes = _peak() - before
    print("\n".join([report.text(megabytes), *report.failures]))
    return int(bool(report.failures) or megabytes > LARGEST)


if __name__ == "__main__":
    sys.exit(main())
