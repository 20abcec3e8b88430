import itertools
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.numerals import Figure, find_figures, render


def facts(text: str, hint: str | None = None) -> list[tuple[str, tuple[float, ...], str | None]]:
    return [(f.kind, tuple(float(v) for v in f.values), f.unit) for f in find_figures(text, hint)]


SAME = {
    "US$14.3 billion": [
        "143億美元",
        "143亿美元",
        "143 億 美元",
        "１４３億美元",
        "14.3 billion dollars",
        "14,300 million dollars",
        "US$14.3bn",
        "$14.3 billion",
        "USD 14.3 billion",
        "一百四十三億美元",
        "14,300,000,000美元",
    ],
    "US$70–72 billion": [
        "700億至720億美元",
        "700-720億美元",
        "700亿美元到720亿美元",
        "between $70 billion and $72 billion",
        "70–72 billion dollars",
        "$70 billion to $72 billion",
    ],
    "4%": ["4 per cent", "4 percent", "four percent", "百分之四", "百分之4", "4％"],
    "2.5%": ["百分之二点五", "百分之2.5", "2.5 percent"],
    "4 percentage points": ["四個百分點", "4个百分点"],
    "30%": ["三成", "百分之三十"],
    "one third": ["三分之一", "a third"],
    "half of the": ["一半"],
    "December 10": ["12月10日", "10 December", "Dec. 10", "十二月十日", "10 Dec", "December 10th"],
    "December 10, 2025": [
        "2025年12月10日",
        "Dec. 10, 2025",
        "2025-12-10",
        "10 December 2025",
        "二〇二五年十二月十日",
        "2025 年 12 月 10 日",
    ],
    "November 25": ["11月廿五日", "11月25號", "十一月二十五日"],
    "Q1 2026": ["2026年第一季", "2026年第一季度", "first quarter of 2026", "2026年首季"],
    "June 2025": ["2025年6月", "Jun. 2025", "二〇二五年六月"],
    "the 1990s": ["1990年代", "90年代", "20世纪90年代", "二十世紀九十年代", "'90s"],
    "the 18th century": ["18世纪", "十八世紀", "eighteenth century"],
    "3 pm": ["下午3時", "下午三点", "15:00", "3 p.m.", "15时0分"],
    "9:30 am": ["上午9时30分", "早上九点半", "9:30 a.m."],
    "600 people": ["六百人", "600名", "six hundred people"],
    "600,000 residents": ["60萬居民", "60万居民", "600,000 people", "六十万市民"],
    "30,000 households": ["3萬住戶", "3万户家庭", "三万户"],
    "1.2 million users": ["120萬用戶", "120万用户"],
    "35,000 people": ["3.5萬人", "三万五千人", "3万5000人"],
    "US$1.5 trillion": ["1.5萬億美元", "1.5兆美元", "一万五千亿美元"],
    "half a million": ["50万", "五十万", "500,000"],
    "24 people": ["two dozen people", "二十四人", "廿四人"],
    "120 million": ["1亿2000万", "1億2,000萬", "一亿二千万"],
    "RMB 1.2 million": ["壹佰贰拾万元", "120万元", "1.2 million yuan", "人民币120万元"],
    "HK$3.8 million": ["380萬港元", "港币380万元"],
    "NT$5 billion": ["新台幣50億元", "50億元新台幣"],
    "€20": ["20欧元", "20 euros"],
    "£1,240": ["1240英镑", "1,240 pounds"],
    "300 million yen": ["3億日圓", "3亿日元"],
    "14.2 km": ["14.2公里", "14.2 kilometres"],
    "640 hectares": ["640公頃", "640公顷"],
    "-5 °C": ["零下5攝氏度", "minus 5 degrees Celsius", "-5°C", "零下五摄氏度"],
    "NT$240 million": ["新台幣２億４，０００萬元", "2.4億元新台幣"],
    "2/3": ["三分之二", "two thirds"],
    "25 basis points": ["25个基点", "二十五個基點"],
    "four in ten": ["十分之四", "4 out of 10"],
    "28-year-old": ["28歲", "28岁", "28 years old"],
    "three and a half years": ["三年半", "3.5 years"],
    "two decades": ["二十年", "20 years"],
    "13th": ["第13", "第十三", "十三號", "13号"],
    "twenty-five": ["25", "二十五"],
}


@pytest.mark.parametrize(
    ("english", "other"), [(english, other) for english, others in SAME.items() for other in others]
)
def test_spellings_of_one_fact_read_the_same(english: str, other: str) -> None:
    assert facts(english), english
    assert facts(other) == facts(english)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "一定 一些 十分满意 萬一 千萬別走 一帶一路 三心二意 统一 四川 五角大樓 百度 两岸",
        "一个工程师，一位老人，一次会议",
        "Llama 4, GPT-5, Claude Opus 4.5, A320, COVID-19, 4G, H20, Boeing 747, Windows 11",
        "Llama 4發布後，R1模型與Gemini 3落後；伊尔-76",
        "數十億美元，數(shù)十億美元，上億美元，億元薪酬，十幾萬人，几十人",
        "No one knows; this one and that one",
        "京公网安备 11011402013531号，192.168.0.1，v1.2.3",
        "7,5 und 1,2,3",
        "The March of progress may go on. 周三，星期五，禮拜六",
    ],
)
def test_words_and_names_are_not_figures(text: str) -> None:
    assert facts(text) == []


@pytest.mark.parametrize("text", ["高三学生与大二學生", "小六學生"])
def test_a_year_at_school_counts_no_students(text: str) -> None:
    assert "person" not in [figure.unit for figure in find_figures(text)]


@pytest.mark.parametrize(
    ("hint", "unit"), [("zh-Hans", "CNY"), ("zh-Hant", None), ("zh-TW", None), (None, "CNY")]
)
def test_the_currency_of_a_bare_yuan(hint: str | None, unit: str | None) -> None:
    (figure,) = find_figures("收入96.8億元", hint)
    assert figure.unit == unit


@pytest.mark.parametrize(
    ("hint", "euros"), [("de", 1500), ("fr", 1500), ("en", 1.5), ("zh-Hans", 1.5), (None, 1.5)]
)
def test_the_meaning_of_a_dot(hint: str | None, euros: float) -> None:
    assert facts("1.500 euros", hint) == [("money", (euros,), "EUR")]


@pytest.mark.parametrize("text", ["2010至2015年", "12月10至12日", "3-5月", "2010–2015"])
def test_both_ends_of_a_range_of_dates_are_read(text: str) -> None:
    assert len([value for f in find_figures(text) for value in f.values]) >= 2


def test_figures_stand_where_they_say() -> None:
    text = "他說１４３億美元，about ７０％ by Ｄｅｃ 10."
    figures = find_figures(text)
    assert [f.text for f in figures] == ["１４３億美元", "７０％", "Ｄｅｃ 10"]
    assert all(text[f.start : f.end] == f.text for f in figures)


# ---- generated values, in several spellings of each language ----

HAN = "零一二三四五六七八九"


def han(n: int) -> str:
    """A number below 10**12 as Chinese writes it, by the textbook rule."""
    for scale, name in ((10**8, "亿"), (10**4, "万")):
        if n >= scale:
            high, low = divmod(n, scale)
            gap = "零" if 0 < low < scale // 10 else ""
            return han(high) + name + gap + (han(low) if low else "")
    written, gap = "", False
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, n = divmod(n, scale)
        if digit:
            written += ("零" if gap and written else "") + HAN[digit] + name
            gap = False
        else:
            gap = bool(written)
    return written


ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
).split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()


def words(n: int) -> str:
    """A number below 10**12 in English words."""
    for scale, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        if n >= scale:
            high, low = divmod(n, scale)
            return f"{words(high)} {name}" + (f" {words(low)}" if low else "")
    if n >= 100:
        high, low = divmod(n, 100)
        return f"{ONES[high]} hundred" + (f" and {words(low)}" if low else "")
    if n >= 20:
        return TENS[n // 10] + (f"-{ONES[n % 10]}" if n % 10 else "")
    return ONES[n]


def value(text: str) -> Fraction:
    (figure,) = find_figures(text)
    assert figure.kind == "money"
    return figure.values[0]


@given(st.integers(2, 10**12 - 1))
def test_whole_amounts_read_back(n: int) -> None:
    for text in (
        f"{n}美元",
        f"{n:,}美元",
        f"{han(n)}美元",
        f"US${n:,}",
        f"{n} dollars",
        f"{words(n)} dollars",
    ):
        assert value(text) == n, text


@given(st.integers(1, 99_999), st.integers(0, 2))
def test_scaled_amounts_read_back(mantissa: int, decimals: int) -> None:
    number = Fraction(mantissa, 10**decimals)
    written = f"{float(number):.{decimals}f}"
    for scale, spellings in (
        (10**4, ("{}万美元", "{}萬 美元")),
        (10**8, ("{}亿美元", "{} 億美元")),
        (10**12, ("{}万亿美元", "{}兆美元", "${} trillion", "US${}tn")),
        (10**9, ("US${} billion", "{} billion dollars", "${}bn")),
        (10**6, ("US${} million", "{} million dollars", "{}百万美元")),
    ):
        for spelling in spellings:
            assert value(spelling.format(written)) == number * scale


@given(st.dates())
def test_dates_read_back(day: date) -> None:
    if not 1000 <= day.year <= 2199:
        return
    month = day.strftime("%B")
    for text in (
        f"{day.year}年{day.month}月{day.day}日",
        f"{month} {day.day}, {day.year}",
        f"{day.day} {month} {day.year}",
        day.isoformat(),
        "".join("〇一二三四五六七八九"[int(c)] for c in str(day.year))
        + f"年{han(day.month).removeprefix('一') if day.month >= 10 else han(day.month)}月"
        + f"{han(day.day).removeprefix('一') if 10 <= day.day < 20 else han(day.day)}日",
    ):
        assert facts(text) == [("date", (day.year, day.month, day.day), "Y-M-D")], text


@given(
    st.sampled_from(["money", "percent", "measure"]),
    st.integers(2, 10**13),
    st.sampled_from([1, 10, 100]),
    st.sampled_from(["", "more", "least", "less", "most", "about"]),
)
def test_a_rendered_figure_reads_back(kind: str, n: int, part: int, bound: str) -> None:
    unit = {"money": "USD", "percent": "%", "measure": "person"}[kind]
    number = Fraction(n, part)
    figure = Figure("", 0, 0, kind, (number,), unit, bound)  # type: ignore[arg-type]
    for language in ("en", "zh"):
        (again,) = find_figures(render(figure, language))
        assert (again.kind, again.values, again.unit) == (kind, (number,), unit)
        assert again.bound == bound


@given(
    st.one_of(
        st.text(),
        st.text("0123456789,.一二十百千万亿年月日点分之第半成$€%至-oneadhlfthirdMay :"),
        st.text(st.characters(categories=["Cs", "Nd", "No", "Lo"])),
    )
)
def test_any_text_is_read_without_an_error(text: str) -> None:
    figures = find_figures(text)
    assert all(text[f.start : f.end] == f.text and f.values for f in figures)
    assert all(a.end <= b.start for a, b in itertools.pairwise(figures))
    for figure in figures:
        assert render(figure, "en")
        assert render(figure, "zh")
