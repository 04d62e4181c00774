"""Errors of the service itself, beside those of `models.errors`; HTTP statuses are in problems."""

from models.errors import ParaisiteError


class ServiceError(ParaisiteError):
    """The request cannot be served, whatever crystal it holds."""

    code = "service"
    title = "Service error"


class InvalidRequest(ServiceError):
    """A parameter or the body of the request is not what the call takes."""

    code = "invalid-request"
    title = "Invalid request"


class UnsupportedMediaType(ServiceError):
    """The body has a content type that the call does not take."""

    code = "unsupported-media-type"
    title = "Unsupported media type"


class RouteNotFound(ServiceError):
    """There is nothing at this path."""

    code = "not-found"
    title = "Not found"


class MethodNotAllowed(ServiceError):
    """The path exists, but not for this method."""

    code = "method-not-allowed"
    title = "Method not allowed"


class NotReady(ServiceError):
    """The ensembles are still being loaded and checked."""

    code = "not-ready"
    title = "Not ready"


class RequestTimeout(ServiceError):
    """The answer was not ready within the time allowed for a request."""

    code = "timeout"
    title = "Timed out"


class InternalError(ServiceError):
    """The service failed in a way it should not; the cause is in its log."""

    code = "internal-error"
    title = "Internal error"
