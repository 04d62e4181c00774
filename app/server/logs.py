"""Log lines, as text or as JSON."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from app.api.middleware.request_id import request_id

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # they end lines or steer terminals
INDENT = "    "  # of a traceback's lines, so that none looks like a record


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
        return json.dumps(line, default=str)


class TextLines(logging.Formatter):
    """Text with the record's fields and the request's id behind the message; then a traceback.

    Whatever a client put into them, control characters are escaped.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line."""
        fields = dict(getattr(record, "fields", {}))
        if identity := request_id.get():
            fields["request_id"] = identity
        pairs = (f"{key}={_quoted(value)}" for key, value in fields.items())
        return _escaped(" ".join((super().formatMessage(record), *pairs)))

    def formatException(self, exc_info: Any) -> str:  # noqa: N802 - logging's name
        """Return the lines of a traceback."""
        lines = super().formatException(exc_info).split("\n")
        return "\n".join(INDENT + _escaped(line) for line in lines)


def _escaped(text: str) -> str:
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _quoted(value: object) -> str:
    """Return the value, in quotes where it would not be told from the next."""
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
