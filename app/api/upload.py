"""The text of a CIF out of a request body, in any of the three forms."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from fastapi import Request
from pydantic import ValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.errors import InvalidRequest, RequestTimeout, UnsupportedMediaType
from app.schemas import CifText
from app.settings import Settings
from models.errors import NoStructure, ParaisiteError, SeveralStructures, StructureTooLarge

FIELD = "file"

REQUEST_BODY = {
    "required": True,
    "description": "One crystal structure, as CIF or POSCAR, in one of three forms.",
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [FIELD],
                "properties": {
                    FIELD: {
                        "type": "string",
                        "format": "binary",
                        "description": "A CIF file.",
                    }
                },
            }
        },
        "text/plain": {"schema": {"type": "string", "description": "Content of a CIF file."}},
        "chemical/x-cif": {"schema": {"type": "string", "description": "Content of a CIF file."}},
        "application/json": {"schema": CifText.model_json_schema()},
    },
}


async def read_cif(request: Request, settings: Settings) -> str:
    """Return the CIF text of the body, which is read once however often this is asked.

    Raises UnsupportedMediaType, StructureTooLarge, InvalidRequest, NoStructure,
    SeveralStructures, RequestTimeout.
    """
    state = request.state
    if not hasattr(state, "upload"):
        try:
            state.upload = await _read_request(request, settings)
        except ParaisiteError as error:
            state.upload = error
    if isinstance(state.upload, ParaisiteError):
        raise state.upload
    text: str = state.upload
    return text


async def _read_request(request: Request, settings: Settings) -> str:
    media_type = parse_options_header(request.headers.get("content-type"))[0].decode("latin-1")
    reader = READERS.get(media_type.lower())
    if reader is None:
        raise UnsupportedMediaType(
            f"The body is {media_type or 'of no stated type'}; send {', '.join(READERS)}, "
            f"for instance with `curl -F {FIELD}=@crystal.cif`."
        )
    seconds = settings.request_timeout
    try:
        async with asyncio.timeout(seconds):
            body = await _read_body(request, settings.max_upload_bytes)
    except TimeoutError as error:
        raise RequestTimeout(
            f"The body did not arrive within {seconds:g} s; send it again."
        ) from error
    return await reader(body, request.headers)


async def _read_body(request: Request, max_bytes: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
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


async def _read_text(body: bytes, _headers: Headers) -> str:
    return _decoded(body)


async def _read_json(body: bytes, _headers: Headers) -> str:
    try:
        return CifText.model_validate_json(body).cif
    except ValidationError as error:
        raise InvalidRequest(
            f'The JSON body is not {{"cif": "..."}}: {error.errors()[0]["msg"]}.'
        ) from error


async def _read_multipart(body: bytes, headers: Headers) -> str:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(
            headers, stream(), max_files=2, max_fields=8, max_part_size=len(body)
        ).parse()
    except MultiPartException as error:
        raise InvalidRequest(f"The multipart body cannot be read: {error.message}") from error
    try:
        return await _only_field(form)
    finally:
        await form.close()


async def _only_field(form: FormData) -> str:
    parts = form.getlist(FIELD)
    if not parts:
        raise NoStructure(f"The form has no field {FIELD!r}; put the CIF there.")
    if len(parts) > 1:
        raise SeveralStructures(f"The form has several fields {FIELD!r}; send one CIF at a time.")
    content = parts[0]
    return _decoded(await content.read()) if isinstance(content, UploadFile) else content


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")  # old files have authors' names in it; atoms are ASCII


READERS: dict[str, Callable[[bytes, Headers], Awaitable[str]]] = {
    "multipart/form-data": _read_multipart,
    "text/plain": _read_text,
    "chemical/x-cif": _read_text,
    "application/json": _read_json,
}
