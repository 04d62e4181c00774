"""The id that ties a request's answer to its lines in the log."""

import re
import secrets
from contextvars import ContextVar

from starlette.types import Scope

HEADER = b"x-request-id"
_ACCEPTED = re.compile(rb"[A-Za-z0-9._-]{1,64}")

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def id_of(scope: Scope) -> str:
    """Return the id that the client or a proxy gave, if it is short and plain; else a new one."""
    for name, value in scope["headers"]:
        if name == HEADER and _ACCEPTED.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)
