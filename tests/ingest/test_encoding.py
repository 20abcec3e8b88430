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
    ("text", "encoding"),
    [
        ("시의회는 화요일에 항구 확장 계획을 통과시켰다. 공사비는 35억 원이다.", "euc-kr"),
        ("市議会は火曜日に港の拡張計画を可決した。工事費は三十五億円である。", "shift_jis"),
        ("市議会は火曜日に港の拡張計画を可決した。工事費は三十五億円である。", "euc-jp"),
        ("市議会は火曜日に港の拡張計画を可決した。", "iso2022_jp"),
        ("Городской совет во вторник одобрил расширение порта.", "cp1251"),
        ("Городской совет во вторник одобрил расширение порта.", "koi8-r"),
        ("Rada miasta przegłosowała we wtorek rozbudowę portu, mówią żeglarze.", "cp1250"),
        ("Το δημοτικό συμβούλιο ενέκρινε την Τρίτη την επέκταση του λιμανιού.", "cp1253"),
        ("وافق مجلس المدينة يوم الثلاثاء على توسيع الميناء.", "cp1256"),
        ("מועצת העיר אישרה ביום שלישי את הרחבת הנמל.", "cp1255"),
        ("สภาเมืองอนุมัติแผนขยายท่าเรือเมื่อวันอังคาร", "cp874"),
    ],
)
@pytest.mark.parametrize("named", [None, "gb2312", "iso-8859-1"])
def test_reads_what_others_wrote_before_utf8(text: str, encoding: str, named: str | None) -> None:
    assert decode(text.encode(encoding), named) == text


@pytest.mark.parametrize(("text", "encoding", "named"), [
    (HANS, "gb18030", "big5"), (HANT, "big5", "gb2312"), (HANT, "gb18030", "euc-kr"),
    (HANS, "utf-8", "gb2312"), ("Le café est fermé à midi, dit-on.", "cp1252", "gb2312"),
])  # fmt: skip
def test_a_wrong_name_of_the_encoding_is_not_believed(text: str, encoding: str, named: str) -> None:
    assert decode(text.encode(encoding), named) == text
    page = f'<html><head><meta charset="{named}"></head><body><p>{text}</p></body></html>'
    assert decode(page.encode(encoding)) == page


@pytest.mark.parametrize(("text", "encoding"), [
    (HANS, "utf-8"), (HANS, "gb18030"), (HANT, "big5"), (HANT, "utf-8"),
    ("The mayor said that the café on the quay would stay open – for now.", "utf-8"),
])  # fmt: skip
@given(data=st.data())
def test_a_bad_byte_costs_a_character_or_two_and_not_the_text(
    text: str, encoding: str, data: st.DataObject
) -> None:
    raw = text.encode(encoding)
    at = data.draw(st.integers(8, len(raw) - 10))
    while encoding == "utf-8" and at < len(raw) and 0x80 <= raw[at] < 0xC0:
        at += 1  # before a character
    read = decode(raw[:at] + b"\xff" + raw[at:])
    before, *_, after = read.split("\ufffd")
    assert 1 <= read.count("\ufffd") <= 2
    assert text.startswith(before)
    assert text.endswith(after[2:])
    assert len(after) > 2


@pytest.mark.parametrize("text", [HANS, "Die Häuser der Stadt, groß und klein, sind verkauft."])
def test_gibberish_in_every_encoding_is_refused(text: str) -> None:
    scrambled = bytes((byte * 7 + 93) % 128 + 128 for byte in text.encode("utf-8")) * 4
    with pytest.raises(Unreadable):
        decode(scrambled)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 4,
        b"text\x00\x00\x00\x00with\x00many\x00nuls\x00",
        b"\xff\xfeA",
        b"\x81\x8d\x8f\x90\x9d\xff\xff",
    ],
)
def test_bytes_that_are_not_text_are_refused(raw: bytes) -> None:
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
