"""Files that are there in full or not at all, whatever happens meanwhile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".unfinished"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of `path` once it is safe on disk.

    An error leaves `path` as it was, and nothing else.
    """
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        yield unfinished
        _sync(unfinished)
        unfinished.replace(path)
        _sync(path.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_durably(path: Path, content: bytes) -> None:
    """Write a file that is there in full or not at all."""
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def _sync(path: Path) -> None:
    """Wait until a file's content, or a directory's entries, are on disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
