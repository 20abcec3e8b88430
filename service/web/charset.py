"""Character encodings of bodies, by the labels of the WHATWG Encoding Standard."""

import codecs
import re

import webencodings

from service.errors import Unreadable, Unsupported
from service.web.json_reader import echo

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# GB18030 holds all of GBK; text that is called ASCII and has other bytes is mostly UTF-8.
_SUPERSETS = {"gbk": "gb18030", "cp936": "gb18030", "cp950": "big5hkscs"}
_NO_TEXT = frozenset(("replacement", "x-user-defined"))
_ASCII = frozenset(("ascii", "us-ascii"))
_CODE_PAGE = re.compile(r"(?:cp|ms|windows-|x-cp)(\d{3,5})")
_COMMENT = re.compile(rb"<!--.*?(?:-->|$)", re.DOTALL)
_META = re.compile(rb"<meta\b[^>]{0,400}?\bcharset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE)
_HEAD = 4096  # bytes in which a page names its charset; the standard looks at 1,024


def decode(raw: bytes, label: str | None, *, is_page: bool = False) -> str:
    """The text of a body; `label` is the charset that came with it.

    A byte order mark goes before the label, and the label before what a page says of itself;
    without any it is UTF-8. Raises Unsupported for an unknown label, and Unreadable.
    """
    codec = codec_of(label) if label else None
    if label and codec is None:
        raise Unsupported(f"The charset {echo(label)} is not known; UTF-8 is the best choice.")
    for mark, marked in _BOMS:
        if raw.startswith(mark):
            return _decode(raw[len(mark) :], marked, marked)
    if label and codec:
        return _decode_as(raw, label, codec)
    declared = _declared(raw) if is_page else None
    if declared:
        try:
            return _decode_as(raw, *declared)
        except Unreadable:
            pass  # many a page is UTF-8 and says something else
    return _decode(raw, "utf-8", "utf-8")


def codec_of(label: str) -> str | None:
    """Python's name of the encoding that the web means by `label`."""
    name = label.strip().lower()
    found = webencodings.lookup(name)
    if found is not None:
        codec = str(found.codec_info.name)
        return None if codec in _NO_TEXT else _SUPERSETS.get(codec, codec)
    if page := _CODE_PAGE.fullmatch(name):  # those that the standard does not list
        codec = _SUPERSETS.get(f"cp{page[1]}", f"cp{page[1]}")
        try:
            return codecs.lookup(codec).name
        except LookupError:
            return None
    return None


def _declared(raw: bytes) -> tuple[str, str] | None:
    """The label that a page gives in its head, and its codec."""
    head = _COMMENT.sub(b"", raw[:_HEAD])
    found = _XML.match(head) or _META.search(head)
    label = found[1].decode("ascii", "replace") if found else ""
    codec = codec_of(label)
    # A page that could be read so far is not in UTF-16, whatever it says.
    return None if codec is None or codec.startswith("utf-16") else (label, codec)


def _decode_as(raw: bytes, label: str, codec: str) -> str:
    if label.strip().lower() in _ASCII:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return _decode(raw, label, codec)


def _decode(raw: bytes, label: str, codec: str) -> str:
    try:
        return raw.decode(codec, "diglot.c1" if codec == "cp1252" else "strict")
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"The body is not {echo(label).upper()}: byte {error.start:,} can't be decoded. Send"
            " UTF-8, or name the charset: Content-Type: text/plain; charset=gb18030"
        ) from error


def _as_control(error: UnicodeError) -> tuple[str, int]:
    """The five bytes that Windows-1252 leaves out, as the standard reads them."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("diglot.c1", _as_control)
