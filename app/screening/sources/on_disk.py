"""What sources on disk have in common."""

from dataclasses import dataclass
from pathlib import Path

from models.structure.checks import StructureLimits


@dataclass(frozen=True)
class OnDisk:
    """A file or folder of structures, each read within `limits`."""

    path: Path
    limits: StructureLimits

    @property
    def name(self) -> str:
        """Name of the file or folder."""
        return self.path.name

    @property
    def suffix(self) -> str:
        """Last suffix of the path in small letters: its kind, as `open_source` tells it."""
        return self.path.suffix.lower()
