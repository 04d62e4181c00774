"""The service as it is shipped, with an empty route beside its own, for measures under load."""

import argparse
import logging
from functools import partial
from typing import Any

from fastapi import FastAPI, Response

from app.factory import create_app
from app.server import serve
from app.service import predictor
from app.service.batching import ForwardQueue
from app.settings import Settings


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--alone", action="store_true", help="one crystal in a forward pass")
    options = parser.parse_args()
    if options.alone:
        predictor.ForwardQueue = partial(ForwardQueue, max_bonds=1)  # type: ignore[assignment,attr-defined]
    serve.create_app = with_empty_route  # type: ignore[attr-defined]
    logging.disable(logging.INFO)  # a line for each request
    serve.serve(Settings(host="127.0.0.1", port=options.port, redis_url=None, mp_api_key=None))


def with_empty_route(*arguments: Any, **options: Any) -> FastAPI:
    """Return the app with a route that does nothing."""
    app = create_app(*arguments, **options)

    @app.get("/empty")
    @app.post("/empty")
    async def empty() -> Response:
        return Response(b"{}", media_type="application/json")

    # Tried before all others, so that what is measured is not the way to the end of the list.
    routes = app.router.routes
    routes[:0] = [routes.pop(), routes.pop()]
    return app


if __name__ == "__main__":
    main()
