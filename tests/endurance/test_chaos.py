"""The quick form of chaos; `make chaos` is the long one."""

import asyncio

from tests.endurance import chaos


def test_answers_are_right_or_refused_while_things_break():
    faults = (
        chaos.redis_holds_values_of_other_keys,
        chaos.redis_hangs,
        chaos.clients_leave,
        chaos.connections_stay_open,
    )
    assert asyncio.run(chaos.chaos(12, clients=4, faults=faults))
