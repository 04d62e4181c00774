"""API keys out of a file that may change while the service runs."""

import hashlib
import logging
import time
from hmac import compare_digest
from pathlib import Path

from models.errors import DataError

log = logging.getLogger(__name__)

SHORTEST = 16  # characters of a key
LOOK_AGAIN = 1.0  # s between looks at the file


class KeysUnusable(DataError):
    """The file of API keys is missing, or has a line that is no key."""

    code = "keys-unusable"
    title = "API keys unusable"


class ApiKeys:
    """Keys by the names of their users, one `NAME KEY` a line; `#` begins a comment.

    The file is read again within a second of a change. While it cannot be used, the keys read
    before hold. Only digests are kept in memory. Raises KeysUnusable when first read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._stamped()
        self._digests = _read(path)
        self._looked = time.monotonic()

    def user(self, key: str) -> str | None:
        """Return the name of the key's user, or None; takes the same time for any key."""
        self._refresh()
        digest = _digest(key)
        found = None
        for name, expected in self._digests:
            if compare_digest(digest, expected):
                found = name
        return found

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_AGAIN:
            return
        self._looked = now
        try:
            stamp = self._stamped()
            if stamp != self._stamp:
                self._digests = _read(self._path)
                self._stamp = stamp
                log.info("API_KEYS_FILE read again: %d keys.", len(self._digests))
        except KeysUnusable as error:
            log.warning("%s The keys read before still hold.", error)

    def _stamped(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError as error:
            raise KeysUnusable(f"API_KEYS_FILE cannot be read: {error.strerror}.") from None
        return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> tuple[tuple[str, bytes], ...]:
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeysUnusable(f"API_KEYS_FILE cannot be read: {type(error).__name__}.") from None
    entries = [
        _entry(number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not entries:
        raise KeysUnusable("API_KEYS_FILE holds no key; one `NAME KEY` a line is wanted.")
    return tuple(entries)


def _entry(number: int, line: str) -> tuple[str, bytes]:
    words = line.split()
    if len(words) != 2 or len(words[1]) < SHORTEST:  # noqa: PLR2004 - a name and a key
        raise KeysUnusable(
            f"API_KEYS_FILE, line {number}: a name and a key of at least {SHORTEST} characters "
            "are wanted, such as made by `openssl rand -hex 16`."
        )
    return words[0], _digest(words[1])


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
