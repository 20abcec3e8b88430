"""Arabic numerals in a text: how they are grouped, and which are a piece of something longer."""

import re

from service.facts.numerals.currencies import SIGN_BEFORE

# 1,600.5, 12,34,567 (India), 1'200'000 (Switzerland), 934 000, .5
_INDIAN = "[0-9]{1,2}(?:,[0-9]{2}){1,8},[0-9]{3}"
_GROUPED = "[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:['’][0-9]{3})+"
_SPACED = r"(?<![0-9] )[0-9]{1,3}(?: [0-9]{3})+(?![0-9]| [0-9])"
ARABIC = (
    rf"(?:{_INDIAN}|{_GROUPED}|{_SPACED})(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)?"
    r"|(?<![0-9A-Za-z).])\.[0-9]+(?![0-9.])"
)
VULGAR = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8),
          "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8), "⅕": (1, 5), "⅖": (2, 5)}  # fmt: skip
# 6x6 cm, 36×24 mm
TIMES = re.compile(r"[0-9][xX×](?=[0-9])")
# 2:0 and 29:13 are scores, once the times of day are known.
_SCORE_ENDS = re.compile("(?:.*[^0-9:])?[0-9]{1,3}:[0-9]{1,3}", re.DOTALL)
_SCORE_OPENS = re.compile("[0-9]{1,3}:[0-9]{1,3}(?![0-9:.,])")
_LATIN = re.compile("[A-Za-z]")
_PLUS = re.compile(r" ?(?:°|℃|℉|%|per ?cent|degrees|摄氏|攝氏|度)", re.IGNORECASE)


def is_spaced(numeral: str) -> bool:
    """True for digits in groups with spaces between, which may be two numbers."""
    return " " in numeral


def is_part_of_an_id(text: str, m: re.Match[str]) -> bool:
    """GPT-5, A320, v1.2.3, 10.0.0.1, 007, +86…: digits that are a piece of something longer."""
    start, end = m.span()
    digits = m.group()
    if digits[0] == "0" and digits[1:2].isdigit():
        return True
    if TIMES.match(text, max(0, start - 2)) or _SCORE_OPENS.match(text, start):
        return False
    return _goes_on_before(text, start, end) or _goes_on_after(text, end)


def _goes_on_before(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 2) : start]
    if before and (_LATIN.match(before[-1]) or before[-1] in "_@#+/"):
        signed = before[-1] == "+" and _PLUS.match(text, end)
        # US$ and RMB stand before a number without being part of it.
        return not signed and not SIGN_BEFORE.search(text, max(0, start - 6), start)
    if len(before) < 2 or before[1] not in "-.,:：‑" or not before[0].isascii():
        return False
    if not before[0].isalnum() or _SCORE_ENDS.fullmatch(text[max(0, start - 4) : end]):
        return False
    since = before[0].islower() and end - start == 4  # mid-2025
    return not (before[1] == "-" and (before[0].isdigit() or since))


def _goes_on_after(text: str, end: int) -> bool:
    after = text[end : end + 2]
    return len(after) == 2 and after[0] in ".,:/_" and after[1].isascii() and after[1].isalnum()
