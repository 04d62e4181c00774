"""Content of a structure file: decompression within a bound, and decoding to text."""

import gzip
import io
import lzma
import re
import zipfile
import zlib

from models.errors import NoStructure, SeveralStructures, StructureTooLarge, UnreadableStructure

MOST_MEMBERS = 1000  # of a zip archive, or a gzip file
PIECE = 65536  # bytes of a gzip file that are unpacked at a time
PADDING = re.compile(rb"\0*")
MOST_LAYERS = 3  # such as a gzip file in a zip archive
GZIP_FAULTS = (gzip.BadGzipFile, EOFError, zlib.error)  # what gzip raises for a damaged file
ARCHIVE_FAULTS = (  # what zipfile raises for an archive or a member that is damaged or encrypted
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
BESIDE = (".txt", ".md", ".pdf", ".html", ".htm", ".log", ".png", ".jpg", ".csv")  # no structures
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
ZIP_ENTRY = b"PK\x01\x02"
TAR, TAR_AT = b"ustar", 257  # bytes from the beginning
OTHERS = {  # formats told by their first bytes
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"(\xb5/\xfd": "a zstd file",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    TAR: "a tar archive",
    b"PK\x05\x06": "an empty zip archive",
    b"%PDF": "a PDF file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x89HDF": "an HDF5 file",
    b"\xd0\xcf\x11\xe0": "an Office document",
}
MARKS = (  # byte order marks; that of UTF-32 begins with that of UTF-16
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", ""),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
SAMPLED = 400  # bytes from which UTF-16 without a mark is recognised
SHOWN = 5  # members that a message names


def text_of(content: str | bytes, max_bytes: int) -> str:
    """Return the text of a structure file, unpacked if it is compressed, with plain line ends.

    Raises UnreadableStructure, StructureTooLarge, NoStructure, SeveralStructures.
    """
    if isinstance(content, str):
        _check_size(len(content), max_bytes)
    text = content if isinstance(content, str) else decoded(unpacked(content, max_bytes))
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")  # as Windows and the old Mac end lines


def unpacked(content: bytes, max_bytes: int) -> bytes:
    """Return the bytes of the one file in a gzip file or zip archive; other content as it is."""
    _check_size(len(content), max_bytes)
    for _ in range(MOST_LAYERS):
        if content.startswith(ZIP):
            content = _only_member(content, max_bytes)
        elif content.startswith(GZIP):
            content = _gunzipped(content, max_bytes)
    for magic, kind in OTHERS.items():
        if content.startswith(magic, TAR_AT if magic == TAR else 0):
            raise UnreadableStructure(
                f"The file is {kind}; send a CIF, POSCAR or another structure file in text, "
                "plain, gzipped or zipped."
            )
    return content


def decoded(content: bytes) -> str:
    """Return the text: UTF-8 or UTF-16, else Latin-1, in which every byte is a character."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return _strictly(content, encoding)
    sample = content[:SAMPLED]
    if sample.count(0) > len(sample) // 4:
        encoding = "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
        return _strictly(content, encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # old files have authors' names in it; atoms are ASCII


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableStructure(
            "The text is neither UTF-8 nor whole UTF-16; save the file as UTF-8."
        ) from error


def _gunzipped(content: bytes, max_bytes: int) -> bytes:
    whole, at = bytearray(), 0
    try:
        for _ in range(MOST_MEMBERS):
            at = _gunzip_member(content, at, whole, max_bytes)
            if at == len(content):
                return bytes(whole)
    except zlib.error as error:
        raise UnreadableStructure(
            f"The gzip file is damaged ({error}); compress or send it again."
        ) from error
    raise UnreadableStructure(
        f"The gzip file has more than {MOST_MEMBERS} members; compress the file again, as a whole."
    )


def _gunzip_member(content: bytes, at: int, whole: bytearray, max_bytes: int) -> int:
    """Return where the next member begins; what this one holds is added to the whole."""
    member = zlib.decompressobj(wbits=31)
    while not member.eof and at < len(content):
        # Piece by piece, as all that follows the member's end is copied.
        piece = content[at : at + PIECE]
        whole += member.decompress(piece, max_bytes + 1 - len(whole))
        _check_size(len(whole), max_bytes)
        at += len(piece) - len(member.unused_data)
    if not member.eof:
        raise UnreadableStructure("The gzip file is cut off; compress or send it again.")
    padding = PADDING.match(content, at)
    return padding.end() if padding else at


def _only_member(content: bytes, max_bytes: int) -> bytes:
    """Return the one file of a zip archive that is not hidden, as those that macOS adds are."""
    if content.count(ZIP_ENTRY) > MOST_MEMBERS:
        raise SeveralStructures(
            f"The zip archive holds more than {MOST_MEMBERS} files; send one structure at a time."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = members(archive)
            if not found:
                raise NoStructure("The zip archive holds no file; send one with one structure.")
            if len(found) > 1:
                named = ", ".join(member.filename for member in found[:SHOWN])
                raise SeveralStructures(
                    f"The zip archive holds {len(found)} files ({named}); "
                    "send one structure at a time."
                )
            with archive.open(found[0]) as member:
                whole = member.read(max_bytes + 1)
    except ARCHIVE_FAULTS as error:
        raise UnreadableStructure(
            f"The zip archive cannot be read ({error}); send the file without it."
        ) from error
    _check_size(len(whole), max_bytes)
    return whole


def members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the members that may be structures, all others if there are none."""
    found = [one for one in archive.infolist()[:MOST_MEMBERS] if not is_hidden(one.filename)]
    return [one for one in found if not one.filename.lower().endswith(BESIDE)] or found


def is_hidden(name: str) -> bool:
    """Tell whether a member or path is a folder, hidden, or of those that macOS adds."""
    parts = [part for part in name.split("/") if part not in {"", ".", ".."}]
    is_folder = not parts or name.endswith("/")
    return is_folder or any(part == "__MACOSX" or part.startswith(".") for part in parts)


def _check_size(n_bytes: int, max_bytes: int) -> None:
    if n_bytes > max_bytes:
        raise StructureTooLarge(
            f"The file has more than {max_bytes} bytes, unpacked; "
            "send one crystal structure only, without reflections or other raw data."
        )
