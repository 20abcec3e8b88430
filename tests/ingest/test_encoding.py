from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Unreadable
from service.ingest.encoding import decode

HANS = (
    "市气象台提醒，未来三天气温将下降八度，出行请注意保暖。公司表示，新工厂明年投产，员工约三千人。"
)
HANT = (
    "市氣象臺提醒，未來三天氣溫將下降八度，出行請注意保暖。公司表示，新工廠明年投產，員工約三千人。"
)


@pytest.mark.parametrize("text", [HANS, HANT, "Meta 发布 Llama 4 模型", "The mayor said no."])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_reads_each_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "text", [HANT, "彭博社報道，Meta 的新模型「牛油果」明年推出", "邨裏嘅人喺度"]
)
def test_reads_big5_with_hong_kong_characters(text: str) -> None:
    assert decode(text.encode("big5hkscs"), "big5") == text


@given(st.data())
def test_tells_gb18030_from_big5_from_eight_characters_on(data: st.DataObject) -> None:
    text, encoding = data.draw(
        st.sampled_from([(HANS, "gb18030"), (HANT, "gb18030"), (HANT, "big5hkscs")])
    )
    start = data.draw(st.integers(0, len(text) - 8))
    part = text[start : data.draw(st.integers(start + 8, len(text)))]
    around = data.draw(st.sampled_from(["{}", "Meta {} AI", "The report, {}, came late."]))
    whole = around.format(part)
    assert decode(whole.encode(encoding)) == whole


@pytest.mark.parametrize(
    "text", ["Le café est fermé à midi.", "“It’s £5,” she said — again.", "El niño comió mañana."]
)
def test_reads_western_text(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


def test_believes_a_charset_that_fits_and_forgives_one_that_does_not() -> None:
    assert decode("联通".encode("gbk"), "GBK") == "联通"
    assert decode("中文报道".encode(), "big5") == "中文报道"
    assert decode("中文报道".encode(), "iso-8859-1") == "中文报道"
    assert decode("中文报道".encode(), "no-such-set") == "中文报道"
    assert decode(b"text", "rot13") == "text"


def test_reads_the_charset_of_a_page() -> None:
    page = '<html><head><meta charset="gb2312"><title>联通</title></head></html>'
    assert decode(page.encode("gbk")) == page


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 4,
        b"text\x00\x00\x00\x00with\x00many\x00nuls\x00",
        b"\xff\xfeA",
        b"\x81\x8d\x8f\x90\x9d\xff\xff",
    ],
)
def test_refuses_what_is_no_text(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(raw)


@given(st.binary(max_size=400), st.sampled_from([None, "gbk", "utf-8", "latin-1", "zip", "\0"]))
def test_any_bytes_give_text_or_unreadable(raw: bytes, charset: str | None) -> None:
    with suppress(Unreadable):
        assert isinstance(decode(raw, charset), str)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
@settings(deadline=None)
def test_utf8_comes_back_equal(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")
