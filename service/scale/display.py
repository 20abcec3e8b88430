"""The display of a run on a cluster: the folder's bar, and a summary without a table."""

from collections import Counter
from collections.abc import Iterator

from rich.console import Console

from service.folder.items import Step
from service.folder.progress import drawn, summary
from service.messages import localized


def show(steps: Iterator[Step], total: int, where: str) -> int:
    """Draw the run on stderr and its summary on stdout. Returns the exit status, 0 or 1.

    All that failed is shown as it comes, and has its error in the partitions.
    """
    counts: Counter[str] = Counter()
    for step, _ in drawn(steps, total):
        counts[step.what] += 1
    console = Console(highlight=False)
    if counts["failed"]:
        console.print(localized("each failed article has its error in the column `error`"))
    console.print(summary(counts, where), soft_wrap=True)
    return 1 if counts["failed"] else 0
