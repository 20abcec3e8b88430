"""The program: runs the command line, and ends the process whatever its threads are doing."""

import logging
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from service.cli import main


def run() -> NoReturn:
    """Run the command that the arguments name; ends the process with its exit status."""
    is_script = Path(sys.argv[0]).name == "diglot"
    status: str | int | None = 0
    try:
        main(prog_name="diglot" if is_script else "python -m service")
    except SystemExit as end:
        status = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    _end(status)


def _end(status: str | int | None) -> NoReturn:
    """End the process, at once where a thread may be at work in a library's C++.

    Python would unwind such a thread when it asks for the interpreter, and C++ answers that with
    std::terminate: the process would be aborted, whatever its exit status was to be.
    """
    if not any(thread.daemon for thread in threading.enumerate()):
        sys.exit(status)
    if isinstance(status, str):
        sys.stderr.write(f"{status}\n")
        status = 1
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status or 0)


if __name__ == "__main__":
    run()
