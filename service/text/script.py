"""Chinese in the script that was asked for: Simplified (Hans) or Traditional (Hant)."""

import re
from functools import cache
from typing import Literal

from service.text.conversion import convert, to_traditional_words
from service.text.han import (
    HAN_CHARACTER,
    any_of,
    script_evidence,
    to_simplified,
    to_traditional,
)

Script = Literal["Hans", "Hant"]

_CLAUSE = re.compile(r"[^，。！？；：、,.!?;:\n]+|[，。！？；：、,.!?;:\n]+")
# 于 is written alike in both scripts as a name (于右任); after these it is the preposition 於.
_PREPOSITION = re.compile(r"(?<=[將位處鑒對關基屬終等低高大小多少源限至過由在用死敢樂善忠歸])于")
# A character that has a partner in the other script takes its neighbours with it: 将于 -> 將於.
_REACH = 2


def to_script(text: str, script: Script) -> str:
    """`text` with its Chinese in `script`, quotation marks as that script writes them.

    The result is pure (see `is_pure`); converting it again changes nothing. Text without a Han
    character comes back as it is.
    """
    if not HAN_CHARACTER.search(text):
        return text
    if script == "Hans":
        return _quotes_to_hans(_to_hans(text))
    return _quotes_to_hant(_to_hant(text))


def is_pure(text: str, script: Script) -> bool:
    """True when no character of `text` stands in the other script only."""
    simplified, traditional = script_evidence(text)
    return not (traditional if script == "Hans" else simplified)


def _to_hans(text: str) -> str:
    # tw2s and not t2s: it knows that 意味著 is 意味着 while 著名 stays.
    # It takes a 么 that is already there for another word (幺), so that is kept out of its sight.
    parts = (convert("tw2s", part) for part in text.split("么"))
    return _translate("么".join(parts), "Hans")


def _to_hant(text: str) -> str:
    simplified, traditional = script_evidence(text)
    if traditional and traditional >= simplified:
        converted = "".join(_repair(clause) for clause in _CLAUSE.findall(text))
    else:
        converted = to_traditional_words(text)
    return _PREPOSITION.sub("於", _translate(converted, "Hant"))


def _repair(clause: str) -> str:
    """A clause of a Traditional text, changed only where Simplified characters got into it.

    s2tw over Traditional text would spoil names (蘇姿丰) and local forms (裏, 台).
    """
    simplified = to_traditional()
    at = [i for i, c in enumerate(clause) if c in simplified]
    if not at:
        return clause
    converted = to_traditional_words(clause)
    if len(converted) != len(clause):
        return clause
    near = {i + step for i in at for step in range(-_REACH, _REACH + 1)}
    return "".join(
        new if i in near and old not in to_simplified() else old
        for i, (old, new) in enumerate(zip(clause, converted, strict=True))
    )


def _translate(text: str, script: Script) -> str:
    """Convert the characters that OpenCC leaves in the other script, one by one."""
    foreign, forms = _leftovers(script)
    return foreign.sub(lambda found: forms[found.group()], text)


@cache
def _leftovers(script: Script) -> tuple[re.Pattern[str], dict[str, str]]:
    forms = to_simplified() if script == "Hans" else to_traditional()
    return any_of(forms), forms


_TO_HANS_QUOTES = str.maketrans("「」『』", "“”‘’")
_SINGLE_QUOTED = re.compile(r"‘([^‘’\n]*)’(?![A-Za-z])")


def _quotes_to_hans(text: str) -> str:
    return text.translate(_TO_HANS_QUOTES)


def _quotes_to_hant(text: str) -> str:
    # Singles in pairs only: a lone ’ is the apostrophe of an English word.
    text = _SINGLE_QUOTED.sub(r"『\1』", text)
    return text.replace("“", "「").replace("”", "」")
