"""Where compiled code is kept, and when it is stale.

numba looks at the time of one file; here a function is compiled again when any file that it is made
of has changed. An installation that may not be written to, such as an image's, brings compiled code
along, of which a copy is used that may grow.
"""

import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Self

from numba.core import caching, config

HERE = Path(__file__).parent
MODELS = HERE.parent
PACKAGED = HERE / "__pycache__"


class Locator(caching._CacheLocator):  # type: ignore[misc]  # noqa: SLF001
    """Tells numba the folder and the version of a function's compiled code."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._line = function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], _py_file: str) -> Self:
        """Return the function's locator."""
        return cls(py_func)

    def get_cache_path(self) -> str:
        """Return the folder."""
        return str(_folder())

    def get_source_stamp(self) -> str:
        """Return a digest of what the code is made of."""
        return source_digest(MODELS)

    def get_disambiguator(self) -> str:
        """Return what tells functions of one name apart."""
        return str(self._line)


@cache
def source_digest(models: Path) -> str:
    """Return a digest of all that compiled code is made of: constants beside it are part of it."""
    compiled = [*models.rglob("compiled")]
    folders = (models / HERE.name, *compiled)
    sources = [each for folder in folders for each in folder.rglob("*.py")]
    sources += [each for folder in compiled for each in folder.parent.glob("*.py")]
    sources.append(models / "smooth.py")
    return hashlib.sha256(b"".join(source.read_bytes() for source in sorted(sources))).hexdigest()


@cache
def _folder() -> Path:
    """Return the first folder that can be written to, with the packaged code in it."""
    folder = next(filter(_writable, _candidates()), None) or _of_this_process()
    if folder != PACKAGED:
        for packaged in PACKAGED.glob("*.nb[ic]"):
            if not (folder / packaged.name).exists():
                shutil.copy(packaged, folder)
    return folder


def _candidates() -> Iterator[Path]:
    if config.CACHE_DIR:
        yield Path(config.CACHE_DIR)
    yield PACKAGED
    yield (
        Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
        / "paraisite"
        / source_digest(MODELS)
    )


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError):  # the latter: no home
        return False
    return True


def _of_this_process() -> Path:
    """Return a new folder, which only this user may write to and which goes with the process.

    Where none can be made, the packaged code must do.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="paraisite-"))
    except OSError:
        return PACKAGED
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not at the end of a worker
        shutil.rmtree(folder, ignore_errors=True)
