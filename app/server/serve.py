"""The service as a process: `paraisite serve`."""

import asyncio
import logging
import logging.config
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from app.api.middleware.keys import ApiKeys
from app.factory import create_app
from app.server.http.connections import Connections
from app.server.http.limits import ConnectionLimits
from app.server.http.protocol import bounded_protocol
from app.server.line import LineServer, tell
from app.server.logs import log_config
from app.server.siblings import Siblings
from app.server.supervisor import Supervisor
from app.server.watchdog import Watchdog, resident
from app.server.worker import CLOSED, FAILED, PLACEHOLDER
from app.service.ensembles import ServedEnsemble, load_ensembles
from app.service.predictor import n_threads
from app.service.runtime import LoadEnsembles, load_checked
from app.service.work_register import WorkerSlot, WorkRegister
from app.settings import Settings
from app.startup import linear_algebra_in_one_thread
from models.errors import EnsembleError
from models.prediction.engine import REFERENCE

log = logging.getLogger(__name__)

STOP_WITHIN = 30  # s that requests get to end after SIGTERM
STOP_SLACK = 5  # s more for workers to end by themselves
BACKLOG = 2048
SLOTS = 4  # for each worker, as those that are replaced take a while to end


def serve(settings: Settings, load: LoadEnsembles = load_ensembles) -> int:
    """Return the exit status of the server once it has stopped.

    Raises OSError when the address cannot be listened on, and KeysUnusable, before anything is
    loaded.
    """
    if settings.api_keys_file:
        ApiKeys(settings.api_keys_file)  # else each worker would end for it, and be replaced
    logging.config.dictConfig(log_config(settings.log_format))
    linear_algebra_in_one_thread()
    with _listening(settings.host, settings.port) as listener:
        host, port = listener.getsockname()[:2]
        log.info("Listening on http://%s:%d", f"[{host}]" if ":" in host else host, port)
        return serve_with_workers(settings, load, listener)


class Source:
    """What workers start with: ensembles that were loaded before they are forked.

    TensorFlow cannot be forked once it has started, so that each worker loads its own then.
    """

    def __init__(self, settings: Settings, load: LoadEnsembles) -> None:
        self._settings = settings
        self._load = load
        self._are_shared = settings.engine != REFERENCE
        self._ensembles: Sequence[ServedEnsemble] = ()

    def of_worker(self, number: int) -> LoadEnsembles | None:
        """Return what gives a worker its ensembles; None for the placeholder."""
        if number == PLACEHOLDER:
            return None
        return self._loaded if self._are_shared else self._load

    def load_again(self) -> bool:
        """Return whether the ensembles could be loaded and checked; if not, the last ones stay."""
        if not self._are_shared:
            return True
        try:
            ensembles = load_checked(self._settings, self._load)
        except EnsembleError as error:
            said = "The ensembles stay as they are" if self._ensembles else "Cannot serve"
            log.critical("%s: %s", said, error)
            return False
        if not self._ensembles and not self._is_room():
            return False
        self._ensembles = tuple(ensembles.by_name.values())
        return True

    def _is_room(self) -> bool:
        """Return whether a worker may hold what is loaded; else each would be ended at once."""
        held, allowed = resident(os.getpid()), self._settings.worker_memory
        if held > allowed:
            log.critical(
                "Cannot serve: with the ensembles a worker holds %d bytes, more than the %d of "
                "WORKER_MEMORY; raise it, or load fewer ensembles (ENSEMBLES).",
                held,
                allowed,
            )
        return held <= allowed

    def _loaded(self, _settings: Settings) -> Sequence[ServedEnsemble]:
        return self._ensembles


def serve_with_workers(settings: Settings, load: LoadEnsembles, listener: socket.socket) -> int:
    """Return the exit status of the supervisor once all workers have ended."""
    source = Source(settings, load)
    with tempfile.TemporaryDirectory(prefix="paraisite-") as folder:
        siblings = Siblings(Path(folder), settings.worker_count)
        register = WorkRegister(SLOTS * settings.worker_count, n_threads(settings))

        def run(number: int, slot: int, line: socket.socket) -> int:
            app = create_app(
                settings,
                load=source.of_worker(number),
                on_failure=lambda: tell(line, FAILED),
                slot=WorkerSlot(register, slot),
            )
            if settings.worker_count > 1 and number != PLACEHOLDER:
                app.state.metrics.follow_siblings(siblings.exposition)
            config = server_config(app, settings, on_lost=lambda: tell(line, CLOSED))
            look = app.state.runtime.look
            telling = siblings.tell(number, app.state.metrics)
            with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
                runner.run(_serve_line(LineServer(config, line, look), telling))
            return 0

        watchdog = Watchdog(register, settings.work_timeout, settings.worker_memory)
        stop_within = STOP_WITHIN + STOP_SLACK
        return Supervisor(
            listener, settings.worker_count, run, stop_within, watchdog, source.load_again
        ).run()


async def _serve_line(server: LineServer, telling: Awaitable[asyncio.Server]) -> None:
    async with await telling:
        await server.serve()


def server_config(
    app: FastAPI, settings: Settings, on_lost: Callable[[], object] = lambda: None
) -> uvicorn.Config:
    """Return uvicorn's configuration for this app; `on_lost`: when a connection has ended."""
    limits = ConnectionLimits.of(settings)
    connections = Connections(limits.max_connections)
    app.state.metrics.connections.follow(lambda: len(connections))
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=bounded_protocol(limits, connections, app.state.metrics.connections, on_lost),
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
