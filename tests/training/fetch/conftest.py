from collections.abc import Callable, Iterator

import pytest

from tests.training.fetch.web_server import Reply, Request, WebServer
from training.fetch.retries import RetryPolicy


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Request], Reply]], WebServer]]:
    """Return a function that starts a server answering each request with `respond(request)`."""
    servers: list[WebServer] = []

    def start(respond: Callable[[Request], Reply]) -> WebServer:
        servers.append(WebServer(respond))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def policy() -> RetryPolicy:
    """Return a policy that is as stubborn as the real one, but in milliseconds."""
    return RetryPolicy(attempts=4, first_delay=0.001, longest_delay=0.01, timeout=5.0)
