"""What a person sees of a run over a folder: a bar while it goes, a table at its end."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from service.folder.ledger import Ledger, Line
from service.folder.run import Step

MOST_ROWS = 20
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
SECONDS_BETWEEN_LINES = 10.0
"""How often the run is reported where stderr is no terminal, a log for example."""


def show(steps: Iterator[Step], total: int, ledger: Ledger) -> int:
    """Draw the run on stderr and its table on stdout. Returns the exit status, 0 or 1."""
    counts: Counter[str] = Counter()
    first: dict[int, Line] = {}
    for step in _drawn(steps, total):
        counts[step.what] += 1
        if step.number < MOST_ROWS:
            first[step.number] = ledger.read(step.id)
    console = Console()
    console.print(_table([first[number] for number in sorted(first)]))
    if (hidden := counts.total() - len(first)) > 0:
        console.print(f"… and {hidden} more.")
    console.print(
        f"{counts['digested']} digested, {counts['skipped']} done before,"
        f" {counts['failed']} failed → {ledger.path}",
        highlight=False,
        soft_wrap=True,
    )
    return 1 if counts["failed"] else 0


def show_measures(measures: Mapping[str, float | None]) -> None:
    """Print measures as a table; what no case says anything about is a dash."""
    table = Table("Measure", "Value")
    for name, value in measures.items():
        shown = "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
        table.add_row(name, shown)
    Console().print(table)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed * 60:.0f} articles/min" if speed else "- articles/min")


def _drawn(steps: Iterator[Step], total: int) -> Iterator[Step]:
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("digesting"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=console,
        disable=not console.is_terminal,
    )
    reported = time.monotonic()
    with bar:
        task = bar.add_task("digesting", total=total)
        for number, step in enumerate(steps, start=1):
            bar.update(task, advance=1, total=max(total, number))
            yield step
            if not console.is_terminal and time.monotonic() - reported > SECONDS_BETWEEN_LINES:
                reported = time.monotonic()
                _report(console, bar.tasks[task])


def _report(console: Console, task: Task) -> None:
    left = f", about {task.time_remaining:.0f} s left" if task.time_remaining else ""
    rate = _Rate().render(task).plain
    console.print(f"{task.completed:.0f} of {task.total:.0f}, {rate}{left}", highlight=False)


def _table(lines: list[Line]) -> Table:
    table = Table(show_lines=True)
    table.add_column("Article", overflow="fold", ratio=2)
    table.add_column("English", overflow="fold", ratio=5)
    table.add_column("中文", overflow="fold", ratio=5)
    table.add_column("Stance", overflow="fold", ratio=2)
    for line in lines:
        table.add_row(*(Text(_printable(cell)) for cell in _row(line)))
    return table


def _printable(text: str) -> str:
    """No escape sequences of an article or a file name reach the terminal."""
    return _CONTROL.sub("\ufffd", text)


def _row(line: Line) -> tuple[str, str, str, str]:
    if error := line.get("error"):
        return line["source"], f"FAILED: {error['detail']}", "", ""
    stances = line["stance"] if isinstance(line["stance"], list) else [line["stance"]]
    opinions = "\n".join(f"{s['label']} {s['label_zh']}: {s['target']}" for s in stances)
    source = f"{line['source']}\n{line['language']}"
    return source, _digest(line, "en"), _digest(line, "zh"), opinions


def _digest(line: Line, language: str) -> str:
    digest = line["digests"].get(language)
    return f"{digest['text']} [{digest['kind']}]" if digest else ""
