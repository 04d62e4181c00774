"""Compressed files that are damaged inside, behind a header that is whole."""

import gzip
import io
import zipfile
from collections.abc import Mapping

FILE_HEADER = 30  # bytes before a member's name
LZMA_HEADER = 9  # bytes of an LZMA member that say how it is compressed
GZIP_HEADER = 10  # bytes


def zip_with_damage(method: int, files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of `files`, compressed by `method`, with the first one damaged."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        first = archive.infolist()[0]
    whole = packed.getvalue()
    start = first.header_offset + FILE_HEADER + len(first.filename)
    end = start + first.compress_size
    start += LZMA_HEADER * (method == zipfile.ZIP_LZMA)
    return whole[:start] + b"\xff" * (end - start) + whole[end:]


def gzip_with_damage(content: bytes) -> bytes:
    """Return `content` gzipped, with what comes after the header damaged."""
    packed = gzip.compress(content)
    return packed[:GZIP_HEADER] + b"\xff" * (len(packed) - GZIP_HEADER)
