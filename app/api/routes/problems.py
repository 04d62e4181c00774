"""The kinds of errors explained."""

from fastapi import APIRouter

from app.api.problems import describe_problem, problem_responses
from app.errors import InvalidRequest, RouteNotFound
from app.schemas import ProblemKind

router = APIRouter(tags=["problems"])


@router.get("/problems/{code}", responses=problem_responses(RouteNotFound, InvalidRequest))
async def show_problem(code: str) -> ProblemKind:
    """Explain a kind of error; the `type` of every error leads here."""
    return describe_problem(code)
