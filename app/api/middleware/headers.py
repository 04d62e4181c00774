"""Security headers of every answer."""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders

Header = tuple[bytes, bytes]

# What no browser or cache may do with an answer, unless its route says otherwise.
SECURITY_HEADERS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
KEYS = "Authorization, X-API-Key"  # the request's headers that a key may come in


def with_security(headers: Sequence[Header]) -> list[Header]:
    """Return the headers with those for security that the route has not set itself."""
    given = {name.lower() for name, _ in headers}
    return [*headers, *(header for header in SECURITY_HEADERS if header[0] not in given)]


def with_keys_told(headers: Sequence[Header]) -> list[Header]:
    """Return the headers with those of keys in Vary: with another key the answer may be another.

    Caches know that of Authorization by themselves (RFC 9111, 3.5), but of no header of our own.
    """
    told = [*headers]
    MutableHeaders(raw=told).add_vary_header(KEYS)
    return told
