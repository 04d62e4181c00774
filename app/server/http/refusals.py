"""Answers to requests that never reach the app, as complete HTTP responses."""

from http import HTTPStatus

from app.api.middleware.headers import SECURITY_HEADERS
from app.api.problems import MEDIA_TYPE, STATUS, Kind, problem_type
from app.schemas import Problem


def refusal(kind: Kind, detail: str) -> bytes:
    """Return the response with this problem, after which the connection ends."""
    status = HTTPStatus(STATUS[kind])
    problem = Problem(
        type=problem_type(kind), title=kind.title, status=status, detail=detail, instance=""
    )
    body = problem.model_dump_json().encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}".encode(),
        b"content-type: " + MEDIA_TYPE.encode(),
        b"content-length: %d" % len(body),
        b"connection: close",
        *(name + b": " + value for name, value in SECURITY_HEADERS),
    ]
    return b"\r\n".join((*lines, b"", body))
