"""`python -m tests.endurance chaos | soak | overload | contract`; exit status 0: all held."""

import argparse
import asyncio
import math
import sys

from tests.endurance.chaos import chaos
from tests.endurance.contract import contract
from tests.endurance.overload import overload
from tests.endurance.soak import soak


def main() -> int:
    """Return 0 if all held, else 1."""
    parser = argparse.ArgumentParser(prog="tests.endurance")
    commands = parser.add_subparsers(dest="command", required=True)
    broken = commands.add_parser("chaos")
    broken.add_argument("--seconds", type=float, default=120)
    steady = commands.add_parser("soak")
    steady.add_argument("--seconds", type=float, default=3600)
    steady.add_argument("--rate", type=float, default=20, help="requests a second")
    steady.add_argument(
        "--module", default="app.cli serve", help="what runs the service; tests.fake_service: fakes"
    )
    steady.add_argument("--workers", type=int, default=2, help="processes that serve")
    crowded = commands.add_parser("overload")
    crowded.add_argument("--requests", type=int, default=100_000)
    crowded.add_argument("--seconds", type=float, default=math.inf, help="send no longer than this")
    described = commands.add_parser("contract")
    described.add_argument("--cases", type=int, default=100_000)
    described.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.command == "chaos":
        return int(not asyncio.run(chaos(options.seconds)))
    if options.command == "contract":
        return int(not contract(options.cases, options.seed))
    if options.command == "overload":
        return int(not asyncio.run(overload(options.requests, most_seconds=options.seconds)))
    return int(
        not asyncio.run(soak(options.seconds, options.rate, options.module, options.workers))
    )


if __name__ == "__main__":
    sys.exit(main())
