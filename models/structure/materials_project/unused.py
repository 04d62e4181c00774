"""Stand-ins for packages that the Materials Project's client imports and no structure by id needs.

mp-api loads whole collections out of buckets, and imports analyses and figures with its records.
What it needs for that is 280 MB, which an image can do without.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

UNUSED = frozenset(
    {
        *("boto3", "botocore", "deltalake", "lxml"),
        *("matplotlib", "mpl_toolkits", "mpmath", "networkx", "sympy"),
    }
)


class _Empty(ModuleType):
    """A module that has whatever is imported from it, as a class without content."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})  # some are caught, some are inherited from


class _Finder(MetaPathFinder, Loader):
    """Finds an empty module for each of `UNUSED` and what is in them."""

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the place of an empty module, None for any other."""
        is_unused = fullname.partition(".")[0] in UNUSED
        return ModuleSpec(fullname, self, is_package=True) if is_unused else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module empty."""


@contextmanager
def without_unused() -> Iterator[None]:
    """Let imports do without those of `UNUSED` that are not installed."""
    finder = _Finder()
    sys.meta_path.append(finder)  # the last: what is installed is found before
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name, each in sys.modules.copy().items():  # others import meanwhile
            if isinstance(each, _Empty):
                del sys.modules[name]
