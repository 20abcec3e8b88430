"""Numerals that state no quantity: idioms, names of things, and bare words."""

import re
from collections.abc import Iterator

from service.text.han import HAN

NUMERALS_ZH = "〇零一二三四五六七八九十百千万萬亿億兆两兩廿卅"

# Words of numerals. One a piece, by what follows the numeral, or by the whole word.
_IDIOMS = re.compile(
    "十分(?![钟鐘之])|[万萬]一|千万(?=[别別不要])|千萬(?=[別不要])"
    "|一[些定般直样樣切旦起向律贯貫再致度味举舉带帶面边邊心次性哥姐]"
    "|四川|四面八方|四[处處]|三星|三[峡峽]|三[亚亞]|三明|三[門门]|九[龙龍]|九江|五角大[楼樓廈厦]|六[小四]"
    "|百[度姓货貨合感家花]|千[问問禧]|[万萬][科里岁歲能物分众眾达達]|十堰|[两兩][岸会會国國]"
    "|二手|[一二][战戰]|[二三][维維]|三[国國]|七夕|八卦|五四|九一[八一]|[双雙]十一|五一"
    "|百[万萬]富翁|[亿億][万萬]富|七十二变|[统統]一|唯一|之一|不一|[專单單]一|千方百|八达"
    "|五[脏臟金官]|三[农農包]|四[季周]|十字"
)
# Measure words of Chinese, and words that may follow a count: 三家, 六万, 二十後.
_COUNTED = re.compile(
    " ?[个個名位人次场場家部台臺辆輛架艘枚颗顆件项項条條张張座所间間户戶岁歲年天周週倍款种種届屆"
    "轮輪期份套支只隻头頭匹株棵本篇起宗例票席分米吨噸克升元块塊角度成公英平立海光万萬亿億小秒"
    "星点點步层層级級等班组組队隊代批对對双雙口段节節类類门門字号號路线線国國州省市县縣区區村"
    "大者多余餘后後时時月日]"
)
_NAME_BEFORE = re.compile(r"(?<![A-Za-z])(?P<word>[A-Za-z][A-Za-z0-9.]{0,22}) \Z")
# 伊尔-76 is an aircraft.
_MODEL_BEFORE = re.compile(rf"[{HAN}][-‑–]\Z")

# Capitalised words with a number that is a number still: Article 5, Chapter 11, No. 3.
LABELS = frozenset(
    "category article chapter section figure page question number no group grade level phase stage"
    " line route type part act table step class room day week rule clause tier paragraph item"
    " version".split()
)
# Words that stand before a quantity, in capitals where they open a sentence.
_BEFORE_QUANTITY = frozenset(
    "in on at by over about some only nearly around since after before from to until and but the"
    " between more than least under just roughly approximately almost when while as with for of or"
    " all another its their his her our these those with within through during per usd rmb cny hk"
    " eur gbp total january february march april may june july august september october november"
    " december".split()
)


def idioms(text: str) -> Iterator[tuple[int, int]]:
    """The spans of words that hold a numeral and state no number (十分, 萬一, 五角大樓)."""
    for m in _IDIOMS.finditer(text):
        before = text[m.start() - 1 : m.start()]
        if not before or before not in NUMERALS_ZH + "0123456789第":
            yield m.span()


def is_counted(text: str, end: int) -> bool:
    """True when a Chinese measure word stands at `end`."""
    return _COUNTED.match(text, end) is not None


def is_model(text: str, start: int, small: bool) -> bool:
    """True for the number in Llama 4, Boeing 747, 伊尔-76, which belongs to the name before it."""
    if _MODEL_BEFORE.search(text, max(0, start - 2), start):
        return True
    name = _NAME_BEFORE.search(text, max(0, start - 24), start)
    if name is None or not small or not any(c.isupper() for c in name["word"]):
        return False
    word = name["word"].lower().rstrip(".")
    if word == "a":
        return False
    return word not in _BEFORE_QUANTITY and word not in LABELS
