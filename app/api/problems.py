"""Errors to HTTP: one table from class to status, one shape of answer (RFC 9457)."""

import inspect
import logging
from collections import defaultdict
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection

from app.api.middleware.request_id import request_id
from app.errors import (
    BodyTimeout,
    Busy,
    HeadTimeout,
    HeadTooLarge,
    InternalError,
    InvalidRequest,
    MalformedRequest,
    MethodNotAllowed,
    NotReady,
    RateLimited,
    RequestTimeout,
    RouteNotFound,
    ServiceError,
    Stopping,
    TooManyConnections,
    Unauthorized,
    UnknownHost,
    UnsupportedMediaType,
    UrlTooLong,
    WorkStopped,
)
from app.schemas import Problem, ProblemKind
from models import errors

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
CLIENT_CLOSED_REQUEST = 499  # never seen by the client, who has left, but by the metrics

STATUS: dict[type[errors.ParaisiteError], int] = {
    errors.UnreadableStructure: 422,
    errors.NoStructure: 422,
    errors.SeveralStructures: 422,
    errors.DisorderedStructure: 422,
    errors.UnsupportedElement: 422,
    errors.OverlappingSites: 422,
    errors.IsolatedAtom: 422,
    errors.StructureTooLarge: 413,
    errors.InvalidMaterialId: 422,
    errors.UnknownMaterial: 404,
    errors.MaterialsProjectKeyMissing: 503,
    errors.MaterialsProjectUnavailable: 503,
    errors.UnknownEnsemble: 404,
    errors.DamagedEnsemble: 503,
    errors.Overloaded: 429,
    InvalidRequest: 422,
    UnsupportedMediaType: 415,
    RouteNotFound: 404,
    MethodNotAllowed: 405,
    NotReady: 503,
    RequestTimeout: 503,
    WorkStopped: 422,
    InternalError: 500,
    MalformedRequest: 400,
    HeadTooLarge: 431,
    UrlTooLong: 414,
    HeadTimeout: 408,
    BodyTimeout: 408,
    TooManyConnections: 503,
    UnknownHost: 421,
    Unauthorized: 401,
    RateLimited: 429,
    Stopping: 503,
}

RETRY_AFTER: dict[type[errors.ParaisiteError], int] = {  # s
    errors.Overloaded: 1,
    errors.MaterialsProjectUnavailable: 30,
    NotReady: 5,
    RequestTimeout: 5,
    TooManyConnections: 1,
    Stopping: 5,
}

GUARDS = (Unauthorized, UnknownHost, RateLimited)
FRAMEWORK_ERRORS: dict[int, type[ServiceError]] = {404: RouteNotFound, 405: MethodNotAllowed}

Kind = type[errors.ParaisiteError]


def problem_type(kind: Kind) -> str:
    """Return the stable path of a kind of error."""
    return f"/problems/{kind.code}"


def describe_problem(code: str) -> ProblemKind:
    """Return the description of the kind of error with this code. Raises RouteNotFound."""
    for kind, status in STATUS.items():
        if kind.code == code:
            return ProblemKind(
                type=problem_type(kind),
                title=kind.title,
                status=status,
                description=inspect.getdoc(kind) or kind.title,
            )
    raise RouteNotFound(f"There is no kind of error {code!r}; docs/api.md lists them.")


def problem_responses(*kinds: Kind, guarded: bool = True) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses for the errors that a call can end in.

    A call that is `guarded` asks for keys and counts requests, if the settings say so.
    """
    by_status: dict[int, list[Kind]] = defaultdict(list)
    for kind in (*kinds, *(GUARDS if guarded else ())):
        by_status[STATUS[kind]].append(kind)
    return {
        status: {
            "model": Problem,
            "description": "; ".join(kind.title for kind in by_status[status]),
            "content": {MEDIA_TYPE: {"examples": {k.code: _example(k) for k in by_status[status]}}},
        }
        for status in sorted(by_status)
    }


def _example(kind: Kind) -> dict[str, Any]:
    value = describe_problem(kind.code)
    return {
        "summary": value.title,
        "value": {
            "type": value.type,
            "title": value.title,
            "status": value.status,
            "detail": value.description,
            "instance": "/predict",
        },
    }


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every exception of the app with a problem."""
    app.add_exception_handler(errors.ParaisiteError, _on_known_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_framework_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_unexpected_error)


async def _on_known_error(request: Request, error: Exception) -> Response:
    kind = next((k for k in type(error).__mro__ if k in STATUS), None)
    if kind is None:
        return await _on_unexpected_error(request, error)
    response = problem_response(request, kind, str(error))
    if isinstance(error, Busy):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows the type
    detail = "; ".join(
        f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()
    )
    return problem_response(
        request, InvalidRequest, f"{detail}. See /docs for what the call takes."
    )


async def _on_framework_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows the type
    kind = FRAMEWORK_ERRORS.get(error.status_code, InvalidRequest)
    detail = f"{request.method} {request.url.path}: {error.detail}. See /docs for the calls."
    response = problem_response(request, kind, detail)
    response.headers.update(error.headers or {})
    return response


async def _on_disconnect(_request: Request, _error: Exception) -> Response:
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def _on_unexpected_error(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = "The service failed; its log has the cause. Trying again may help."
    return problem_response(request, InternalError, detail)


def problem_of(kind: Kind, detail: str, path: str) -> Problem:
    """Return the problem of a request to this path."""
    return Problem(
        type=problem_type(kind),
        title=kind.title,
        status=STATUS[kind],
        detail=detail,
        instance=path,
        request_id=request_id.get(),
    )


def problem_response(request: HTTPConnection, kind: Kind, detail: str) -> Response:
    """Return the answer to a request that ends in this kind of error."""
    request.scope["problem"] = kind.code  # for the log
    problem = problem_of(kind, detail, request.url.path)
    headers = {"Retry-After": str(RETRY_AFTER[kind])} if kind in RETRY_AFTER else None
    return Response(problem.model_dump_json(), STATUS[kind], headers, MEDIA_TYPE)
