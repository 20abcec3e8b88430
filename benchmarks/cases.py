"""Cases that people judged, as the quality benchmarks read them: JSON Lines, a case a line."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def cases(path: Path) -> Iterator[dict[str, Any]]:
    """The cases of a file, in order; blank lines are passed by."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser of `FILE.jsonl...`, described by the first line of a module's docstring."""
    made = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    made.add_argument("files", nargs="+", type=Path)
    return made
