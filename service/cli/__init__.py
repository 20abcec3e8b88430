"""The command line: `python -m service COMMAND`.

Every flag that is a setting comes from `service.settings`, and so has its DIGLOT_* variable. What
is heavy to import is imported by the command that needs it.
"""

from service.cli import digest, keys, mcp, measure, serve, watch
from service.cli.group import main

__all__ = ["digest", "keys", "main", "mcp", "measure", "serve", "watch"]
