"""Settings of the service, read from the environment."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models.structure.checks import StructureLimits

MEBIBYTE = 1024 * 1024


def _field(default: Any, unit: str | None, description: str, **limits: Any) -> Any:
    return Field(default, description=description, json_schema_extra={"unit": unit}, **limits)


class Settings(BaseSettings):
    """Settings of the service; the environment variable is the field's name in capitals."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    host: str = _field("0.0.0.0", None, "Address that `paraisite serve` listens on.")  # noqa: S104
    port: int = _field(8000, None, "Port that `paraisite serve` listens on.", ge=0, le=65535)

    ensembles_dir: Path = _field(
        Path(__file__).parent.parent / "models" / "ensembles",
        None,
        "Directory with one sub-directory per ensemble.",
    )
    ensembles: Annotated[tuple[str, ...], NoDecode] = _field(
        (), None, "Names of the ensembles to load, separated by commas; empty: all found."
    )
    default_ensemble: str | None = _field(
        None,
        None,
        "Ensemble that answers when a request names none; unset: `recommended` if it is loaded, "
        "else `mix-stage3`, else the first by name.",
    )

    redis_url: SecretStr | None = _field(
        None, None, "Redis to cache in, such as redis://host:6379/0; unset: a cache in the process."
    )
    redis_timeout: float = _field(
        0.25, "s", "Longest wait for Redis before the request goes on without it.", gt=0
    )
    redis_retry_interval: float = _field(
        5.0, "s", "Time without asking Redis after it failed.", ge=0
    )
    memory_cache_bytes: int = _field(
        64 * MEBIBYTE, "bytes", "Size of the cache in the process.", ge=0
    )
    answer_ttl: int = _field(30 * 86400, "s", "How long an answer is cached.", gt=0)
    structure_ttl: int = _field(
        86400, "s", "How long the structure of a Materials Project id is cached.", gt=0
    )
    unknown_material_ttl: int = _field(
        300, "s", "How long an id that the Materials Project does not know is remembered.", gt=0
    )

    mp_api_key: SecretStr | None = _field(
        None, None, "Key for the Materials Project (https://materialsproject.org/api)."
    )
    mp_api_endpoint: str = _field(
        "https://api.materialsproject.org/", None, "Address of the Materials Project's API."
    )
    mp_timeout: float = _field(
        10.0, "s", "Longest wait for one answer of the Materials Project.", gt=0
    )
    mp_concurrency: int = _field(
        4, "requests", "Requests to the Materials Project at the same time.", ge=1
    )

    max_upload_bytes: int = _field(
        1_000_000,
        "bytes",
        "Longest structure file, apart from reflections and the like; "
        "a request body may be 16 times as long.",
        ge=1,
    )
    max_sites: int = _field(500, "sites", "Most sites in a cell.", ge=1)
    request_timeout: float = _field(
        60.0, "s", "Longest wait for a request's body, and then for its answer.", gt=0
    )
    concurrency: int = _field(2, "crystals", "Crystals worked on at the same time.", ge=1)
    max_queue: int = _field(
        64, "requests", "Requests that may wait for their turn; more are answered 429.", ge=0
    )

    @field_validator("ensembles", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @property
    def structure_limits(self) -> StructureLimits:
        """How large a structure may be."""
        return StructureLimits(max_bytes=self.max_upload_bytes, max_sites=self.max_sites)
