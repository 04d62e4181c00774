"""Addresses of Redis, checked before anything is connected."""

from pathlib import Path
from urllib.parse import urlsplit

SCHEMES = ("redis", "rediss", "unix")
FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
CLUSTER = "+cluster"
FORMS = "redis://HOST:PORT/0, rediss://... (TLS), unix:///PATH, or redis+cluster://HOST:PORT"


def check_address(url: str) -> str:
    """Return the address if Redis can be reached by one of its form.

    Raises ValueError, whose message holds nothing of the address: it may hold a password.
    """
    try:
        parts = urlsplit(url)
        scheme, has_host = parts.scheme, bool(parts.hostname)
        _ = parts.port
    except ValueError:
        raise ValueError(
            f"is no address of Redis such as {FORMS}; "
            "special characters in a password must be percent-encoded"
        ) from None
    if scheme.removesuffix(CLUSTER) not in SCHEMES or scheme == f"unix{CLUSTER}":
        raise ValueError(f"must begin with a scheme, as in {FORMS}")
    if scheme != "unix" and not has_host:
        raise ValueError(f"names no host; the form is {FORMS}")
    if scheme != "unix" and parts.path.strip("/") and not parts.path.strip("/").isdecimal():
        raise ValueError(
            "has a database that is no number; a slash in a password must be percent-encoded"
        )
    _check_options(url)
    return url


def is_cluster(url: str) -> bool:
    """Return whether the address is that of a node of a cluster."""
    return urlsplit(url).scheme.endswith(CLUSTER)


def plain_address(url: str) -> str:
    """Return the address as Redis' own client takes it."""
    return url.replace(CLUSTER, "", 1) if is_cluster(url) else url


def _check_options(url: str) -> None:
    """Raise ValueError if the client would refuse the address when it first connects."""
    from redis.asyncio import ConnectionPool  # noqa: PLC0415 - only where there is an address
    from redis.exceptions import RedisError  # noqa: PLC0415

    try:
        pool = ConnectionPool.from_url(plain_address(url))
        pool.connection_class(**pool.connection_kwargs)
    except (RedisError, ValueError, TypeError, AttributeError, OSError) as error:
        reason = _named_option(error)
        raise ValueError(
            f"has an option that a connection of this kind does not take{reason}; options of TLS "
            "need rediss://"
        ) from None
    for name in FILES:
        if not Path(pool.connection_kwargs.get(name) or "/").exists():
            raise ValueError(f"names a file that does not exist ({name})")


def _named_option(error: Exception) -> str:
    """Return the option's name if the error gives it; never a value."""
    words = str(error).split("'")
    is_name = isinstance(error, TypeError) and len(words) > 1 and words[1].isidentifier()
    return f" ({words[1]})" if is_name else ""
