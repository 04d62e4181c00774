"""Problems that a service answers with (RFC 9457), to the errors that they were there."""

from functools import cache

from pydantic import ValidationError

from app.errors import ServiceError
from app.schemas import Problem
from models.errors import ParaisiteError


class ServiceUnreachable(ServiceError):
    """The service does not answer, or something else does."""

    code = "service-unreachable"
    title = "Service unreachable"


def problem_error(status: int, body: bytes) -> ParaisiteError:
    """Return the error that a response tells of, its message the problem's detail.

    One of a kind that is not known here is a ServiceError.
    """
    try:
        problem = Problem.model_validate_json(body, extra="ignore")
    except ValidationError:
        return ServiceUnreachable(f"Not the service but something before it answers {status}.")
    return error_kinds().get(problem.type.rpartition("/")[2], ServiceError)(problem.detail)


@cache
def error_kinds() -> dict[str, type[ParaisiteError]]:
    """Return every kind of error by its code."""
    kinds: dict[str, type[ParaisiteError]] = {}
    found: list[type[ParaisiteError]] = [ParaisiteError]
    for kind in found:
        if "code" in vars(kind):
            kinds.setdefault(kind.code, kind)
        found.extend(kind.__subclasses__())
    return kinds
