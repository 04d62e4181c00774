"""Settings of the service, read from the environment."""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.addresses import check_address
from app.clients import Host, Origin, Proxy, Rate
from models.cores import n_cores
from models.prediction.engine import COMPILED, REFERENCE, EngineName
from models.structure.checks import StructureLimits
from models.structure.materials_project import ENDPOINT

Names = Annotated[tuple[str, ...], NoDecode]
Access = Literal["open", "key", "closed"]

MEBIBYTE = 1024 * 1024


def _field(default: Any, unit: str | None, description: str, **limits: Any) -> Any:
    return Field(default, description=description, json_schema_extra={"unit": unit}, **limits)


class Settings(BaseSettings):
    """Settings of the service; the environment variable is the field's name in capitals."""

    # A wrong address of Redis may hold a password, which an error must not show.
    model_config = SettingsConfigDict(
        env_ignore_empty=True, frozen=True, hide_input_in_errors=True, allow_inf_nan=False
    )

    host: str = _field("0.0.0.0", None, "Address that `paraisite serve` listens on.")  # noqa: S104
    port: int = _field(8000, None, "Port that `paraisite serve` listens on.", ge=0, le=65535)
    workers: int | None = _field(
        None,
        "processes",
        "Processes that serve; the limits below hold for each. Unset: one for each core; one where "
        "requests are counted for RATE_LIMIT without Redis, or ENGINE is `tensorflow`.",
        ge=1,
    )
    root_path: str | None = _field(
        None,
        None,
        "Path prefix that a reverse proxy serves the service under, such as /ltc; unset: none.",
        pattern=r"^(/[\w.~-]+)+$",
    )

    log_format: Literal["text", "json"] = _field(
        "text", None, "Form of the log's lines: `text`, or `json` with one object a line."
    )

    max_connections: int = _field(
        1000,
        "connections",
        "Open connections; beyond them the one idle for longest is closed. At most the limit on "
        "file descriptors less 256.",
        ge=1,
    )
    max_head_bytes: int = _field(
        32768, "bytes", "Largest head of a request, URL included; more is answered 431.", ge=1024
    )
    max_url_bytes: int = _field(8192, "bytes", "Longest URL; more is answered 414.", ge=256)
    head_timeout: float = _field(
        10.0, "s", "Longest wait for a request's head once it, or its connection, has begun.", gt=0
    )
    keep_alive: int = _field(
        75,
        "s",
        "Time an idle connection is kept; longer than a proxy in front does.",
        ge=1,
    )
    body_stall_timeout: float = _field(
        10.0, "s", "Longest pause in a request's body; more is answered 408.", gt=0
    )
    body_min_rate: int = _field(
        10000, "bytes/s", "Slowest average pace of a body, after that pause.", ge=1
    )
    max_body_bytes_in_flight: int = _field(
        64 * MEBIBYTE,
        "bytes",
        "Bytes of all bodies that are arriving; beyond them the one that stalls longest is given "
        "up.",
        ge=1,
    )

    api_keys_file: Path | None = _field(
        None,
        None,
        "File of API keys, one `NAME KEY` a line, read again when it changes; unset: calls need "
        "no key.",
    )
    metrics_access: Access = _field(
        "open", None, "Who gets `/metrics`: anyone (`open`), with an API key (`key`), `closed`."
    )
    docs_access: Access = _field(
        "open", None, "Who gets `/docs` and `/openapi.json`: `open`, `key` or `closed`."
    )
    rate_limit: Rate | None = _field(
        None,
        None,
        "Requests that one client may make, such as `600/minute`; more are answered 429. A client "
        "is an API key, else an address (of IPv6 the first 64 bits). Counted in Redis where "
        "REDIS_URL is set. Unset: no limit.",
    )
    trusted_hosts: Annotated[tuple[Host, ...], NoDecode] = _field(
        (),
        None,
        "Hosts that requests may name, separated by commas, `*.` for all below one; others are "
        "answered 421. Empty: any.",
    )
    trusted_proxies: Annotated[tuple[Proxy, ...], NoDecode] = _field(
        (),
        None,
        "Addresses or networks of proxies, separated by commas, whose X-Forwarded-For is believed; "
        "`*`: all, empty: none.",
    )
    cors_origins: Annotated[tuple[Origin, ...], NoDecode] = _field(
        (),
        None,
        "Origins whose pages may call from a browser, such as https://ltc.example, separated by "
        "commas; `*`: all, empty: none but the service's own.",
    )

    ensembles_dir: Path = _field(
        Path(__file__).parent.parent / "models" / "ensembles",
        None,
        "Directory with one sub-directory per ensemble.",
    )
    ensembles: Names = _field(
        (), None, "Names of the ensembles to load, separated by commas; empty: all found."
    )
    ensemble_digest: Names = _field(
        (),
        None,
        "Digests, separated by commas, of the ensembles that may answer, as GET /ensembles shows "
        "them; another stops the start. Empty: any.",
    )
    default_ensemble: str | None = _field(
        None,
        None,
        "Ensemble that answers when a request names none; unset: `recommended` if it is loaded, "
        "else `mix-stage3`, else the first by name.",
    )

    engine: EngineName = _field(
        COMPILED,
        None,
        "What evaluates the networks: `compiled`, or its reference `tensorflow`, which is slower "
        "and part of the training extra.",
    )

    redis_url: SecretStr | None = _field(
        None,
        None,
        "Redis to cache in, such as redis://host:6379/0, rediss://... for TLS, or "
        "redis+cluster://host:6379; unset: a cache in the process.",
    )
    cache_secret: SecretStr | None = _field(
        None,
        None,
        "Secret that values in Redis are sealed with, the same for all processes; unset: a value "
        "is bound to its key, but whoever writes to Redis can make one.",
    )
    redis_timeout: float = _field(
        0.05, "s", "Longest wait for Redis before the request goes on without it.", gt=0
    )
    redis_retry_interval: float = _field(
        5.0, "s", "Time between attempts, in the background, to reach a Redis that failed.", ge=0
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
    mp_api_endpoint: str = _field(ENDPOINT, None, "Address of the Materials Project's API.")
    mp_timeout: float = _field(
        10.0, "s", "Longest wait for the Materials Project in all, tries included.", gt=0
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
    answer_stall_timeout: float = _field(
        60.0,
        "s",
        "Longest time in which a client reads nothing of an answer that waits for it; then its "
        "connection ends.",
        gt=0,
    )
    request_timeout: float = _field(
        60.0,
        "s",
        "Longest wait for a request's body, and then for its answer. Crystals of a batch wait for "
        "their turn however long it takes.",
        gt=0,
    )
    concurrency: int = _field(2, "crystals", "Crystals worked on at the same time.", ge=1)
    max_queue: int = _field(
        64, "requests", "Requests that may wait for their turn; more are answered 429.", ge=0
    )

    work_timeout: float = _field(
        20.0,
        "s",
        "Longest work on one crystal, in processor time; what takes longer is stopped with its "
        "process, which is replaced, and refused for an hour.",
        ge=1,
    )
    worker_memory: int = _field(
        2048 * MEBIBYTE,
        "bytes",
        "Most resident memory of one of the processes that serve; beyond it the process is "
        "replaced.",
        ge=256 * MEBIBYTE,
    )
    max_wait: float = _field(
        3.0,
        "s",
        "Longest wait for its turn that a request may expect, from how fast those before it are "
        "done; more are answered 429.",
        gt=0,
    )
    max_bonds: int = _field(
        25000,
        "bonds",
        "Most different bonds up to 4 A in a crystal, which decide the memory of a prediction.",
        ge=1,
    )

    @field_validator(
        "ensembles",
        "ensemble_digest",
        "trusted_hosts",
        "trusted_proxies",
        "cors_origins",
        mode="before",
    )
    @classmethod
    def _split_names(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("redis_url")
    @classmethod
    def _check_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_address(value.get_secret_value())
        return value

    @field_validator("mp_api_endpoint")
    @classmethod
    def _check_endpoint(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address such as https://api.materialsproject.org/")
        return value

    @property
    def worker_count(self) -> int:
        """Number of processes that serve."""
        if self.workers is not None:
            return self.workers
        counts_alone = self.rate_limit is not None and self.redis_url is None
        return 1 if counts_alone or self.engine == REFERENCE else n_cores()

    @property
    def structure_limits(self) -> StructureLimits:
        """How large a structure may be."""
        return StructureLimits(self.max_upload_bytes, self.max_sites, self.max_bonds)
