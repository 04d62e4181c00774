"""Rules for the headers of a request that neither the parser nor the app checks."""

from collections.abc import Sequence

import httptools

Headers = list[tuple[bytes, bytes]]


def fault_of(headers: Sequence[tuple[bytes, bytes]], version: str) -> str | None:
    """Return what is wrong with the headers of a request of this HTTP version, if anything.

    One Host (RFC 9112, 3.2), and no coding of the transfer but chunks (6.1).
    """
    hosts = sum(name == b"host" for name, _ in headers)
    if hosts > 1 or (version == "1.1" and not hosts):
        return f"The request has {hosts or 'no'} Host headers; it must have one."
    codings = (value for name, value in headers if name == b"transfer-encoding")
    if any(coding.strip().lower() != b"chunked" for coding in codings):
        return "The body is sent in another transfer coding than chunked; send it as it is."
    return None


def with_host_of(url: bytes, headers: Headers) -> Headers:
    """Return the headers with the host of an absolute URL, which goes before the header's."""
    if url.startswith(b"/") or b"://" not in url:
        return headers
    parsed = httptools.parse_url(url)
    host = parsed.host + (b":%d" % parsed.port if parsed.port else b"")
    return [(b"host", host), *(header for header in headers if header[0] != b"host")]
