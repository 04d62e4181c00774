"""Open connections, and which of them goes when there are too many."""

from collections.abc import Iterable
from typing import Protocol


class Connection(Protocol):
    """A client's connection as the register sees it."""

    @property
    def is_idle(self) -> bool:
        """Whether no request is in work: none has come, or all are answered."""

    @property
    def is_waiting(self) -> bool:
        """Whether a request is in work whose body has not come in full."""

    @property
    def is_unread(self) -> bool:
        """Whether an answer has been sent of which the client has read nothing for a while."""

    def drop(self) -> None:
        """Close at once."""


class Connections:
    """At most `maximum` connections; a new one takes the place of the one idle for longest.

    So a client that holds connections open without using them does not block others. Those that do
    not read their answer make room next, then requests whose body has stalled; requests in work
    never do.
    """

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._open: dict[Connection, None] = {}  # the least recently used first

    def __len__(self) -> int:
        """Return the number of open connections."""
        return len(self._open)

    def add(self, connection: Connection) -> bool:
        """Return whether there is room for this connection, made where possible."""
        if len(self._open) >= self._maximum and not self._make_room():
            return False
        self._open[connection] = None
        return True

    def touch(self, connection: Connection) -> None:
        """Note that a request has come on this connection."""
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None

    def remove(self, connection: Connection) -> None:
        """Forget a connection; one that is not held is ignored."""
        self._open.pop(connection, None)

    def _make_room(self) -> bool:
        victim = (
            _first(c for c in self._open if c.is_idle)
            or _first(c for c in self._open if c.is_unread)
            or _first(c for c in self._open if c.is_waiting)
        )
        if victim is None:
            return False
        self.remove(victim)
        victim.drop()
        return True


def _first(connections: Iterable[Connection]) -> Connection | None:
    return next(iter(connections), None)
