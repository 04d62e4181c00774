"""Prints the OpenAPI document; `python -m app.openapi > openapi.json` renews the committed one."""

import json
import sys

from app.factory import create_app
from app.settings import Settings


def openapi_text() -> str:
    """Return the OpenAPI document as indented JSON, ended by a newline."""
    document = create_app(Settings()).openapi()
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_text())
