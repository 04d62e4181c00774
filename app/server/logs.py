"""Log lines, as text or as JSON."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from app.api.middleware.request_id import request_id

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request id, the record's fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identity := request_id.get():
            line["request_id"] = identity
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class TextLines(logging.Formatter):
    """Text with the request's id and the record's fields at the end."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        text = super().format(record).replace("\r", "\\r")
        fields = dict(getattr(record, "fields", {}))
        if identity := request_id.get():
            fields["request_id"] = identity
        pairs = (f"{key}={_quoted(value)}" for key, value in fields.items())
        return " ".join((text, *pairs))


def _quoted(value: object) -> str:
    """Return the value on one line, whatever a client put into it."""
    text = str(value)
    return text if text.isprintable() and " " not in text else json.dumps(text)


def log_config(form: str) -> dict[str, Any]:
    """Return the configuration of logging for `text` or `json` lines."""
    formatter: dict[str, Any] = (
        {"()": JsonLines} if form == "json" else {"()": TextLines, "fmt": TEXT}
    )
    handler = {"class": "logging.StreamHandler", "formatter": "line"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": handler},
        "root": {"handlers": ["stderr"], "level": "INFO"},
    }
