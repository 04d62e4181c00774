"""Clients that leave, and bodies that do not arrive."""

import asyncio

import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect

from app.api.upload import read_upload
from app.api.while_connected import while_connected
from app.errors import RequestTimeout
from app.settings import Settings

SCOPE = {"type": "http", "method": "POST", "headers": [(b"content-type", b"text/plain")]}


def test_work_ends_when_the_client_leaves():
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def receive() -> dict[str, str]:
        await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def serve() -> None:
        with pytest.raises(ClientDisconnect):
            await while_connected(Request(SCOPE, receive), work())
        await asyncio.sleep(0)

    asyncio.run(serve())
    assert ended == [True]


def test_the_answer_is_given_to_a_client_that_stays():
    async def receive() -> dict[str, str]:
        await asyncio.sleep(60)
        raise AssertionError

    async def work(value: int) -> int:
        if value < 0:
            raise ZeroDivisionError
        return value

    assert asyncio.run(while_connected(Request(SCOPE, receive), work(7))) == 7
    with pytest.raises(ZeroDivisionError):
        asyncio.run(while_connected(Request(SCOPE, receive), work(-7)))


def test_a_body_that_stops_arriving_is_given_up():
    chunks = [{"type": "http.request", "body": b"data_x", "more_body": True}]

    async def receive() -> dict[str, object]:
        if not chunks:
            await asyncio.sleep(60)
        return chunks.pop()

    settings = Settings(request_timeout=0.05)
    with pytest.raises(RequestTimeout, match="did not arrive"):
        asyncio.run(read_upload(Request(SCOPE, receive), settings))
