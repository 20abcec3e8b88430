"""`mcp`: the tools `digest` and `check` for agents, over standard input and output."""

from functools import partial
from typing import Any

from service import logs
from service.cli.flags import MODEL_SETTINGS
from service.cli.group import clear_errors, main
from service.settings import Settings, options


@main.command()
@options(*MODEL_SETTINGS, "prompts", "names", "timeout_s", "max_characters", "log_level")
@clear_errors
def mcp(**flags: Any) -> int:
    """Serve the tools digest and check to an agent (MCP over standard input and output).

    Needs the package mcp (pip install 'diglot[mcp]').
    """
    from service.engine_factory import load_engine
    from service.mcp_server import run
    from service.serving.service import Service

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    return run(settings, Service(settings, partial(load_engine, interactive=True)))
