"""Find every figure of a text, in English and Chinese alike."""

import re
from collections.abc import Iterator
from dataclasses import replace

from service.facts.numerals.amounts import find_amounts
from service.facts.numerals.clock import find_times, find_zoned_times
from service.facts.numerals.dates import find_dates
from service.facts.numerals.eras import find_eras
from service.facts.numerals.figure import Figure
from service.facts.numerals.local_money import Currencies
from service.facts.numerals.openings import Openings
from service.facts.numerals.ordinals import find_fractions, find_ordinals
from service.facts.numerals.wording import idioms
from service.text.han import HAN_CHARACTER

# Full-width forms stand for their ASCII ones, character by character, so that offsets hold.
_FOLD = {
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF10, 0xFF1A)},
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF21, 0xFF3B)},
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF41, 0xFF5B)},
    **dict(zip("％．＄～－\u00a0\u2009\u202f\u3000￥￡‑", "%.$~-    ¥£-", strict=True)),
}
_FOLDED = re.compile(f"[{''.join(_FOLD)}]")
# ２億４，０００萬; elsewhere ， parts clauses.
_WIDE_COMMA = re.compile("(?<=[０-９])，(?=[０-９]{3}(?![０-９]))")
# Languages of news that write 2,5 for two and a half.
_DECIMAL_COMMA = frozenset(
    "bg ca cs da de el es et fi fr hr hu id it lt lv nb nl nn no pl pt ro ru sk sl sr sv tr uk"
    " vi".split()
)
_SEPARATOR = re.compile("(?<=[0-9])[.,](?=[0-9])")


def find_figures(text: str, language_hint: str | None = None) -> list[Figure]:
    """Every figure of `text`, in order, none overlapping.

    `language_hint` is a BCP 47 tag. It says whose money a bare 元 or ¥ is: in Simplified Chinese
    the yuan, in Traditional Chinese it stays open (Taiwan, Hong Kong or Macau). And it says
    whether 1.500 is one and a half or, as in German, fifteen hundred.
    """
    folded = _FOLDED.sub(lambda m: _FOLD[m.group()], _WIDE_COMMA.sub(",", text))
    if (language_hint or "").partition("-")[0] in _DECIMAL_COMMA:
        folded = _SEPARATOR.sub(lambda m: "." if m.group() == "," else ",", folded)
    openings = Openings(folded)
    taken = bytearray(len(folded))
    figures: list[Figure] = []

    def take(found: Iterator[Figure]) -> None:
        for figure in found:
            if not any(taken[figure.start : figure.end]):
                taken[figure.start : figure.end] = b"\1" * (figure.end - figure.start)
                figures.append(figure)

    take(find_zoned_times(openings))
    take(find_eras(openings))
    take(find_dates(openings))
    take(find_times(openings))
    take(find_fractions(openings))
    for start, end in idioms(folded):
        taken[start:end] = b"\1" * (end - start)
    take(find_ordinals(openings))
    local = None if (language_hint or "").startswith(("zh-Hant", "zh-TW", "zh-HK")) else "CNY"
    chinese = (language_hint or "").startswith("zh") or HAN_CHARACTER.search(folded) is not None
    take(find_amounts(openings, taken, Currencies(folded, local, chinese)))
    figures.sort(key=lambda f: f.start)
    if folded == text:
        return figures
    return [replace(f, text=text[f.start : f.end]) for f in figures]
