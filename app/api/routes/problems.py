"""The kinds of errors, described for programs and for people."""

import html
from string import Template
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from app.api.accept import prefers_html
from app.api.advice import ADVICE
from app.api.problems import STATUS, describe_problem, problem_responses
from app.api.routes.page import PAGE_HEADERS, STATIC
from app.errors import InvalidRequest, RateLimited, RouteNotFound, UnknownHost
from app.schemas import ProblemKind

PAGE = Template((STATIC / "problem.html").read_text(encoding="utf-8"))
ADVICE_BY_CODE = {kind.code: ADVICE.get(kind, "") for kind in STATUS}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {"schema": {"type": "string"}}}},
    **problem_responses(RouteNotFound, InvalidRequest, UnknownHost, RateLimited, guarded=False),
}

router = APIRouter(tags=["problems"])


@router.get("/problems/{code}", response_model=ProblemKind, responses=RESPONSES)
async def show_problem(code: str, request: Request) -> Response:
    """Explain a kind of error, as a page to browsers; the `type` of every error leads here."""
    problem = describe_problem(code)
    headers = {"Vary": "Accept"}
    if prefers_html(", ".join(request.headers.getlist("accept"))):
        return HTMLResponse(_page(code, problem), headers=PAGE_HEADERS | headers)
    return JSONResponse(problem.model_dump(), headers=headers)


def _page(code: str, problem: ProblemKind) -> str:
    """Return the page on a kind of error as HTML."""
    texts = {**problem.model_dump(), "advice": ADVICE_BY_CODE[code]}
    return PAGE.substitute({name: html.escape(str(text)) for name, text in texts.items()})
