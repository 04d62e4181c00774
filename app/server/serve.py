"""The service as a process: `paraisite serve`."""

import asyncio
import logging
import logging.config
import socket
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from app.factory import create_app
from app.server.connections import Connections
from app.server.limits import ConnectionLimits
from app.server.line import LineServer, tell
from app.server.logs import log_config
from app.server.protocol import bounded_protocol
from app.server.siblings import Siblings
from app.server.supervisor import CLOSED, Supervisor
from app.service.ensembles import load_ensembles
from app.service.runtime import LoadEnsembles, load_checked
from app.settings import Settings
from models.errors import EnsembleError

log = logging.getLogger(__name__)

STOP_WITHIN = 30  # s that requests get to end after SIGTERM
STOP_SLACK = 5  # s more for workers to end by themselves
BACKLOG = 2048


def serve(settings: Settings, load: LoadEnsembles = load_ensembles) -> int:
    """Return the exit status of the server once it has stopped.

    Raises OSError when the address cannot be listened on, before anything is loaded.
    """
    logging.config.dictConfig(log_config(settings.log_format))
    with _listening(settings.host, settings.port) as listener:
        host, port = listener.getsockname()[:2]
        log.info("Listening on http://%s:%d", f"[{host}]" if ":" in host else host, port)
        if settings.worker_count == 1:
            return _serve_alone(settings, load, listener)
        return serve_with_workers(settings, load, listener)


def _serve_alone(settings: Settings, load: LoadEnsembles, listener: socket.socket) -> int:
    failed = False

    def stop() -> None:
        nonlocal failed
        failed = True
        server.should_exit = True

    app = create_app(settings, load=load, on_failure=stop)
    server = uvicorn.Server(server_config(app, settings))
    server.run(sockets=[listener])
    return int(failed)


def serve_with_workers(settings: Settings, load: LoadEnsembles, listener: socket.socket) -> int:
    """Return the exit status of the supervisor once all workers have ended."""
    try:
        ensembles = list(load_checked(settings, load).by_name.values())
    except EnsembleError as error:
        log.critical("Cannot serve: %s", error, exc_info=error)
        return 1
    with tempfile.TemporaryDirectory(prefix="paraisite-") as folder:
        siblings = Siblings(Path(folder), settings.worker_count)

        def run(number: int, line: socket.socket) -> int:
            app = create_app(settings, load=lambda _settings: ensembles)
            app.state.metrics.follow_siblings(siblings.exposition)
            config = server_config(app, settings, on_lost=lambda: tell(line, CLOSED))
            telling = siblings.tell(number, app.state.metrics)
            with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
                runner.run(_serve_line(LineServer(config, line), telling))
            return 0

        stop_within = STOP_WITHIN + STOP_SLACK
        return Supervisor(listener, settings.worker_count, run, stop_within).run()


async def _serve_line(server: LineServer, telling: Awaitable[asyncio.Server]) -> None:
    async with await telling:
        await server.serve()


def server_config(
    app: FastAPI, settings: Settings, on_lost: Callable[[], object] = lambda: None
) -> uvicorn.Config:
    """Return uvicorn's configuration for this app; `on_lost`: when a connection has ended."""
    limits = ConnectionLimits.of(settings)
    connections = Connections(limits.max_connections)
    app.state.metrics.follow_connections(lambda: len(connections))
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=bounded_protocol(limits, connections, app.state.metrics, on_lost),
        ws="none",
        log_config=log_config(settings.log_format),
        access_log=False,  # app.api.middleware.envelope
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),
        backlog=BACKLOG,
        timeout_keep_alive=settings.keep_alive,
        timeout_graceful_shutdown=STOP_WITHIN,
    )


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections already; they wait for the server to start."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; "
            "choose another address with HOST and PORT, or --host and --port"
        ) from None
