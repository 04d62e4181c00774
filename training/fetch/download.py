"""HTTP requests with retries, and downloads that are whole or absent."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Self, TypeVar

import httpx

from models.errors import DataError
from training.fetch.retries import RetryPolicy, TransientError, with_retries

MAY_PASS = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)

GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)

Parsed = TypeVar("Parsed")


class NotFound(DataError):
    """The server has no file at an address."""


class Downloader:
    """An HTTP client that follows redirects and repeats requests as its policy says."""

    def __init__(self, policy: RetryPolicy, sleep: Callable[[float], None] = time.sleep) -> None:
        self.policy = policy
        self._sleep = sleep
        self._client = httpx.Client(timeout=policy.timeout, follow_redirects=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def parsed(self, url: str, parse: Callable[[bytes], Parsed]) -> Parsed:
        """Return `parse` of the body at `url`; the request is repeated after a TransientError.

        Raises DataError for a refusal (4xx) and for faults that do not pass.
        """

        def ask() -> Parsed:
            with _faults(url):
                response = self._client.get(url)
                _check(response)
                return parse(response.content)

        return with_retries(ask, self.policy, self._sleep)

    def file(self, url: str, path: Path, sha256: str) -> None:
        """Put the file at `url` in `path`.

        Raises DataError for a refusal, for faults that do not pass and for another checksum.
        """
        content = self.parsed(url, bytes)
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise DataError(
                f"{url} has sha256 {found}, not {sha256}: it is not the published file. "
                "Try again, or give the address of another copy with --base-url."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(content)
        part.replace(path)


@contextmanager
def _faults(url: str) -> Iterator[None]:
    try:
        yield
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise DataError(f"{url} is no web address ({error}); see --base-url.") from error
    except httpx.RequestError as error:
        raise TransientError(f"{url}: {error or type(error).__name__}") from error


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if response.is_server_error or status in MAY_PASS:
        raise TransientError(
            f"{response.url} answered {status}",
            _retry_after(response.headers.get("Retry-After", "")),
        )
    if not response.is_success:
        kind = NotFound if status in GONE else DataError
        raise kind(
            f"{response.url} answered {status}; check the address, or give another one with "
            "--base-url."
        )


def _retry_after(header: str) -> float | None:
    """Return the wait [s] a Retry-After header asks for, as seconds or as a date (RFC 9110)."""
    if header.strip().isdecimal():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
