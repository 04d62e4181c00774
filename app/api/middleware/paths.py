"""The path of a request within the service."""

from starlette.types import Scope


def path_of(scope: Scope) -> str:
    """Return the path as the routes have it, without the prefix that a proxy serves it under."""
    path: str = scope["path"]
    prefix = scope.get("root_path", "").rstrip("/")
    return path.removeprefix(prefix) or "/" if prefix and path.startswith(f"{prefix}/") else path
