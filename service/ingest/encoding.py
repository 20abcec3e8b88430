"""Bytes to text: which character encoding they are in.

UTF-8 tells itself from the rest. The older encodings do not: most bytes of one are valid in the
others, so the reading that looks most like a language wins, whatever name came with the bytes.
"""

import codecs
import re

from service.errors import Unreadable
from service.ingest.plausibility import is_frequent, plausibility

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
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "ascii": "cp1252",
}
# In the order in which a tie is decided.
_ENCODINGS = (
    "utf-8", "gb18030", "big5hkscs", "cp1252", "cp949", "cp932", "euc_jp", "cp1251", "koi8_r",
    "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp874",
)  # fmt: skip
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_SAMPLE = 60_000
# Prose is from 1.4 on, and random bytes reach 0.8. Of Latin text little is beyond ASCII, foreign
# names among it; where few letters are, a name of the encoding is evidence enough.
_LEAST, _LEAST_LATIN, _FEW = 1.1, 0.5, 20
_LATIN = frozenset({"cp1252", "cp1250", "cp1254"})
# The plausibility of another encoding above the named one, which few letters can't
# tell; and how much more than UTF-8, which hardly fits by chance.
_NAMED, _UTF_8 = 0.7, 2.0
# Of the characters beyond ASCII one in twenty may be lost, and three of a short text: one bad byte
# spoils its neighbours.
_OF_LOST, _LOST_OF_SHORT = 20, 3
_UNKNOWN = "The character encoding is not known. Please send UTF-8."


def decode(raw: bytes, charset: str | None = None) -> str:
    """The text in `raw`. `charset` is what the sender said; it is believed when it fits.

    Reads UTF-8, UTF-16 and UTF-32 with a byte order mark, and without one what China, Taiwan, Hong
    Kong, Japan, Korea and Europe wrote before it. A few bytes that fit nothing become U+FFFD, one
    in twenty characters beyond ASCII at most. Raises Unreadable for anything else: binary content,
    and text that would be gibberish in every encoding.
    """
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            text = _lenient(raw, encoding)
            if text is None:
                raise Unreadable(
                    f"The text begins like {encoding[:6].upper()} but goes on otherwise."
                )
            return _checked(text)
    if raw.isascii() and b"\x1b$" in raw:
        raw = raw.decode("iso2022_jp_ext", "replace").encode("utf-8", "replace")
    try:
        return _checked(raw.decode("utf-8"))
    except UnicodeDecodeError:
        named = _codec(charset) or _codec(_declared(raw))
    for encoding in _ranked(raw, named):
        if (text := _lenient(raw, encoding)) is not None:
            return _checked(text)
    raise Unreadable(_UNKNOWN)


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


def _ranked(raw: bytes, named: str | None) -> list[str]:
    """The encodings in which `raw` reads like a language, the most plausible first."""
    sample = raw[:_SAMPLE]
    scores: dict[str, float] = {}
    for encoding in dict.fromkeys((*_ENCODINGS, *([named] if named else []))):
        text = _lenient(sample, encoding)
        if text is not None:
            whole = text.replace("\ufffd", "") if encoding == "utf-8" else text
            score = plausibility(whole)
            if score >= _least(encoding, encoding == named, whole):
                preferred = _UTF_8 if encoding == "utf-8" and not whole.isascii() else 0.0
                # Servers name Windows-1252 without looking.
                chosen = _NAMED if encoding == named != "cp1252" else 0.0
                scores[encoding] = score + preferred + chosen
    return sorted(scores, key=lambda encoding: -scores[encoding])


def _least(encoding: str, is_named: bool, text: str) -> float:
    """The plausibility from which `text`, read as `encoding`, is believed."""
    beyond = len(_BEYOND_ASCII.findall(text))
    if encoding == "utf-8" or (is_named and beyond <= _FEW):
        return -_LEAST_LATIN
    if encoding in _LATIN and beyond * 2 <= len(_LETTER.findall(text)):
        return _LEAST_LATIN
    return _LEAST


def _lenient(raw: bytes, encoding: str) -> str | None:
    """`raw` in `encoding`, a few bytes of it lost where they fit nothing; None where many do."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode(encoding, "diglot.resync" if len(raw) <= _RESYNC_BYTES else "replace")
    except (LookupError, UnicodeError):
        return None
    lost = text.count("\ufffd")
    # UTF-8 hardly fits by chance, not even once.
    found = len(text) if encoding.startswith("utf-") else len(_BEYOND_ASCII.findall(text))
    few = lost <= _LOST_OF_SHORT and found >= 10 * lost
    return text if few or lost * _OF_LOST <= found else None


_RESYNC_BYTES = 400_000
_AHEAD = 24
_LETTER = re.compile("[A-Za-z]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def _resync(error: UnicodeError) -> tuple[str, int]:
    """U+FFFD for a byte that fits nothing, or for up to three, where more characters fit behind."""
    assert isinstance(error, UnicodeDecodeError)

    def fitting(at: int) -> int:
        ahead = error.object[at : at + _AHEAD].decode(error.encoding, "ignore")
        return len(_BEYOND_ASCII.findall(ahead)) * 2 + sum(map(is_frequent, ahead))

    return "\ufffd", max((error.start + 1 + skip for skip in range(3)), key=fitting)


codecs.register_error("diglot.resync", _resync)


def _checked(text: str) -> str:
    sample = text[:_SAMPLE]
    odd = len(_CONTROL.findall(sample))
    if odd > max(2, len(sample) // 100):
        raise Unreadable("This is not a text: it holds binary content.")
    return text


_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
