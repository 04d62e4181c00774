"""Structure files in a tar or zip archive, read one after the other."""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from app.screening.entry import Entry
from app.screening.sources.blocks import split
from app.screening.sources.files import is_structure_name
from app.screening.sources.on_disk import OnDisk
from models.errors import DataError, StructureTooLarge, UnreadableStructure
from models.structure.content import ARCHIVE_FAULTS, is_hidden
from models.structure.read import looks_like_structure

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
FAULTS = (tarfile.TarError, *ARCHIVE_FAULTS)

Member = tuple[str, Callable[[], bytes]]


@dataclass(frozen=True)
class Archive(OnDisk):
    """Structure files of a tar or zip archive, in its order; it is not unpacked to disk."""

    def entries(self) -> Iterator[Entry]:
        """Yield the crystals of all structure files. Raises DataError."""
        with self._opened() as members:
            for name, load in members:
                entry = Entry.of_file(name, load, self.limits)
                if _holds_crystal(name, entry):
                    yield from split(entry)

    def count(self) -> int | None:
        """Return the number of files of a zip archive; that of a tar is known at its end only."""
        if self.suffix != ".zip":
            return None
        with self._opened() as members:
            return sum(is_structure_name(name) for name, _ in members)

    def ignored(self) -> tuple[str, ...]:
        """Return the names of the other files; the archive is read once more. Raises DataError."""
        with self._opened() as members:
            sampled = ((name, Entry.of_file(name, load, self.limits)) for name, load in members)
            return tuple(
                each.material_id for name, each in sampled if not _holds_crystal(name, each)
            )

    @contextmanager
    def _opened(self) -> Iterator[Iterator[Member]]:
        members = _zip_members if self.suffix == ".zip" else _tar_members
        try:
            yield members(self.path, self.limits.max_raw_bytes)
        except OSError:  # of the file system, not of the archive
            raise
        except FAULTS as error:
            raise DataError(
                f"{self.path} is not a whole archive ({error}); copy or fetch it again."
            ) from error


def _holds_crystal(name: str, entry: Entry) -> bool:
    return is_structure_name(name) or looks_like_structure(entry.content)


def _tar_members(path: Path, max_bytes: int) -> Iterator[Member]:
    with tarfile.open(path, "r|*") as archive:  # a stream, so that nothing is held
        for member in archive:
            if not member.isdir() and not is_hidden(member.name):
                yield member.name, partial(_tar_member, archive, member, max_bytes)
            archive.members = []  # type: ignore[attr-defined] # else it keeps every header


def _zip_members(path: Path, max_bytes: int) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not is_hidden(member.filename):
                yield member.filename, partial(_zip_member, archive, member, max_bytes)


def _tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo, max_bytes: int) -> bytes:
    if not member.isfile():  # what a link leads to has passed by in a stream
        what = f"a link to {member.linkname}" if member.linkname else "no regular file"
        raise UnreadableStructure(
            f"The archive's member is {what}; pack the files themselves, as "
            "`tar --dereference --hard-dereference` does."
        )
    content = archive.extractfile(member)
    assert content is not None  # noqa: S101 - of a file
    return _read(content, max_bytes)


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, max_bytes: int) -> bytes:
    try:
        with archive.open(member) as opened:  # not by its name, which may come twice
            return _read(opened, max_bytes)
    except FAULTS as error:
        raise UnreadableStructure(f"The archive's member is damaged ({error}).") from error


def _read(file: IO[bytes], max_bytes: int) -> bytes:
    content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise StructureTooLarge(f"The file has more than {max_bytes} bytes, unpacked.")
    return content
