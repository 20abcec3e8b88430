"""Cleaning inside a line: damage by encodings, markup, pinyin, width, control characters."""

import html
import re
import unicodedata
from collections import Counter

from service.article import Markup
from service.text.han import HAN
from service.text.offsets import TextWithOffsets

_BLOCK = "p|div|li|ul|ol|h[1-6]|tr|table|blockquote|section|article|header|footer|figure|figcaption"
LINE_END = re.compile(
    rf"\r\n|[\n\r\x0b\x0c\x1c-\x1e\u2028\u2029]|<br\s{{0,9}}/?>|</?(?:{_BLOCK})(?:\s[^<>]*)?>",
    re.IGNORECASE,
)

_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_IMAGE = re.compile(
    r"!\[[^\[\]\n]*\](?:\([^()\n]*\)|\[[^\[\]\n]*\])"
    r"|<img(?:\s[^<>]*)?>"
    r"|!?[\[【](?:图片?|圖片?|视频|視頻|影片|动图|動圖|表情|image|img|photo|video|gif)"
    r"(?:[ :：]?[\w.\-]{0,40})?[\]】]",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"<!--[^<>]*-->|</?(?:a|b|i|u|s|em|strong|span|font|small|big|sup|sub|mark|code|pre|q|cite"
    r"|img|hr|wbr|iframe|video|audio|source|script|style|link|meta|td|th|tbody|thead|nav"
    r"|main|aside"
    r"|center|label|button|form|input|svg|path|html|body|head|title|abbr|time|picture|br)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?<!!)\[([^\[\]\n]+)\]\([^()\s]*(?: \"[^\"\n()]*\")?\)")
_AUTOLINK = re.compile(r"<(https?://[^\s<>]+)>")
_STRONG = re.compile(r"(?<!\*)\*\*(?=\S)([^*\n]*[^*\s])\*\*(?!\*)")
_MARKDOWN = (
    # Han characters have no space between words, so that emphasis begins and ends beside one.
    re.compile(rf"(?<!\*)(?<![^\W{HAN}])\*(?=[^\s*])([^*\n]*[^*\s])\*(?!\*|[^\W{HAN}])"),
    re.compile(r"(?<![\w_])__?(?=[^\s_])([^_\n]*[^_\s])__?(?![\w_])"),
    re.compile(r"~~([^~\n]+)~~"),
    re.compile(r"`([^`\n]+)`"),
)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")
_FOOTNOTE = re.compile(r"\[\^[\w-]{1,20}\]:?")
# One Han character's reading, tone mark and all: 發(fā). (AI) and (fa) stay.
_PINYIN = re.compile(
    rf"(?<=[{HAN}])[(（](?=[^()（）]{{0,6}}[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ])"
    r"[a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ]{1,6}[)）]"
)
_WIDE = re.compile(r"[０-９Ａ-Ｚａ-ｚ]+(?:．[０-９]+|，[０-９]{3}(?![０-９])|％)*")
# Kana of half width, with its own brackets and marks: ﾚｼﾞ袋
_HALF = re.compile("[\uff61-\uff9f]+")
_LOST = re.compile(r"(?:\ufffd|锟斤拷)+")
# Joiners stay: emoji and Persian need them. Bidirectional overrides go: they hide text.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_ODD_SPACE = r"\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_SPACE = re.compile(f" [ {_ODD_SPACE}]+|[{_ODD_SPACE}][ {_ODD_SPACE}]*")
# Every pattern below needs one of these characters. Most lines hold none, and cost nothing more.
_UNTIDY = re.compile(
    rf"[<&*\[【(（０-９Ａ-Ｚａ-ｚ\uff61-\uff9f\ufffd锟]|{_CONTROL.pattern}|{_SPACE.pattern}"
)
_HIGH = re.compile(r"[\x80-\xff\u0152-\u0178\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{2,1000}")
_MOJIBAKE_LEAD = re.compile(r"[ÂÃâäåæçèéïðÐÑ]")


def tidy(line: TextWithOffsets, markup: Markup, removed: Counter[str]) -> TextWithOffsets:
    """The line without damage and markup; what was removed is counted in `removed`."""
    text = line.text
    if not text.isascii() and _MOJIBAKE_LEAD.search(text):
        line = _count(removed, "mojibake", line.substitute(_HIGH, _repair))
        line = _count(removed, "mojibake", line.substitute(_utf8_in_latin(), _repair))
    if markup != "markdown" and not _UNTIDY.search(line.text):
        return line.strip()
    if "&" in text:
        line = _count(removed, "markup", line.substitute(_ENTITY, _unescape))
    line = _count(removed, "image_marker", line.substitute(_IMAGE, " "))
    line = _unmark(line, markup, removed)
    if not text.isascii():
        line = _count(removed, "pinyin", line.substitute(_PINYIN, ""))
        line = _count(removed, "width", line.substitute(_WIDE, _narrow))
        line = _count(removed, "width", line.substitute(_HALF, _widen))
        line = _count(removed, "mojibake", line.substitute(_LOST, ""))
    line = _count(removed, "control", line.substitute(_CONTROL, ""))
    line, _ = line.substitute(_SPACE, " ")
    return line.strip()


def _count(
    removed: Counter[str], kind: str, changed: tuple[TextWithOffsets, int]
) -> TextWithOffsets:
    line, count = changed
    if count:
        removed[kind] += count
    return line


def _unmark(line: TextWithOffsets, markup: Markup, removed: Counter[str]) -> TextWithOffsets:
    if "<" in line.text:
        line = _count(removed, "markup", line.unwrap(_AUTOLINK))
        line = _count(removed, "markup", line.substitute(_TAG, ""))
    if "](" in line.text:
        line = _count(removed, "markup", line.unwrap(_LINK))
    if "**" in line.text:
        line = _count(removed, "markup", line.unwrap(_STRONG))
    if markup == "markdown":
        for pattern in _MARKDOWN:
            line = _count(removed, "markup", line.unwrap(pattern))
        line = _count(removed, "markup", line.substitute(_FOOTNOTE, ""))
        line = _count(removed, "markup", line.unwrap(_ESCAPE))
    return line


def _unescape(match: re.Match[str]) -> str:
    character = html.unescape(f"&{match[1]};")
    return " " if character.isspace() else character


def _narrow(match: re.Match[str]) -> str:
    return "".join(chr(ord(c) - 0xFEE0) for c in match.group())


def _widen(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match.group())


def _repair(match: re.Match[str]) -> str | None:
    """UTF-8 that was read as Windows-1252, read again; None when it was not.

    Only bytes that form whole UTF-8 characters pass, and ftfy must find the run implausible as
    it stands: « CAFÉ» is such bytes too, and is French.
    """
    import ftfy.bad_codecs  # noqa: F401  (registers sloppy-windows-1252)
    from ftfy.badness import is_bad

    run = match.group()
    if not is_bad(run):
        return None
    for encoding in ("latin-1", "sloppy-windows-1252"):
        try:
            return run.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return _mostly_chinese(run)


def _mostly_chinese(run: str) -> str | None:
    """The remains of Chinese that lost bytes on its way through Windows-1252."""
    try:
        text = run.encode("sloppy-windows-1252").decode("utf-8", "replace")
    except UnicodeError:
        return None
    han = sum("\u3400" <= c <= "\u9fff" for c in text)
    return text.replace("\ufffd", "") if han >= 2 and han * 10 >= len(text) * 6 else None


def _utf8_in_latin() -> re.Pattern[str]:
    from ftfy.chardata import UTF8_DETECTOR_RE

    pattern: re.Pattern[str] = UTF8_DETECTOR_RE
    return pattern
