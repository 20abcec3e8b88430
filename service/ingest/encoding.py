"""Bytes to text: which character encoding they are in.

UTF-8 tells itself from the rest. GB18030 and Big5 do not: most bytes of one are valid in the
other, so the reading that looks more like Chinese wins.
"""

import codecs
import re
from functools import cache

from service.errors import Unreadable
from service.text.han import HAN, HAN_CHARACTER, big5_level_one, gb2312_level_one

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The name that a page gives is often the older, smaller set of what it holds.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
}
# Servers name these without looking, so that UTF-8 is tried before them.
_GUESSED = frozenset({"cp1252", "latin-1"})
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_SAMPLE = 60_000
_LEAST_PLAUSIBLE = 0.5

# The most frequent characters of running Chinese (Simplified; the other script is derived).
_FREQUENT = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学"
    "么之都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因"
    "很给名法间斯知世什两次使身者被高已亲其进此话常与活正感见明问力理尔点文几定本公特做外孩相西果走将月十实向声车全信重"
    "三机工物气每并别真打太新比才便夫再书部水像眼等体却加电主界门利海受听表德少克代员许先口由死安写性马光白或住难望教命"
    "花结乐色更拉东神记处让母父应直字场平报友关放至张认接告入笑内英军候民岁往何度山觉路带万男边风解叫任金快原吃变通师立"
    "象数四失满战远格士音轻目条市区省县政府业产价资股型智技术网据模公司银投亿元百千二五六七八九"
)


def decode(raw: bytes, charset: str | None = None) -> str:
    """The text in `raw`. `charset` is what the sender said; it is believed when it fits.

    Reads UTF-8, UTF-16 and UTF-32 with a byte order mark, GB18030, Big5 (with its Hong Kong
    characters) and Windows-1252. Raises Unreadable for anything else, binary content included.
    """
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            text = _strict(raw, encoding)
            if text is None:
                raise Unreadable(
                    f"The text begins like {encoding[:6].upper()} but goes on otherwise."
                )
            return _checked(text)
    named = _codec(charset) or _codec(_declared(raw))
    order = ("utf-8", named) if named in _GUESSED else (named, "utf-8")
    for candidate in order:
        text = _strict(raw, candidate) if candidate else None
        if text is not None:
            return _checked(text)
    return _checked(_guess(raw))


def _declared(raw: bytes) -> str | None:
    if not raw[:200].lstrip().startswith(b"<"):
        return None
    found = _META.search(raw[:4096])
    return found[1].decode("ascii", "replace") if found else None


def _codec(charset: str | None) -> str | None:
    try:
        name = codecs.lookup(charset or "").name
    except (LookupError, ValueError):
        return None
    name = _SUPERSETS.get(name, name)
    # codecs also names transforms that are not encodings of text (rot13, zip).
    return name if getattr(codecs.lookup(name), "_is_text_encoding", True) else None


def _strict(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _checked(text: str) -> str:
    sample = text[:_SAMPLE]
    odd = len(_CONTROL.findall(sample))
    if odd > max(2, len(sample) // 100):
        raise Unreadable("This is not a text: it holds binary content.")
    return text


_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def _guess(raw: bytes) -> str:
    readings = [
        (_plausibility(text[:_SAMPLE]), text)
        for text in (_strict(raw, "gb18030"), _strict(raw, "big5hkscs"))
        if text is not None
    ]
    score, best = max(readings, key=lambda reading: reading[0], default=(-9.0, ""))
    western = _western(raw)
    if western is not None and score < 1.5:
        return western
    if score >= _LEAST_PLAUSIBLE:
        return best
    raise Unreadable("The character encoding is not known. Please send UTF-8.")


_CHINESE_PUNCTUATION = re.compile(r"[\u3000-\u3011\uff01-\uff5e“”‘’…—·￥]")
# One Han character between Latin letters: two accented letters, misread.
_LONELY = re.compile(rf"(?<=[A-Za-z])[{HAN}](?=[A-Za-z\s]|$)")


def _plausibility(text: str) -> float:
    """The likeness of the non-ASCII part of `text` to Chinese, about -3 to 3 a character."""
    foreign = [c for c in text if c > "\x7f"]
    if not foreign:
        return 0.0
    return (sum(map(_weight, foreign)) - 4 * len(_LONELY.findall(text))) / len(foreign)


@cache
def _weight(character: str) -> float:
    if character in _frequent():
        return 3
    if character in gb2312_level_one() or character in big5_level_one():
        return 1
    if _CHINESE_PUNCTUATION.match(character):
        return 1.5
    return -1.5 if HAN_CHARACTER.match(character) else -2


@cache
def _frequent() -> frozenset[str]:
    from opencc import OpenCC

    return frozenset(_FREQUENT + OpenCC("s2tw").convert(_FREQUENT))


def _western(raw: bytes) -> str | None:
    """Windows-1252 when `raw` reads as a Latin text with an accent here and there."""
    text = _strict(raw, "cp1252")
    if text is None:
        return None
    runs = _HIGH_RUN.findall(raw[:_SAMPLE])
    high = sum(map(len, runs))
    letters = len(_ASCII_LETTER.findall(raw[:_SAMPLE]))
    alone = sum(len(run) == 1 for run in runs)
    return text if high * 2 <= letters and alone * 10 >= len(runs) * 6 else None


_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
