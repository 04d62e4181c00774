"""Schema of manifests; `python -m models.schema > models/manifest.schema.json` renews the file."""

import json
import sys

from models.manifest import Manifest


def schema_text() -> str:
    """Return the JSON schema of a manifest as indented JSON, ended by a newline."""
    schema = Manifest.model_json_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
