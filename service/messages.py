"""The language of what the terminal shows: English, or Chinese by locale or `--lang zh`.

Messages are worded in English where they are made, and that is what HTTP and results carry. For a
Chinese terminal `localized` looks them up in `service.chinese`, whose templates may have gaps:
"There is no file or folder named {name}." A message without a template stays English.
"""

import os
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from service.chinese import TEMPLATES

_GAP = re.compile(r"\{(\w+)\}")
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_chosen = "en"


def use(lang: str, environment: Mapping[str, str] = os.environ) -> None:
    """Show what follows in `lang`: `en`, `zh`, or `auto` for that of the locale."""
    global _chosen  # noqa: PLW0603  # a process has one terminal, as it has one locale
    _chosen = by_locale(environment) if lang == "auto" else lang


def is_chinese() -> bool:
    """Whether the terminal is shown Chinese."""
    return _chosen == "zh"


def by_locale(environment: Mapping[str, str]) -> str:
    """`zh` where the first of the locale's variables that is set names Chinese, else `en`."""
    locale = next(filter(None, map(environment.get, _VARIABLES)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def called() -> str:
    """The command that starts this program from the current folder, for the hints in messages."""
    if Path(sys.argv[0]).name == "diglot":
        return "diglot"
    python = Path(sys.executable)
    here = Path.cwd()
    return f"{python.relative_to(here) if python.is_relative_to(here) else python} -m service"


def localized(text: str) -> str:
    """`text` in the language of the terminal; what fills its gaps is looked up too."""
    if _chosen != "zh":
        return text
    if text in TEMPLATES:
        return TEMPLATES[text]
    for pattern, template in _patterns():
        if found := pattern.fullmatch(text):
            values = {name: localized(value) for name, value in found.groupdict().items()}
            return template.format_map(values)
    return text


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every template with gaps, the most specific first: those that begin with words, the longest
    first, then those that begin with a gap."""
    with_gaps = [english for english in TEMPLATES if _GAP.search(english)]
    with_gaps.sort(key=lambda english: (english.startswith("{"), -len(_GAP.sub("", english))))
    return tuple((_pattern(english), TEMPLATES[english]) for english in with_gaps)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _GAP.split(english)  # text and names take turns
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [f"(?P<{name}>.+?)" for name in parts[1::2]]
    return re.compile("".join(parts), re.DOTALL)
