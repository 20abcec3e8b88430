"""Turns of the processes that run tests side by side: some tests measure time and run alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path


class Turns:
    """Locks in a folder that the processes share.

    Who waits to be alone holds the door, so that no other begins meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._door = folder / "door.lock"
        self._room = folder / "room.lock"

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        with self._room.open("w") as room:
            with self._door.open("w") as door:
                flock(door, LOCK_EX)
                flock(room, LOCK_SH)
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._door.open("w") as door, self._room.open("w") as room:
            flock(door, LOCK_EX)
            flock(room, LOCK_EX)
            yield

    def is_awaited(self) -> bool:
        """Whether a process waits to be alone, or is."""
        with self._door.open("w") as door:
            try:
                flock(door, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                return True
            return False
