"""An HTTP session with a deadline, a limit on what it reads, and a key for one host only."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import Retry

TRANSIENT = (429, 500, 502, 503, 504)
MAX_BYTES = 32 * 1024 * 1024  # of one answer, unpacked
CHUNK = 64 * 1024
_PORTS = {"http": 80, "https": 443}


class OutOfTime(requests.RequestException):
    """The answer was not there in full by the deadline."""


class TooMuch(requests.RequestException):
    """The answer is larger than any expected one."""


class ForeignRedirect(requests.RequestException):
    """The server sends the request on to another one, which must not see the key."""


class BoundedSession(requests.Session):
    """A session that sends `headers` to one host, with a few retries.

    `within` bounds the time of all that is sent inside it, however slowly bytes come: a timeout
    of `requests` begins again with each byte. Safe to use from several threads.
    """

    def __init__(self, headers: dict[str, str], retries: int) -> None:
        super().__init__()
        self.headers.update(headers)
        retry = Retry(
            total=retries,
            redirect=0,
            status_forcelist=TRANSIENT,
            backoff_factor=0.2,
            respect_retry_after_header=False,  # it may ask for longer than a request can wait
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(max_retries=retry))

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End what this thread sends meanwhile after `seconds`. Raises OutOfTime."""
        deadline = _Deadline(seconds)
        _active.deadline = deadline
        try:
            yield
        except Exception as error:
            if deadline.passed:
                raise OutOfTime(f"no complete answer within {seconds:g} s") from error
            raise
        finally:
            _active.deadline = None
            deadline.cancel()

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Return the response; each wait for bytes is bounded by the deadline's length too."""
        deadline: _Deadline | None = getattr(_active, "deadline", None)
        kwargs["timeout"] = deadline.seconds if deadline else kwargs.get("timeout") or 10.0
        return super().request(*args, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Return the response, whose body has been read and is not too large."""
        response = super().send(request, **(kwargs | {"stream": True}))
        response.encoding = "utf-8"  # else it would be guessed, which takes long
        try:
            response._content = _read(response)  # noqa: SLF001 - what `content` gives
        except BaseException:
            response.close()
            raise
        return response

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where a response leads, if that is on the same host. Raises ForeignRedirect."""
        target = super().get_redirect_target(resp)
        if target is not None and not _same_host(resp.url, urljoin(resp.url, target)):
            resp.close()
            raise ForeignRedirect("a redirect to another host")
        return target


def _read(response: requests.Response) -> bytes:
    """Return the body. Raises TooMuch, OutOfTime."""
    content = bytearray()
    for chunk in response.iter_content(CHUNK):
        content += chunk
        if len(content) > MAX_BYTES:
            raise TooMuch(f"an answer of more than {MAX_BYTES} bytes")
    deadline: _Deadline | None = getattr(_active, "deadline", None)
    if deadline is not None and deadline.passed:  # cut off, which may look like an end
        raise OutOfTime(f"no complete answer within {deadline.seconds:g} s")
    return bytes(content)


def _same_host(one: str, other: str) -> bool:
    """Return whether two addresses are of one host; http may become https, not the reverse."""
    a, b = urlsplit(one), urlsplit(other)
    if a.hostname != b.hostname:
        return False
    if a.scheme == b.scheme:
        return (a.port or _PORTS.get(a.scheme)) == (b.port or _PORTS.get(b.scheme))
    return (a.scheme, b.scheme) == ("http", "https") and a.port is None and b.port is None


_active = threading.local()


class _Deadline:
    """A point in time at which the sockets in use are shut down."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, used: socket.socket | None) -> None:
        """Shut this socket down at the deadline, or now if that has passed."""
        with self._lock:
            self._socket = used
            if self.passed:
                self._shut_down()

    def cancel(self) -> None:
        """Leave the socket alone from now on: it goes back to the pool."""
        self._timer.cancel()
        with self._lock:
            self._socket = None

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _watch(used: socket.socket | None) -> None:
    deadline: _Deadline | None = getattr(_active, "deadline", None)
    if deadline is not None:
        deadline.watch(used)


class _Watched:
    """What both kinds of connection do so that the deadline finds their socket."""

    sock: socket.socket | None

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        _watch(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _watch(self.sock)
        super().request(*args, **kwargs)  # type: ignore[misc]


class _HttpConnection(_Watched, HTTPConnection):
    pass


class _HttpsConnection(_Watched, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(HTTPAdapter):
    """An adapter whose connections are watched."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
