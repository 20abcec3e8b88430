"""How a line of the log looks: for people, or one JSON object for programs.

In JSON times are UTC, `message` is the whole line, and what is known of a request stands beside it
as members of its own (`request_id`, `route`, `status`, `duration_ms`, …).
"""

import logging
import sys

_TEXT = "%(asctime)s %(levelname)s %(message)s"


def to_stderr(level: str, form: str = "text") -> None:
    """Send every line to stderr from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json() if form == "json" else logging.Formatter(_TEXT))
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
