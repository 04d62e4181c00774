"""A request body that is read while it is worked on, and the client's leaving meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable

from fastapi import Request
from starlette.requests import ClientDisconnect

from app.errors import BodyTimeout

AHEAD = 2  # chunks that are read ahead; the server makes them of up to 64 kB


class Arriving:
    """The body of a request, in chunks; `watch` must run while they are read."""

    def __init__(self, request: Request) -> None:
        self._receive = request.receive
        self._forget: Callable[[int], None] = request.scope.get("forget_body", lambda _n: None)
        self._chunks: asyncio.Queue[bytes | BodyTimeout | None] = asyncio.Queue(AHEAD)

    async def watch(self) -> None:
        """Read the body, a little ahead, and wait. Raises ClientDisconnect when the client left."""
        more = True
        while True:
            try:
                message = await self._receive()
            except BodyTimeout as error:  # once; what comes then is the client's leaving
                await self._chunks.put(error)
                more = False
                continue
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            if more:
                await self._chunks.put(message.get("body", b""))
                more = message.get("more_body", False)
                if not more:
                    await self._chunks.put(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the chunks; what was worked on counts no longer as arriving. Raises BodyTimeout."""
        while (chunk := await self._chunks.get()) is not None:
            if isinstance(chunk, BodyTimeout):
                raise chunk
            yield chunk
            self._forget(len(chunk))


async def until_left(request: Request) -> None:
    """Wait until the client has left; the body has been read. Raises ClientDisconnect."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect
