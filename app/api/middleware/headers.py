"""Security headers of every answer."""

from collections.abc import Sequence

Header = tuple[bytes, bytes]

# What no answer may do in a browser, unless its route says otherwise.
SECURITY_HEADERS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


def with_security(headers: Sequence[Header]) -> list[Header]:
    """Return the headers with those for security that the route has not set itself."""
    given = {name.lower() for name, _ in headers}
    return [*headers, *(header for header in SECURITY_HEADERS if header[0] not in given)]
