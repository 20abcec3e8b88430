"""Han characters: their range, the script that each belongs to, and the everyday ones.

Many characters are written alike in both scripts (中, 文), and some are a Simplified character and
another Traditional word at once (后, 里, 台). Only those that stand in one script alone are
evidence of it.
"""

import re
from collections.abc import Iterable
from functools import cache

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Every Han character, for a character class of a regular expression: the unified blocks, extension
A, the compatibility block, and the planes of the extensions B and later."""
HAN_CHARACTER = re.compile(f"[{HAN}]")
HAN_RUN = re.compile(f"[{HAN}]+")
_BASIC = range(0x4E00, 0xA000)
# In Big5, but as a rare word: in running text it is the Simplified 麼.
_SIMPLIFIED_TOO = "么"


@cache
def gb2312_level_one() -> frozenset[str]:
    """The 3,755 everyday characters of the Simplified standard GB 2312."""
    return _level("gb2312", (0xB0, 0xA1), (0xD7, 0xFE))


@cache
def big5_level_one() -> frozenset[str]:
    """The 5,401 everyday characters of the Traditional standard Big5."""
    return _level("big5", (0xA4, 0x40), (0xC6, 0x7E))


@cache
def jis_level_one() -> frozenset[str]:
    """The 2,965 everyday characters of the Japanese standard JIS X 0208."""
    return _level("euc_jp", (0xB0, 0xA1), (0xCF, 0xD3))


def _level(encoding: str, first: tuple[int, int], last: tuple[int, int]) -> frozenset[str]:
    found: set[str] = set()
    for lead in range(first[0], last[0] + 1):
        for trail in range(0x40, 0xFF):
            if first <= (lead, trail) <= last:
                found.update(_decoded(bytes((lead, trail)), encoding))
    return frozenset(found)


def _decoded(code: bytes, encoding: str) -> str:
    try:
        return code.decode(encoding)
    except UnicodeDecodeError:
        return ""


@cache
def to_simplified() -> dict[str, str]:
    """Each character that stands in Traditional text only, with its Simplified form."""
    forms = _changed("tw2s") | _changed("hk2s") | _changed("tw2s")
    only = {form: to for form, to in forms.items() if form not in gb2312_level_one()}
    return {form: only.get(to, to) for form, to in only.items()}


@cache
def to_traditional() -> dict[str, str]:
    """Each character that stands in Simplified text only, with its usual Traditional form."""
    forms = _changed("s2t")
    local = _changed("s2tw")  # Hong Kong's own forms (着) change here alone, so both must agree
    only = {
        form: local[form]
        for form in forms.keys() & local.keys()
        if form not in big5_level_one() and form not in to_simplified()
    }
    only |= dict.fromkeys(_SIMPLIFIED_TOO, "麼")
    return {form: to for form, to in only.items() if to not in only}


def _changed(config: str) -> dict[str, str]:
    from opencc import OpenCC

    characters = [chr(code) for code in _BASIC]
    # A newline between keeps OpenCC from reading two neighbours as one word.
    forms = OpenCC(config).convert("\n".join(characters)).split("\n")
    return {c: form for c, form in zip(characters, forms, strict=True) if c != form}


def script_evidence(text: str) -> tuple[int, int]:
    """The numbers of characters of `text` that are Simplified only, and Traditional only."""
    simplified, traditional = (len(found.findall(text)) for found in _of_one_script())
    return simplified, traditional


@cache
def _of_one_script() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return any_of(to_traditional()), any_of(to_simplified())


def any_of(characters: Iterable[str]) -> re.Pattern[str]:
    """Takes any one of the characters; a search is several times as fast as a loop."""
    return re.compile(f"[{re.escape(''.join(characters))}]")
