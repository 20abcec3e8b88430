"""Charsets by the web's names, byte order marks, and pages that name their own."""

import codecs

import pytest
from webencodings import LABELS

from service.errors import Unreadable, Unsupported
from service.web.charset import codec_of, decode

SAMPLES = {
    "latin1": "Café “déjà” – über",
    "cp1252": "Café “déjà” – über",
    "x-gbk": "镇议会投票决定建一座桥。",
    "cp936": "镇议会投票决定建一座桥。",
    "GB2312": "镇议会投票决定建一座桥。",
    "big5-hkscs": "鎮議會投票決定建一座橋，喺度。",
    "windows-1250": "Żółć",
    "iso-8859-2": "Żółć",
    "koi8-r": "Мост",
    "windows-1251": "Мост",
    "windows-1256": "جسر",
    "windows-874": "สะพาน",
    "cp949": "다리 똠방",
    "euc-kr": "다리 똠방",
    "cp932": "橋①",
    "shift_jis": "橋①",
    "iso-2022-jp": "橋",
    "euc-jp": "橋",
    "utf8": "Bridge 桥",
    "utf-16le": "Bridge 桥",
    "utf-16be": "Bridge 桥",
}


@pytest.mark.parametrize(("label", "text"), SAMPLES.items())
def test_a_name_of_the_web_is_read(label: str, text: str) -> None:
    codec = codec_of(label)
    assert codec is not None
    assert decode(text.encode(codec), f" {label.upper()} ") == text


def test_each_name_of_the_standard_means_an_encoding_or_is_refused() -> None:
    for label, name in LABELS.items():
        codec = codec_of(label)
        assert (codec is None) == (name in {"replacement", "x-user-defined"})
        if codec and not codec.startswith("utf-16"):
            assert decode(b"Bridge", label) == "Bridge"


@pytest.mark.parametrize(
    "label", ["zlib", "hex", "rot13", "utf-7", "unicode_escape", "cp99999", "桥"]
)
def test_a_charset_unknown_to_the_web_is_refused(label: str) -> None:
    with pytest.raises(Unsupported, match="is not known"):
        decode(b"a", label)


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
@pytest.mark.parametrize("label", [None, "utf-8", "gbk", "utf-16"])
@pytest.mark.parametrize("text", ["A bridge.", "一座桥。"])
def test_a_byte_order_mark_goes_before_the_label(
    mark: bytes, codec: str, label: str | None, text: str
) -> None:
    assert decode(mark + text.encode(codec), label) == text


@pytest.mark.parametrize(
    "head",
    [
        '<meta charset="gb2312">',
        "<META CHARSET=GBK>",
        "<html><head><meta http-equiv='Content-Type' content='text/html; charset=gb2312'>",
        '<?xml version="1.0" encoding="gb2312"?><html>',
        '<!-- <meta charset="big5"> --><meta charset=gb18030>',
    ],
)
@pytest.mark.parametrize("text", ["The bridge is new.", "桥是新的，耗资一千二百万元。"])
def test_a_page_names_its_own_charset(head: str, text: str) -> None:
    page = f"{head}<p>{text}</p>"
    assert decode(page.encode("gb18030"), None, is_page=True) == page
    with pytest.raises(Unreadable, match="not UTF-8"):
        decode("<p>桥".encode("gb18030") + page.encode("gb18030"), None)  # a text names none


@pytest.mark.parametrize("declared", ["gb2312", "iso-8859-1x", "utf-16", "shift_jis", ""])
def test_a_page_that_says_something_else_than_it_is(declared: str) -> None:
    page = f'<meta charset="{declared}"><p>The “bridge” 桥很好</p>'
    assert decode(page.encode(), None, is_page=True) in {
        page,
        page.encode().decode("gb18030", "replace"),  # bytes that are valid in both
    }


def test_the_label_goes_before_the_page_itself() -> None:
    page = '<meta charset="gb2312"><p>橋'
    assert decode(page.encode("big5"), "big5", is_page=True) == page


def test_bytes_that_windows_1252_leaves_out_are_control_characters() -> None:
    assert decode(b"a\x81\x93b", "iso-8859-1") == "a\x81\u201cb"


@pytest.mark.parametrize("text", ["Café", "桥"])
def test_text_labelled_ascii_is_read_as_utf_8(text: str) -> None:
    assert decode(text.encode(), "us-ascii") == text
    assert decode(b"Caf\xe9", "us-ascii") == "Café"
