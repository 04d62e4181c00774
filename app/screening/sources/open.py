"""The source that an argument of `screen` names."""

from pathlib import Path

from app.screening.sources.archives import SUFFIXES as ARCHIVES
from app.screening.sources.archives import Archive
from app.screening.sources.files import Folder, Pattern, holds_crystal
from app.screening.sources.materials_project import MaterialsProjectQuery, conditions
from app.screening.sources.optimade import optimade_query
from app.screening.sources.pages import Paged
from app.screening.sources.records import Records
from app.screening.sources.source import Source
from app.screening.sources.tables import SUFFIXES as TABLES
from app.screening.sources.tables import Table
from app.settings import Settings
from models.errors import DataError
from models.structure.checks import StructureLimits

WILDCARDS = "*?["


def open_source(argument: str, settings: Settings, table: Path) -> Source:
    """Return the crystals of a folder, pattern, archive, file or query. Raises DataError.

    The pages of a query are kept beside the `table`.
    """
    if not argument.strip():
        raise DataError("The source is empty; name a folder, a file, a pattern or a query.")
    limits = settings.structure_limits
    path = Path(argument)
    if path.is_dir():
        return Folder(path, limits)
    if path.is_file():
        return _open_file(path, limits)
    scheme, _, rest = argument.partition(":")
    if scheme in {"mp", "optimade"}:
        query = optimade_query(rest) if scheme == "optimade" else _materials_project(rest, settings)
        return Paged.beside(table, query, limits)
    if any(sign in argument for sign in WILDCARDS):
        pattern = Pattern(argument, limits)
        if pattern.count():
            return pattern
    raise DataError(
        f"{argument} is neither a file nor a folder, nor a pattern that any file matches."
    )


def _materials_project(text: str, settings: Settings) -> MaterialsProjectQuery:
    conditions(text)
    key = settings.mp_api_key.get_secret_value() if settings.mp_api_key else None
    return MaterialsProjectQuery(text, key, settings.mp_api_endpoint)


def _open_file(path: Path, limits: StructureLimits) -> Source:
    name = path.name.lower()
    if name.endswith((".jsonl", ".jsonl.gz")):
        return Records(path, limits)
    if name.endswith(ARCHIVES):
        return Archive(path, limits)
    if name.endswith(TABLES):
        return Table(path, limits)
    if holds_crystal(path):
        return Pattern(str(path), limits)
    raise DataError(f"{path} is neither an archive, a table, a .jsonl[.gz] nor a structure file.")
