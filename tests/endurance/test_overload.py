"""The quick form of overload; `make overload` is the long one, and compares the latencies."""

import asyncio
import math

from tests.endurance.overload import overload


def test_every_request_is_answered_rightly_or_refused():
    assert asyncio.run(overload(600, calm_seconds=2, later=math.inf))
