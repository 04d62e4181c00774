"""Errors of the service itself, beside those of `models.errors`; HTTP statuses are in problems."""

from models.errors import Overloaded, ParaisiteError


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


class WorkStopped(ServiceError):
    """Reading the input, or predicting for it, took more time or memory than is allowed."""

    code = "work-stopped"
    title = "Too costly"


class InternalError(ServiceError):
    """The service failed in a way it should not; the cause is in its log."""

    code = "internal-error"
    title = "Internal error"


class RequestRefused(ServiceError):
    """The request is refused before its path is looked at."""

    code = "request-refused"
    title = "Request refused"


class MalformedRequest(RequestRefused):
    """What the client sent is not HTTP."""

    code = "malformed-request"
    title = "Malformed request"


class HeadTooLarge(RequestRefused):
    """The request's headers are larger than the service accepts."""

    code = "head-too-large"
    title = "Headers too large"


class UrlTooLong(RequestRefused):
    """The request's URL is longer than the service accepts."""

    code = "url-too-long"
    title = "URL too long"


class HeadTimeout(RequestRefused):
    """The request's headers did not arrive in time."""

    code = "head-timeout"
    title = "Headers too slow"


class BodyTimeout(RequestRefused):
    """The request's body stopped arriving, or arrived too slowly."""

    code = "body-timeout"
    title = "Body too slow"


class TooManyConnections(RequestRefused):
    """Every connection that the service holds is in use."""

    code = "too-many-connections"
    title = "Too many connections"


class UnknownHost(RequestRefused):
    """The Host header names a host that the service does not answer for."""

    code = "unknown-host"
    title = "Unknown host"


class Unauthorized(RequestRefused):
    """The call needs an API key, and the request has none that is valid."""

    code = "unauthorized"
    title = "API key needed"


class RateLimited(RequestRefused):
    """The client has made more requests than it may in this time."""

    code = "rate-limited"
    title = "Too many requests"


class Stopping(RequestRefused):
    """The service is stopping and could not finish the request."""

    code = "stopping"
    title = "Service stopping"


class Busy(Overloaded):
    """More work is waiting than can be done in time; `retry_after` seconds later it may be."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
