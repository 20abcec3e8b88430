"""The display of a run over a folder: a bar while it goes, then a table and what failed."""

import heapq
import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from rich.console import Console, Group, RenderableType
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

from service.folder.items import Step
from service.folder.ledger import Ledger, Line
from service.messages import localized

MOST_ROWS = 20
WIDE = 110
"""Columns from which the digests stand beside each other; below, they stand under their article."""
WIDEST = 200
SECONDS_BETWEEN_LINES = 10.0
"""The interval of reports where stderr is not a terminal, a log for example."""
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_COLUMNS = {"en", "zh"}
_BAR, _BESIDE_BAR = 40, 58  # columns of the bar, and of what stands around it


def show(steps: Iterator[Step], total: int, ledger: Ledger) -> int:
    """Draw the run on stderr and its table on stdout. Returns the exit status, 0 or 1.

    The table holds what is new in this run. What failed is listed by name, all of it.
    """
    counts: Counter[str] = Counter()
    digested: list[tuple[int, str]] = []
    failed: list[tuple[int, str]] = []
    for step, refusal in drawn(steps, total):
        counts[step.what] += 1
        if step.what == "digested":
            digested.append((step.number, step.id))
        elif step.what == "failed":
            failed.append((step.number, refusal))
    console = Console(highlight=False)
    _show_new(console, ledger, digested)
    for _, refusal in sorted(failed):
        console.print(Text(refusal, "red"), soft_wrap=True)
    console.print(summary(counts, str(ledger.path)), soft_wrap=True)
    return 1 if failed else 0


def show_measures(measures: Mapping[str, float | None], *, to_stderr: bool = False) -> None:
    """Print measures as a table; a measure that no case has anything for is a dash."""
    table = Table(localized("Measure"), localized("Value"))
    for name, value in measures.items():
        shown = "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
        table.add_row(name, shown)
    Console(stderr=to_stderr).print(table)


def _show_new(console: Console, ledger: Ledger, digested: list[tuple[int, str]]) -> None:
    if not digested:
        return
    lines = [ledger.read(key) for _, key in heapq.nsmallest(MOST_ROWS, digested)]
    console.print(_table(lines, console.width))
    if (hidden := len(digested) - len(lines)) > 0:
        console.print(localized(f"… and {hidden} more."))


def summary(counts: Counter[str], path: str) -> str:
    """The number of steps of each kind, and where the results are."""
    return localized(
        f"{counts['digested']} digested, {counts['skipped']} done before,"
        f" {counts['failed']} failed → {path}"
    )


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(localized(f"{speed * 60:.0f} articles/min" if speed else "- articles/min"))


def drawn(steps: Iterator[Step], total: int) -> Iterator[tuple[Step, str]]:
    """Draw a bar on stderr while `steps` are taken, or write a line now and then into a log.

    Gives every step, with the refusal of one that failed, which is shown as it comes.
    """
    console = Console(stderr=True, highlight=False)
    bar = Progress(
        TextColumn(localized("digesting")),
        BarColumn(max(4, min(_BAR, console.width - _BESIDE_BAR))),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn(localized("left")),
        console=console,
        disable=not console.is_terminal,
    )
    reported = time.monotonic()
    with bar:
        task = bar.add_task("digesting", total=total)
        for number, step in enumerate(steps, start=1):
            bar.update(task, advance=1, total=max(total, number))
            refusal = _refusal(*step.failure) if step.what == "failed" else ""
            if refusal:
                console.print(Text(refusal, "red"), soft_wrap=True)
            yield step, refusal
            if not console.is_terminal and time.monotonic() - reported > SECONDS_BETWEEN_LINES:
                reported = time.monotonic()
                _report(console, bar.tasks[task])


def _refusal(source: str, detail: str) -> str:
    return _printable(f"{localized('FAILED')} {source}: ") + _printable(localized(detail))


def _report(console: Console, task: Task) -> None:
    left = f", about {task.time_remaining:.0f} s left" if task.time_remaining else ""
    rate = _Rate().render(task).plain
    done = f"{task.completed:.0f} of {task.total:.0f}, {rate}"
    console.print(localized(done) + localized(left))


def _table(lines: list[Line], width: int) -> Table:
    width = min(width, WIDEST)
    if width < WIDE:
        return _narrow(lines, width)
    table = Table(show_lines=True, width=width)
    for heading, ratio in (("Article", 2), ("English", 5), ("中文", 5), ("Stance", 2)):
        table.add_column(localized(heading), overflow="fold", ratio=ratio)
    names = _names(lines)
    for name, line in zip(names, lines, strict=True):
        table.add_row(
            _cell(f"{name}\n{line['language']}"),
            Text("\n").join([*_in_third_language(line), _digest(line, "en")]),
            _digest(line, "zh"),
            _stances(line),
        )
    return table


def _narrow(lines: list[Line], width: int) -> Table:
    """Each article with its digests below its name, over the whole width."""
    table = Table(show_lines=True, show_header=False, width=width)
    table.add_column(overflow="fold", ratio=1)
    for name, line in zip(_names(lines), lines, strict=True):
        table.add_row(_below(name, line))
    return table


def _names(lines: list[Line]) -> list[str]:
    """The sources without the folder that all of them share; `digests.jsonl` has them whole."""
    sources = [str(line["source"]) for line in lines]
    shared = os.path.commonprefix(sources).rpartition("/")[0]  # noqa: RUF071  # cut at a slash
    return [source.removeprefix(f"{shared}/") if shared else source for source in sources]


def _below(name: str, line: Line) -> RenderableType:
    heading = Text(_printable(f"{name} ({line['language']})"), "bold")
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", ratio=1)
    for language in line["digests"]:
        grid.add_row(language, _digest(line, language))
    grid.add_row(localized("stance"), _stances(line))
    return Group(heading, grid)


def _printable(text: str) -> str:
    """The text without escape sequences: those of an article or a file name are for no terminal."""
    return _CONTROL.sub("\ufffd", text)


def _cell(text: str) -> Text:
    return Text(_printable(text))


def _stances(line: Line) -> Text:
    stances = line["stance"] if isinstance(line["stance"], list) else [line["stance"]]
    return _cell("\n".join(f"{s['label']} {s['label_zh']}: {s['target']}" for s in stances))


def _in_third_language(line: Line) -> list[Text]:
    return [_digest(line, language) for language in line["digests"] if language not in _COLUMNS]


def _digest(line: Line, language: str) -> Text:
    digest = line["digests"].get(language)
    return _cell(f"{digest['text']} [{localized(digest['kind'])}]" if digest else "")
