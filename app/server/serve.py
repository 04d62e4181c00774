"""The service as a process: `paraisite serve`."""

import logging
import logging.config
import socket

import uvicorn
from fastapi import FastAPI

from app.factory import create_app
from app.server.connections import Connections
from app.server.limits import ConnectionLimits
from app.server.logs import log_config
from app.server.protocol import bounded_protocol
from app.service.ensembles import load_ensembles
from app.service.runtime import LoadEnsembles
from app.settings import Settings

log = logging.getLogger(__name__)

STOP_WITHIN = 30  # s that requests get to end after SIGTERM
BACKLOG = 2048


def serve(settings: Settings, load: LoadEnsembles = load_ensembles) -> int:
    """Return the exit status of the server once it has stopped.

    Raises OSError when the address cannot be listened on, before anything is loaded.
    """
    logging.config.dictConfig(log_config(settings.log_format))
    with _listening(settings.host, settings.port) as listener:
        failed = False

        def stop() -> None:
            nonlocal failed
            failed = True
            server.should_exit = True

        app = create_app(settings, load=load, on_failure=stop)
        server = uvicorn.Server(server_config(app, settings))
        host, port = listener.getsockname()[:2]
        log.info("Listening on http://%s:%d", f"[{host}]" if ":" in host else host, port)
        server.run(sockets=[listener])
    return int(failed)


def server_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration for this app."""
    limits = ConnectionLimits.of(settings)
    connections = Connections(limits.max_connections)
    app.state.metrics.follow_connections(lambda: len(connections))
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=bounded_protocol(limits, connections, app.state.metrics),
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
