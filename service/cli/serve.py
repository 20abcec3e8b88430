"""`serve`: the service over HTTP; and `pull`, which fetches its model ahead of time."""

from typing import Any

import click

from service import logs
from service.cli.flags import MODEL_SETTINGS
from service.cli.group import clear_errors, main
from service.settings import Settings, options


@main.command()
@options(
    *MODEL_SETTINGS, "batch_window_ms", "queue_limit", "queue_tokens", "prompts", "names",
    "data", "keep_results_mb", "keep_batches_days", "batches_mb", "batches_mb_per_key",
    "share_results",
    "require_key", "open_metrics", "rate_per_address", "rate_per_key", "proxies",
    "path_prefix", "allowed_hosts", "keep_alive_s",
    "host", "port", "http_threads", "reading_processes", "timeout_s", "max_characters",
    "log_level", "log_format",
)  # fmt: skip
@clear_errors
def serve(**flags: Any) -> int:
    """Serve over HTTP: POST an article to /summarize.

    A single process holds the model, its threads serve HTTP, and concurrent requests are batched.
    SIGTERM lets what was taken finish first.
    """
    from service.web.server import run

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level, settings.log_format)
    return run(settings)


@main.command()
@options("model", "hub", "revision", "log_level")
@clear_errors
def pull(**flags: Any) -> int:
    """Fetch the model's weights ahead of time."""
    from service.engine_factory import require_torch
    from service.llm.hub import fetch

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    require_torch()
    click.echo(fetch(settings))
    return 0
