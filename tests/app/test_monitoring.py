"""What the metrics tell of the process."""

import time

from tests.app.conftest import serving


def test_memory_and_the_loops_lag_are_measured(settings, ensemble):
    with serving(settings, ensemble) as client:
        assert client.portal is not None
        client.portal.call(block)
        time.sleep(0.3)
        text = client.get("/metrics").text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values["process_resident_memory_bytes"]) > 1e6
    late = float(values["paraisite_loop_lag_seconds_count"]) - float(
        values['paraisite_loop_lag_seconds_bucket{le="0.1"}']
    )
    assert late >= 1


async def block() -> None:
    """Hold up the event loop, as nothing may."""
    time.sleep(0.3)  # noqa: ASYNC251 - that is the fault
