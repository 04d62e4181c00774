"""Crystals of a batch, out of a request body in any form that it may have."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

import orjson
from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.api.batch.arriving import Arriving, until_left
from app.api.upload import FIELD, FORM, LARGE, check_fields, pieces, read_in_time
from app.errors import BodyTimeout, InvalidRequest, UnsupportedMediaType
from app.screening.sources.records import IDS
from app.settings import Settings
from models.errors import NoStructure, ParaisiteError, StructureTooLarge, UnreadableStructure
from models.structure.content import ARCHIVE_FAULTS, ZIP, ZIP_ENTRY, is_hidden
from models.structure.forms.json_text import parsed
from models.structure.materials_project.client import MATERIAL_ID

LINES = {"application/x-ndjson", "application/ndjson", "application/jsonl"}
ZIPS = {"application/zip", "application/x-zip-compressed", "application/octet-stream"}
MOST_FILES = 10_000
MOST_LISTED = 3 * MOST_FILES  # files, folders, and what a system adds to each
PLAIN = {"", "identity"}
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    """A crystal of a batch: its place, its name, and its file, its id, or why there is neither."""

    index: int
    name: str | None
    content: bytes | None = None
    material_id: str | None = None
    error: ParaisiteError | None = None


Items = AsyncIterator[Item]


@dataclass(frozen=True)
class Batch:
    """The crystals of a request, and `watch`, which must run meanwhile.

    It raises ClientDisconnect when the client has left, and never ends otherwise.
    """

    items: Items
    watch: Callable[[], Coroutine[Any, Any, None]]


async def read_batch(request: Request, settings: Settings) -> Batch:
    """Return the crystals of a batch; those of JSON lines are read as they arrive.

    Raises UnsupportedMediaType, InvalidRequest, NoStructure, StructureTooLarge, RequestTimeout.
    """
    media_type = parse_options_header(request.headers.get("content-type"))[0].decode("latin-1")
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in PLAIN:
        raise UnsupportedMediaType(
            f"Content-Encoding {encoding[:40]!r} is not read here; send the body as it is, or "
            "gzipped files in a form, or a zip archive."
        )
    if media_type in LINES:
        body = Arriving(request)
        return Batch(_lines(body, settings.structure_limits.max_raw_bytes), body.watch)
    items = await _read_whole(request, media_type, settings)
    return Batch(items, partial(until_left, request))


async def _read_whole(request: Request, media_type: str, settings: Settings) -> Items:
    if media_type not in {FORM, "application/json", *ZIPS}:
        raise UnsupportedMediaType(
            f"The body is {media_type[:100]}; send JSON lines (application/x-ndjson), a JSON list, "
            f"a zip archive, or a form with a file in each field {FIELD!r}."
        )
    body = await read_in_time(request, settings)
    if media_type == FORM:
        return await _form(body, request)
    if body.startswith(ZIP):
        return await _zip(body, settings.structure_limits.max_raw_bytes)
    if media_type == "application/json":
        return await _list(body)
    raise UnsupportedMediaType("The body is no zip archive, as its content type says.")


async def _lines(body: Arriving, longest: int) -> Items:
    """Yield the crystal of each line; one that is too long is an error of its own."""
    index = 0
    try:
        async for line in _split(body, longest):
            if line is None:
                error = StructureTooLarge(f"The line is longer than the {longest} bytes accepted.")
                yield Item(index, None, error=error)
            else:
                yield await _where_it_fits(len(line), _of_json, index, line)
            index += 1
    except BodyTimeout as error:  # the answers before it are sent already
        yield Item(index, None, error=error)


async def _split(body: Arriving, longest: int) -> AsyncIterator[bytes | None]:
    """Yield each line that is not blank; null in place of one that is too long."""
    held, is_too_long = bytearray(), False
    async for chunk in body.chunks():
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            held += line
            if is_too_long or held.strip():
                yield None if is_too_long else bytes(held)
            held, is_too_long = bytearray(), False
        held += rest
        if len(held) > longest:
            held, is_too_long = bytearray(), True
    if is_too_long or held.strip():
        yield None if is_too_long else bytes(held)


async def _where_it_fits(
    n_bytes: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Return what `work` returns for so many bytes: at once for a few, else from a thread."""
    if n_bytes < LARGE:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


def _of_json(index: int, line: bytes) -> Item:
    try:
        return _of_value(index, parsed(line), line)
    except (UnreadableStructure, StructureTooLarge) as error:
        return Item(index, None, error=error)


def _of_value(index: int, value: Any, document: bytes) -> Item:
    """Return the crystal of a JSON value: an id, a file as text, or a document."""
    if isinstance(value, str):
        name = value.strip()
        if MATERIAL_ID.fullmatch(name.lower()):
            return Item(index, name, material_id=name)
        return Item(index, None, value.encode(errors="replace"))
    if not isinstance(value, dict):
        error = UnreadableStructure("It is neither an id, a file as text, nor a JSON object.")
        return Item(index, None, error=error)
    named = next((str(value[key]) for key in IDS if value.get(key) is not None), None)
    if set(value) <= set(IDS) and named is not None:
        return Item(index, named.strip(), material_id=named.strip())
    if isinstance(value.get("cif"), str):  # as POST /predict has it, so that the cache knows it
        return Item(index, named, value["cif"].encode(errors="replace"))
    return Item(index, named, document)


async def _list(body: bytes) -> Items:
    try:
        values = await _where_it_fits(len(body), parsed, body)
    except UnreadableStructure as error:
        raise InvalidRequest(str(error)) from error
    if not isinstance(values, list):
        raise InvalidRequest("The JSON is no list; send ids, files as text, or structures in one.")
    n_bytes = len(body) // max(1, len(values))

    async def items() -> Items:
        for index, value in enumerate(values):
            yield await _where_it_fits(n_bytes, _of_listed, index, value)

    return items()


def _of_listed(index: int, value: Any) -> Item:
    return _of_value(index, value, orjson.dumps(value))


async def _form(body: bytes, request: Request) -> Items:
    parser = MultiPartParser(
        request.headers,
        pieces(body),
        max_files=MOST_FILES,
        max_fields=8,
        max_part_size=len(body),
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise InvalidRequest(f"The multipart body cannot be read: {error.message}") from error
    await check_fields(form)
    files = [part for part in form.getlist(FIELD) if isinstance(part, UploadFile)]
    if not files:
        await form.close()
        raise NoStructure(f"The form has no field {FIELD!r} with a file; put each file in one.")

    async def items() -> Items:
        try:
            for index, file in enumerate(files):
                yield Item(index, file.filename, await file.read())
        finally:
            await form.close()

    return items()


async def _zip(body: bytes, longest: int) -> Items:
    if body.count(ZIP_ENTRY) > MOST_LISTED:
        raise StructureTooLarge(f"The zip archive holds more than {MOST_FILES} files.")
    try:
        archive = await asyncio.to_thread(zipfile.ZipFile, io.BytesIO(body))
    except ARCHIVE_FAULTS as error:
        raise InvalidRequest(f"The zip archive cannot be read ({error}).") from error
    found = [one for one in archive.infolist() if not is_hidden(one.filename)]
    if not found:
        raise NoStructure("The zip archive holds no file.")
    if len(found) > MOST_FILES:
        raise StructureTooLarge(f"The zip archive holds more than {MOST_FILES} files.")

    async def items() -> Items:
        for index, one in enumerate(found):
            yield await asyncio.to_thread(_member, archive, index, one, longest)

    return items()


def _member(archive: zipfile.ZipFile, index: int, one: zipfile.ZipInfo, longest: int) -> Item:
    name = one.filename
    try:
        with archive.open(one) as member:  # not by its name, which may come twice
            content = member.read(longest + 1)
    except ARCHIVE_FAULTS as error:
        fault = UnreadableStructure(f"The archive's member is damaged ({error}).")
        return Item(index, name, error=fault)
    if len(content) > longest:
        return Item(index, name, error=StructureTooLarge(f"More than {longest} bytes, unpacked."))
    return Item(index, name, content)
