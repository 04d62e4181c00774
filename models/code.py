"""Digest of the code that computes answers."""

import ast
import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

# No answer depends on these, below models/.
WITHOUT_ANSWERS = frozenset(
    {
        *("arguments.py", "code.py", "cores.py", "errors.py", "schema.py"),
        *(
            f"structure/materials_project/{name}.py"
            for name in ("circuit", "client", "session", "unused")
        ),
    }
)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return a checksum of the code that computes answers: equal code, equal answers."""
    return source_digest(Path(__file__).parent)


def source_digest(folder: Path) -> str:
    """Return a checksum of the modules in a folder, but for comments, docstrings and layout."""
    names = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.py")))
    words: list[str] = []
    with _no_collection():  # of garbage: it takes as long as the parsing, and finds none
        for name in names:
            if name not in WITHOUT_ANSWERS:
                words.append(name)
                _add_words(ast.parse((folder / name).read_bytes()), words)
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


@contextmanager
def _no_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _add_words(node: ast.AST, words: list[str]) -> None:
    """Add the names and values of a syntax tree in order; no empty field, which versions add."""
    words.append(type(node).__name__)
    for field in node._fields:
        value = getattr(node, field)
        if isinstance(value, list):
            for each in _without_docstring(value) if field == "body" else value:
                if isinstance(each, ast.AST):
                    _add_words(each, words)
                else:
                    words.append(repr(each))
        elif isinstance(value, ast.AST):
            _add_words(value, words)
        elif value is not None:
            words.append(repr(value))


def _without_docstring(body: list[ast.AST]) -> list[ast.AST]:
    """Return a body without a string that opens it."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body
