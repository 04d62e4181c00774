"""The service as it is shipped, with an empty route beside its own, for measures under load."""

import argparse
from functools import partial

import uvicorn
from fastapi import Response

from app.factory import create_app
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
    app = create_app(Settings(redis_url=None, mp_api_key=None))

    @app.get("/empty")
    @app.post("/empty")
    async def empty() -> Response:
        return Response(b"{}", media_type="application/json")

    # Tried before all others, so that what is measured is not the way to the end of the list.
    routes = app.router.routes
    routes[:0] = [routes.pop(), routes.pop()]
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="error", access_log=False)


if __name__ == "__main__":
    main()
