"""The bound on the disk space that batches take, of one key and of all together."""

import sqlite3
from dataclasses import dataclass

from service.errors import OverQuota


@dataclass(frozen=True, slots=True)
class Quota:
    """The bytes that waiting articles and kept results may take; None does not bound them."""

    in_all: int | None = None
    per_key: int | None = None

    def check(self, connection: sqlite3.Connection, owner: str) -> None:
        """Raise OverQuota where the owner, or all together, take more than they may."""
        if self.in_all is not None:
            (taken,) = connection.execute("SELECT coalesce(sum(bytes), 0) FROM usage").fetchone()
            if taken > self.in_all:
                raise OverQuota("The batches of all take as much space as they may. Try later.")
        if self.per_key is not None and owner:
            found = connection.execute("SELECT bytes FROM usage WHERE owner = ?", (owner,))
            (taken,) = found.fetchone() or (0,)
            if taken > self.per_key:
                raise OverQuota(
                    f"The batches of this key may take {self.per_key // 1_000_000:,} MB, results"
                    " too. Fetch results that are there, and remove their batches: DELETE"
                    " /batches/{id}?remove=true."
                )
