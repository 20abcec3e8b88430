"""Numbers that a text implies without stating them: a, both, twice, centenary, 双, 翻番, 上万.

They support a figure of another text, and ask for nothing themselves.
"""

import re
from fractions import Fraction

from service.facts.numerals.values import scale_zh

_WORDS: dict[str, tuple[int, ...]] = {
    "zero none nil no without": (0,),
    "a an one once single first sole only another each": (1,),
    "two twice double doubled doubling doubles both pair couple second twins duo": (2,),
    "three thrice triple tripled third trio": (3,),
    "four fourth quadruple": (4,),
    "five fifth": (5,), "six sixth": (6,), "seven seventh": (7,), "eight eighth": (8,),
    "nine ninth": (9,), "decade decades": (10,), "dozen dozens": (12,), "score": (20,),
    "century centenary centennial centuries hundred hundreds": (100,),
    "thousand thousands millennium": (1000,), "million millions": (10**6,),
    "billion billions": (10**9,), "trillion trillions": (10**12,),
}  # fmt: skip
_BY_WORD = {word: values for words, values in _WORDS.items() for word in words.split()}
_RATIOS = {"half": (1, 2), "halve": (1, 2), "halved": (1, 2), "quarter": (1, 4), "quarters": (3, 4),
           "third": (1, 3), "thirds": (2, 3), "fifth": (1, 5), "sixth": (1, 6), "eighth": (1, 8),
           "tenth": (1, 10)}  # fmt: skip
_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]+(?![A-Za-z])")
# In his 40s, temperatures in the 90s
_ROUND = re.compile(r"(?<![0-9'’])(?P<n>[1-9]0)['’]?s\b|\b(?P<word>twent|thirt|fort|fift)ies\b")
_TENS = {"twent": 20, "thirt": 30, "fort": 40, "fift": 50}
_HAN_VALUES = {
    "零": (0,), "无": (0,), "無": (0,), "一": (1,), "首": (1,), "单": (1,), "單": (1,), "独": (1,),
    "某": (1,), "二": (2,), "两": (2,), "兩": (2,), "双": (2,), "雙": (2,), "倍": (2,), "番": (2,),
    "俩": (2,), "三": (3,), "仨": (3,), "四": (4,), "五": (5,), "六": (6,), "七": (7,), "八": (8,),
    "九": (9,), "十": (10,),
}  # fmt: skip
_BARE_SCALE = re.compile(
    "(?<![0-9一二三四五六七八九十百千万萬亿億两兩])(?:[十百千]?[万萬亿億]{1,2}|[百千])"
)
# Numbers that a name has in one of the languages only: COVID-19 is 新冠, 十三五 the 13th plan.
_NAMED = (
    (re.compile("新冠|冠[状狀]病毒|疫情"), (19,)),
    (re.compile("一二五|十二五"), (12,)), (re.compile("十三五"), (13,)),
    (re.compile("十四五"), (14,)), (re.compile("十五五"), (15,)),
    (re.compile("9/11"), (911,)),
)  # fmt: skip
_BORN = re.compile("(?P<n>[5-9]0|零零|00)[后後]")
_THIS_CENTURY = re.compile("本世[纪紀]")
_LAST_CENTURY = re.compile("上个?個?世[纪紀]")
_TIMES = {"noon": 720, "midday": 720, "midnight": 0, "中午": 720, "正午": 720, "午夜": 0}


class Implied:
    """The figures that a text implies: plain numbers, parts and times of day."""

    def __init__(self, text: str) -> None:
        lower = text.lower()
        words = set(_WORD.findall(lower))
        numbers = {value for word in words for value in _BY_WORD.get(word, ())}
        numbers |= {value for c in set(text) for value in _HAN_VALUES.get(c, ())}
        numbers |= {scale_zh(scale) for scale in _BARE_SCALE.findall(text)}
        numbers |= {int(m["n"]) if m["n"] else _TENS[m["word"]] for m in _ROUND.finditer(lower)}
        if _THIS_CENTURY.search(text):
            numbers |= {21, 2000}
        if _LAST_CENTURY.search(text):
            numbers |= {20, 1900}
        numbers |= {value for name, values in _NAMED if name.search(text) for value in values}
        for found in _BORN.finditer(text):
            numbers.add(1900 + int(found["n"]) if found["n"].isdigit() else 2000)
        self.numbers = {Fraction(value) for value in numbers}
        self.ratios = {Fraction(*_RATIOS[word]) for word in words & _RATIOS.keys()}
        if "半" in text:
            self.ratios.add(Fraction(1, 2))
        self.times = {Fraction(minute) for word, minute in _TIMES.items() if word in lower}

    def has(self, group: str, value: Fraction) -> bool:
        """True when the text implies a value of the group."""
        if group == "ratio":
            return value in self.ratios
        if group in ("h", "h12"):
            return value % 720 in {time % 720 for time in self.times}
        return value in self.numbers or value in self.ratios
