"""Guard against other packages called as ours are.

The distribution installs the packages `app` and `models` beside `paraisite` (decision 19). Another
`models` earlier on the path, such as one in the working directory, would hide ours.
"""

import importlib.util
from pathlib import Path

OURS = ("app", "models")


def check_packages() -> None:
    """Raise ImportError where another package hides one of ours."""
    root = Path(__file__).resolve().parent.parent
    for name in OURS:
        spec = importlib.util.find_spec(name)
        found = Path(spec.origin).resolve() if spec and spec.origin else None
        if found != root / name / "__init__.py":
            raise ImportError(
                f"paraisite needs its own package {name!r} in {root}, but `import {name}` finds "
                f"{found or 'nothing'}. Run from another folder, or rename that module; or install "
                "paraisite in an environment of its own."
            )
