"""The lock of a folder that one run at a time may write to."""

import fcntl
from pathlib import Path
from typing import TextIO

from service.errors import BadSetting


def lock(folder: Path, name: str) -> TextIO:
    """Make `folder` where it is missing, and hold its lock file `name` until that is closed.

    Raises BadSetting when another run holds it or the folder can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / name).open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.close()
            raise
    except BlockingIOError as error:
        raise BadSetting(f"another run is writing to {folder}") from error
    except OSError as error:
        raise cant_write(folder, error) from error
    return held


def cant_write(folder: Path, error: OSError) -> BadSetting:
    """The refusal of a folder whose files can't be opened."""
    return BadSetting(f"can't write to {folder}: {error.strerror}")
