"""Standard input and output as a transport that answers every line, and every call it was given."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    RequestId,
)
from pydantic import ValidationError

CALL = "tools/call"  # other requests are answered at once, or stay open until the client leaves
CANCELLED = "notifications/cancelled"

Streams = tuple[
    MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]
]


class Calls:
    """Calls of tools that are not answered yet."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._changed = anyio.Event()

    def received(self, message: JSONRPCMessage) -> None:
        """Note a call, or that the client has cancelled one, which is never answered."""
        if isinstance(message, JSONRPCRequest) and message.method == CALL:
            self._open.add(str(message.id))
        elif isinstance(message, JSONRPCNotification) and message.method == CANCELLED:
            self._close((message.params or {}).get("requestId"))

    def sent(self, message: JSONRPCMessage) -> None:
        """Note an answer."""
        self._close(getattr(message, "id", None))

    async def all_answered(self) -> None:
        """Wait until no call is open."""
        while self._open:
            await self._changed.wait()

    def _close(self, request: object) -> None:
        self._open.discard(str(request))
        self._changed.set()
        self._changed = anyio.Event()


@asynccontextmanager
async def patient_stdio() -> AsyncIterator[Streams]:
    """Give the streams that a server reads messages from and writes them to.

    Where the SDK's `stdio_server` passes over a line that is no message, it is answered with an
    error, else its sender waits for ever; and the end of the input waits for the open calls.
    """
    calls = Calls()
    to_server, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    sent, from_server = anyio.create_memory_object_stream[SessionMessage](0)
    async with stdio_server() as (lines, answers), anyio.create_task_group() as tasks:

        async def receive() -> None:
            async with to_server:
                async for line in lines:
                    if isinstance(line, SessionMessage):
                        calls.received(line.message)
                        await to_server.send(line)
                    elif refused := refusal(line):
                        await answers.send(SessionMessage(refused))
                await calls.all_answered()

        async def send() -> None:
            async with answers, from_server:
                async for answer in from_server:
                    await answers.send(answer)
                    calls.sent(answer.message)

        tasks.start_soon(receive)
        tasks.start_soon(send)
        yield received, sent


def refusal(error: Exception) -> JSONRPCError | None:
    """Return the answer to a line that is no message; nothing for an empty line."""
    found = error.errors(include_url=False) if isinstance(error, ValidationError) else []
    if not found or found[0]["type"] != "json_invalid":
        documents = [one["input"] for one in found if one["type"] == "missing"]
        request = _id_of(documents[0] if documents else None)
        return _error(request, INVALID_REQUEST, "The line is no message of JSON-RPC 2.0.")
    line, reason = found[0]["input"], found[0]["ctx"]["error"]
    if not line.strip():
        return None
    try:
        request = _id_of(json.loads(line))
    except (ValueError, RecursionError):
        return _error(None, PARSE_ERROR, f"The line is no JSON: {reason}.")
    # Python's parser takes what the SDK's does not, such as half of a surrogate pair.
    return _error(request, INVALID_PARAMS, f"The JSON cannot be taken: {reason}.")


def _id_of(document: object) -> RequestId | None:
    """Return the id of a request, if it can be sent back."""
    request = document.get("id") if isinstance(document, dict) else None
    if isinstance(request, str) and request.isprintable():  # surrogates are not
        return request
    return request if type(request) is int else None


def _error(request: RequestId | None, code: int, message: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=request, error=ErrorData(code=code, message=message))
