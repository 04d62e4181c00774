"""Digest of the code that computes answers."""

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

# No answer depends on these, below models/.
WITHOUT_ANSWERS = frozenset(
    {
        *("code.py", "cores.py", "errors.py", "schema.py"),
        # The client of the Materials Project.
        *(f"structure/{name}.py" for name in ("bounded_session", "circuit", "materials_project")),
    }
)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return a checksum of the code that computes answers: equal code, equal answers."""
    return source_digest(Path(__file__).parent)


def source_digest(folder: Path) -> str:
    """Return a checksum of the modules in a folder, but for comments, docstrings and layout."""
    checksum = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        if name in WITHOUT_ANSWERS:
            continue
        words = [name, *_words(ast.parse(path.read_bytes()))]
        checksum.update("\0".join(words).encode())
    return checksum.hexdigest()


def _words(node: object) -> Iterator[str]:
    """Yield the names and values of a syntax tree in order; no empty field, which versions add."""
    if isinstance(node, list):
        for each in node:
            yield from _words(each)
    elif isinstance(node, ast.AST):
        yield type(node).__name__
        for field in node._fields:
            value = getattr(node, field)
            if value is not None:
                yield from _words(_without_docstring(value) if field == "body" else value)
    else:
        yield repr(node)


def _without_docstring(body: object) -> object:
    """Return a body without a string that opens it."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body
