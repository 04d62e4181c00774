"""Labels computed so far, kept in a file that survives any stop."""

import os
from pathlib import Path

from pydantic import TypeAdapter

from training.fetch.labelled import Labelled

ROWS = TypeAdapter(Labelled)


class FinishedLabels:
    """Labels by material, one JSON line each; a line that a stop has torn is cut off."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            os.truncate(path, len(whole))
        rows = [ROWS.validate_json(line) for line in whole.splitlines()]
        self.rows = {row.material_id: row for row in rows}

    def add(self, row: Labelled) -> None:
        """Keep the labels of a material; they are on disk when this returns."""
        with self._path.open("ab") as file:
            file.write(ROWS.dump_json(row) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.rows[row.material_id] = row

    def delete(self) -> None:
        """Remove the file, once its labels are in the data set."""
        self._path.unlink(missing_ok=True)
