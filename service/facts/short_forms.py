"""Short forms that stand for a place across languages: 中美 is China and the US, German is 德国.

A short form supports a name of another text; it is too short to name anything by itself.
"""

import re
from functools import cache

_CHINESE = {
    "China": "中|华|華|我国|我國|全国|全國|国内|國內", "United States": "美", "Russia": "俄",
    "Japan": "日", "United Kingdom": "英", "France": "法", "Germany": "德", "India": "印",
    "North Korea": "朝", "South Korea": "韩|韓", "Canada": "加", "Australia": "澳",
    "Hong Kong": "港", "Macau": "澳", "Taiwan": "台|臺", "Thailand": "泰", "Philippines": "菲",
    "Brazil": "巴", "Israel": "以", "Palestine": "巴", "European Union": "欧|歐",
    "Europe": "欧|歐|欧盟|歐盟",
    "Africa": "非", "Ukraine": "乌|烏", "Iran": "伊", "Iraq": "伊", "Turkey": "土", "Spain": "西",
    "Italy": "意", "Vietnam": "越", "Mexico": "墨", "New Zealand": "新", "Singapore": "新|星",
    "Mongolia": "蒙", "Poland": "波", "Portugal": "葡", "Pakistan": "巴", "Saudi Arabia": "沙",
    "Beijing": "京", "Shanghai": "沪|滬", "Guangzhou": "穗", "Guangdong": "粤|粵", "Shenzhen": "深",
    "Shanxi": "晋|晉", "Shaanxi": "陕|陝|秦腔",
    "Shandong": "鲁|魯", "Sichuan": "川", "Chongqing": "渝", "Tianjin": "津",
    "Fujian": "闽|閩", "Zhejiang": "浙", "Jiangsu": "苏|蘇", "Hubei": "鄂", "Hunan": "湘",
    "Henan": "豫", "Hebei": "冀", "Xinjiang": "疆", "Tibet": "藏", "Yunnan": "滇", "Anhui": "皖",
    "Jiangxi": "赣|贛", "Guizhou": "黔", "Guangxi": "桂", "Hainan": "琼|瓊", "Gansu": "甘",
    "Qinghai": "青", "Ningxia": "宁", "Inner Mongolia": "蒙", "United Nations": "联大|聯大|安理",
    "Olympic Games": "奥运|奧運|冬奥|冬奧|残奥|殘奧|申奥|申奧|奥林匹克|奧林匹克",
    "Communist Party of China": "党|黨", "COVID-19": "疫|新冠|冠状|冠狀",
}  # fmt: skip
_ENGLISH = {
    "China": "Chinese|Sino|PRC|CNY|Mandarin", "United States": "American|U.S|USA|USD",
    "Russia": "Russian|Soviet|Kremlin", "Japan": "Japanese",
    "United Kingdom": "British|Britain|Briton|UK|Brexit",
    "France": "French", "Germany": "German", "India": "Indian|Hindi|Hindu", "Canada": "Canadian",
    "South Korea": "Korean|Korea|ROK", "North Korea": "Korean|Korea|DPRK|Pyongyang",
    "Australia": "Australian|Aussie", "Taiwan": "Taiwanese", "Thailand": "Thai",
    "Egypt": "Egyptian",
    "Philippines": "Filipino|Philippine", "Brazil": "Brazilian", "Israel": "Israeli|Jewish",
    "Palestine": "Palestinian", "European Union": "European", "Europe": "European|EU",
    "Africa": "African", "Asia": "Asian", "Ukraine": "Ukrainian", "Iran": "Iranian|Persian",
    "Iraq": "Iraqi", "Turkey": "Turkish|Turk", "Spain": "Spanish|Spaniard", "Italy": "Italian",
    "Vietnam": "Vietnamese", "Mexico": "Mexican", "New Zealand": "Kiwi|Zealand",
    "Poland": "Polish",
    "Portugal": "Portuguese", "Pakistan": "Pakistani", "Saudi Arabia": "Saudi", "Greece": "Greek",
    "Netherlands": "Dutch", "Switzerland": "Swiss", "Sweden": "Swedish|Swede",
    "Norway": "Norwegian",
    "Denmark": "Danish|Dane", "Finland": "Finnish|Finn", "Belgium": "Belgian",
    "Austria": "Austrian",
    "Hungary": "Hungarian", "Ireland": "Irish", "Scotland": "Scottish|Scot", "Wales": "Welsh",
    "England": "English", "Argentina": "Argentin", "Chile": "Chilean", "Colombia": "Colombian",
    "Cuba": "Cuban", "Venezuela": "Venezuelan", "Peru": "Peruvian", "Mongolia": "Mongol",
    "Malaysia": "Malay", "Indonesia": "Indonesian", "Singapore": "Singaporean", "Syria": "Syrian",
    "Lebanon": "Lebanese", "Jordan": "Jordanian", "Afghanistan": "Afghan", "Myanmar": "Burm",
    "Cambodia": "Cambodian|Khmer", "Nepal": "Nepal", "Kenya": "Kenyan", "Nigeria": "Nigerian",
    "Ethiopia": "Ethiopian", "South Africa": "South African", "Morocco": "Moroccan",
    "Czech Republic": "Czech", "Romania": "Romanian", "Bulgaria": "Bulgarian", "Serbia": "Serb",
    "Croatia": "Croat", "Rome": "Roman", "Paris": "Parisian", "London": "Londoner",
    "Antarctica": "South Pole|Antarctic", "African Union": "AU", "Olympic Games": "Olympic",
    "Hong Kong": "HK", "Iceland": "Icelandic", "Tibet": "Tibetan", "Kazakhstan": "Kazakh",
    "Republican Party": "GOP|Republican", "Democratic Party": "Democrat",
    "Conservative Party": "Tory|Tories|Conservative", "Labour Party": "Labour",
    "X (Twitter)": "tweet",
    "COVID-19": "covid|coronavirus|pandemic|epidemic|virus", "Vatican": "Pope|Holy See",
    "Latin America": "Latin American",
}  # fmt: skip

# A capital stands for its country's government.
_CAPITALS = {
    "Beijing": "China", "Washington": "United States", "Moscow": "Russia", "Tokyo": "Japan",
    "London": "United Kingdom", "Paris": "France", "Berlin": "Germany", "Seoul": "South Korea",
    "Pyongyang": "North Korea", "Tehran": "Iran", "Ankara": "Turkey", "Kyiv": "Ukraine",
    "Brussels": "European Union", "New Delhi": "India", "Canberra": "Australia",
}  # fmt: skip
HOMES = frozenset({*_CAPITALS.values(), "United Nations"})
"""Those whose own texts leave their name out of a body's: 国会 for 美国国会."""

_PLACES = {
    form: place
    for place, column in _ENGLISH.items()
    for form in column.split("|")
    if form[0].isupper() and form[1:].islower()
}
_SINGLE = "".join(
    sorted({form for column in _CHINESE.values() for form in column.split("|") if len(form) == 1})
)
_ACRONYM_LETTERS = 3
# 中 and 德 stand for places beside each other (中德), before these (美方, 德媒) or behind those
# (访德, 对德); 道德 is a word.
_BESIDE = "方军軍媒队隊籍企警商股"
_PROVINCES = "陕陝晋晉鲁魯川闽閩苏蘇鄂湘豫冀滇皖赣贛黔桂琼瓊粤粵浙"
"""陕北 is the north of Shaanxi."""
_BEFORE = "对對访訪驻駐赴援回"


def homeland(word: str) -> str | None:
    """The place that an adjective, a people or a capital speaks for: the United States for
    Americans and for Washington."""
    return _PLACES.get(word) or _PLACES.get(word.removesuffix("s")) or _CAPITALS.get(word)


@cache
def capitals_of(place: str) -> frozenset[str]:
    """The capitals that speak for a place: Washington for the United States."""
    return frozenset(capital for capital, home in _CAPITALS.items() if home == place)


def has_short_form(key: str, folded: str) -> bool:
    """True when a text, folded in case, has a short form of a listed name in either language."""
    return any(_holds(form, folded) for form in short_forms(key))


def _holds(form: str, folded: str) -> bool:
    if form.isascii():
        return _as_a_word(form).search(folded) is not None
    if len(form) > 1 or form == "疫":
        return form in folded
    return _as_a_place(form).search(folded) is not None


@cache
def _as_a_word(form: str) -> re.Pattern[str]:
    """The beginning of a word (German, Germans), or all of it where the form is an acronym."""
    end = "(?![a-z])" if len(form) <= _ACRONYM_LETTERS else ""
    return re.compile(f"(?<![a-z]){re.escape(form)}{end}")


@cache
def _as_a_place(form: str) -> re.Pattern[str]:
    part = f"|{form}[东南西北東]" if form in _PROVINCES else ""
    return re.compile(f"[{_SINGLE}{_BEFORE}]{form}|{form}[{_SINGLE}{_BESIDE}]{part}")


def short_forms(key: str) -> tuple[str, ...]:
    """The short forms of a listed name in both languages, folded in case."""
    columns = (_CHINESE.get(key, ""), _ENGLISH.get(key, ""))
    return tuple(form.casefold() for column in columns for form in column.split("|") if form)
