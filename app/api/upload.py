"""Content of a structure file out of a request body, in any form that clients send."""

import asyncio
import codecs
import hashlib
import re
from collections.abc import AsyncGenerator

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.errors import InvalidRequest, RequestTimeout, UnsupportedMediaType
from app.schemas import CifText
from app.settings import Settings
from models.errors import (
    NoStructure,
    SeveralStructures,
    StructureTooLarge,
    UnreadableStructure,
)
from models.structure.forms.json_text import parsed

FIELD = "file"
FORM = "multipart/form-data"
# What clients send a file as, `curl --data-binary` form-urlencoded among them. The content tells
# the format, so that only types that cannot hold a structure are refused.
TYPES = re.compile(
    r"|text/.*|chemical/.*|application/(json|.*[+]json|octet-stream|x-www-form-urlencoded|gzip|"
    r"x-gzip|zip|x-zip-compressed|cif|x-cif)"
)
# Others of Python's codecs, such as punycode and unicode_escape, take long or run into errors.
CHARSETS = {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "ascii"}
SENT_AS_IS = {"utf-8", "ascii"}
ENCODINGS = {"", "identity", "gzip", "x-gzip"}  # gzip is recognised by content too
GZIP = b"\x1f\x8b"
CIF = b'"cif"'
NAMES = {"material_id", "id", "name", "file"}  # what a file may be called beside it
OTHERS = {"poscar", "xyz"}
DIGEST = 16  # hexadecimal digits of the SHA-256 that a file is named by in the log
PIECE = 16384  # bytes of a form that are read at a time
LARGE = 200_000  # bytes that are decoded off the event loop

_TEXT = {"schema": {"type": "string", "description": "Content of a structure file."}}
REQUEST_BODY = {
    "required": True,
    "description": "One crystal structure, as CIF, POSCAR, extended XYZ or JSON (docs/formats.md), "
    "plain, gzipped or zipped; the content tells which.",
    "content": {
        FORM: {
            "schema": {
                "type": "object",
                "required": [FIELD],
                "properties": {
                    FIELD: {
                        "type": "string",
                        "format": "binary",
                        "description": "A structure file.",
                    }
                },
            }
        },
        "text/plain": _TEXT,
        "chemical/x-cif": _TEXT,
        "application/json": {"schema": CifText.model_json_schema()},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


async def read_upload(request: Request, settings: Settings) -> bytes:
    """Return the file in the body; its digest goes to the line that the log has of the request.

    Raises UnsupportedMediaType, StructureTooLarge, InvalidRequest, NoStructure,
    SeveralStructures, RequestTimeout.
    """
    content = await _read_request(request, settings)
    digest = hashlib.sha256(content).hexdigest()[:DIGEST]
    request.scope["outcome"] = {"upload": digest}
    return content


async def _read_request(request: Request, settings: Settings) -> bytes:
    header, options = parse_options_header(request.headers.get("content-type"))
    media_type = header.decode("latin-1").lower()
    if media_type != FORM and not TYPES.fullmatch(media_type):
        raise UnsupportedMediaType(
            f"The body is {media_type[:100]}; send a structure file as text, for instance with "
            f"`curl -F {FIELD}=@crystal.cif` or `curl --data-binary @POSCAR`."
        )
    charset = _charset(options.get(b"charset", b"").decode("latin-1"))
    body = await read_in_time(request, settings)
    if media_type == FORM:
        return await _read_multipart(body, request.headers)
    _check_encoding(request.headers.get("content-encoding", ""), body)
    if body.startswith(GZIP):
        return body
    if len(body) > LARGE:
        return await asyncio.to_thread(_file_in, body, charset)
    return _file_in(body, charset)


def _charset(name: str) -> str:
    """Return the codec of a charset parameter. Raises UnsupportedMediaType for any but a few."""
    try:
        codec = codecs.lookup(name).name if name and len(name) < 40 else "utf-8"  # noqa: PLR2004
    except LookupError:
        codec = name
    if codec not in CHARSETS:
        raise UnsupportedMediaType(
            f"The charset {name[:40]!r} is not read; send UTF-8, UTF-16, Latin-1 or ASCII."
        )
    return codec


def _check_encoding(header: str, body: bytes) -> None:
    encoding = header.strip().lower()
    if encoding not in ENCODINGS:
        raise UnsupportedMediaType(
            f"Content-Encoding {encoding[:40]!r} is not read; send gzip, or the file as it is."
        )
    if encoding.endswith("gzip") and body and not body.startswith(GZIP):
        raise InvalidRequest("Content-Encoding is gzip, but the body is not; compress it, or not.")


def _file_in(body: bytes, charset: str) -> bytes:
    """Return the file in UTF-8, out of {"cif": "..."} so that it has one key in the cache."""
    content = body if charset in SENT_AS_IS else _as_utf8(body, charset)
    if CIF not in content or not content.lstrip().startswith(b"{"):
        return content
    try:
        document = parsed(content)
    except UnreadableStructure as error:
        raise InvalidRequest('The JSON body is not {"cif": "..."}; check its quotes.') from error
    if "cif" not in document or not set(document) <= {"cif", *NAMES, *OTHERS}:
        return content  # a document of another form
    if OTHERS & set(document):
        raise InvalidRequest(
            f"The JSON body has cif and {', '.join(OTHERS & set(document))}; send one file."
        )
    if not isinstance(document["cif"], str):
        raise InvalidRequest('The JSON body is not {"cif": "..."}: that is no text.')
    return str(document["cif"]).encode()


def _as_utf8(body: bytes, charset: str) -> bytes:
    try:
        return body.decode(charset).encode()
    except UnicodeError as error:
        raise InvalidRequest(
            f"The body is not {charset}, as its content type says; correct the charset."
        ) from error


async def read_in_time(request: Request, settings: Settings) -> bytes:
    """Return the body, which must arrive within the request's time.

    Raises StructureTooLarge, RequestTimeout.
    """
    seconds = settings.request_timeout
    try:
        async with asyncio.timeout(seconds):
            return await _read_body(request, settings.structure_limits.max_raw_bytes)
    except TimeoutError as error:
        raise RequestTimeout(
            f"The body did not arrive within {seconds:g} s; send it again."
        ) from error


async def _read_body(request: Request, max_bytes: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _too_large(max_bytes: int) -> StructureTooLarge:
    return StructureTooLarge(
        f"The body is larger than the {max_bytes} bytes accepted; "
        "send one structure only, without reflections or other raw data."
    )


async def pieces(body: bytes) -> AsyncGenerator[bytes, None]:
    """Yield the body in pieces between which the event loop does other work."""
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]
        await asyncio.sleep(0)


async def _read_multipart(body: bytes, headers: Headers) -> bytes:
    try:
        form = await MultiPartParser(
            headers, pieces(body), max_files=2, max_fields=8, max_part_size=len(body)
        ).parse()
    except MultiPartException as error:
        raise InvalidRequest(f"The multipart body cannot be read: {error.message}") from error
    try:
        return await _only_field(form)
    finally:
        await form.close()


async def check_fields(form: FormData) -> None:
    """Raise InvalidRequest for a form that names an ensemble, which the query does."""
    if "ensemble" in form:
        await form.close()
        raise InvalidRequest(
            "The form has a field 'ensemble', which is a query parameter; send the form to "
            "?ensemble=NAME."
        )


async def _only_field(form: FormData) -> bytes:
    await check_fields(form)
    parts = form.getlist(FIELD)
    if not parts:
        raise NoStructure(f"The form has no field {FIELD!r}; put the structure file there.")
    if len(parts) > 1:
        raise SeveralStructures(f"The form has several fields {FIELD!r}; send one file at a time.")
    content = parts[0]
    return await content.read() if isinstance(content, UploadFile) else content.encode()
