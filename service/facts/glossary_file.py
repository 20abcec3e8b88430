"""The glossary file: one name a line; English, Simplified, Traditional and kind between tabs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from service.errors import BadSetting
from service.settings import SHIPPED_PROMPTS

SHIPPED = SHIPPED_PROMPTS / "names.tsv"
Kind = Literal["person", "org", "place", "product"]
_KINDS: Mapping[str, Kind] = {kind: kind for kind in get_args(Kind)}
_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the glossary; the first form of each column is the usual one."""

    english: tuple[str, ...]
    simplified: tuple[str, ...]
    traditional: tuple[str, ...]
    kind: Kind | None = None

    @property
    def key(self) -> str:
        return self.english[0]


def read_entries(path: Path) -> list[Entry]:
    """The lines of the file. Raises BadSetting, with the number of the line, for a bad one."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"The glossary {path.name} can't be read: {error}") from None
    return [
        _entry(line, f"{path.name}, line {number}")
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]


def _entry(line: str, where: str) -> Entry:
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) not in (_COLUMNS, _COLUMNS + 1):
        raise BadSetting(
            f"{where}: {len(cells)} columns; needed are English, Simplified, Traditional and,"
            " if wanted, the kind, separated by tabs"
        )
    english, simplified, traditional = (
        tuple(form.strip() for form in cell.split("|") if form.strip()) for cell in cells[:3]
    )
    if not english:
        raise BadSetting(f"{where}: the English name is missing")
    kind = cells[3] if len(cells) > _COLUMNS else ""
    if kind and kind not in _KINDS:
        raise BadSetting(f"{where}: {kind!r} is no kind; kinds are {', '.join(_KINDS)}")
    return Entry(english, simplified, traditional, _KINDS.get(kind))
