"""How far a download is, where nobody sees a bar: a line of the log every ten seconds."""

import io
import logging
import time
from typing import Any

from tqdm import tqdm

log = logging.getLogger(__name__)


class Logged(tqdm):  # type: ignore[misc]  # tqdm has no types
    """In place of the bars of huggingface_hub, which draws none where stderr is no terminal."""

    seconds_between_lines = 10.0

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self._next_line = time.monotonic() + self.seconds_between_lines
        super().__init__(*arguments, **{**more, "file": io.StringIO()})

    def display(self, *_: Any, **__: Any) -> None:
        # Beside the bytes on the disk there are bars of files, and of bytes on the wire.
        if self.unit != "B" or str(self.desc).startswith("Downloading"):
            return
        if (now := time.monotonic()) >= self._next_line:
            self._next_line = now + self.seconds_between_lines
            have, all_of_it = (self.format_sizeof(n, "B") for n in (self.n, self.total or self.n))
            log.info("fetched %s of %s", have, all_of_it)
