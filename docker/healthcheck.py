"""Exit 0 when the service in this container is ready, else 1. Needs no curl in the image.

The port is the one that the container's first process was given: `serve --port`, or DIGLOT_PORT.
"""

import argparse
import os
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path


def address(command: Sequence[str]) -> str | None:
    """Where to ask whether `command` is ready; None when it serves nothing, as `digest` does."""
    if "serve" not in command:
        return None
    flags = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    flags.add_argument("--port", default=os.environ.get("DIGLOT_PORT", "8000"))
    given, _ = flags.parse_known_args(command[command.index("serve") :])
    return f"http://127.0.0.1:{given.port}/readyz"


def main(command: Sequence[str]) -> None:
    ready = address(command)
    if ready is None:
        return
    try:
        urllib.request.urlopen(ready, timeout=4).close()
    except OSError as error:  # URLError is one
        sys.exit(f"not ready: {error}")


if __name__ == "__main__":
    main(Path("/proc/1/cmdline").read_text(errors="replace").split("\0"))
