"""The format of the log: lines for people, or one JSON object a line for programs.

In JSON times are UTC, `message` is the whole line in English, and what is known of a request has
members of its own (`request_id`, `route`, `status`, `duration_ms`, …).
"""

import logging
import sys

from service.messages import localized

_TEXT = "%(asctime)s %(levelname)s %(message)s"


class _Text(logging.Formatter):
    """Lines in the language of the terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        record.message = localized(record.message)
        return super().formatMessage(record)


def to_stderr(level: str, form: str = "text") -> None:
    """Send every line to stderr from now on."""
    # No line shows them, and each costs every line some time.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json() if form == "json" else _Text(_TEXT))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    if level != "debug":
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # each request to the hub, a line


def _json() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
        timestamp="time",
        json_ensure_ascii=False,
    )
