"""The answer to a batch: a line for each crystal as soon as it is done."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.batch.items import Batch, Item

MEDIA_TYPE = "application/x-ndjson"

Answer = Callable[[Item], Awaitable[bytes]]


class BatchResponse(Response):
    """Lines that `answer` gives for the items, `at_once` of them in work.

    The next item is read when a line was sent: a client that reads slowly is waited for, and one
    that leaves ends the work.
    """

    media_type = MEDIA_TYPE

    def __init__(self, batch: Batch, answer: Answer, at_once: int) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._batch = batch
        self._answer = answer
        self._places = asyncio.Semaphore(at_once)
        self._sending = asyncio.Lock()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the lines."""
        is_there = True
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(self._batch.watch())
                await self._answer_all(send)
                watching.cancel()
        except* ClientDisconnect:
            is_there = False
        if is_there:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _answer_all(self, send: Send) -> None:
        async with asyncio.TaskGroup() as group:
            async for item in self._batch.items:
                await self._places.acquire()
                group.create_task(self._answer_one(item, send))

    async def _answer_one(self, item: Item, send: Send) -> None:
        try:
            line = await self._answer(item)
            async with self._sending:
                await send({"type": "http.response.body", "body": line, "more_body": True})
        finally:
            self._places.release()
