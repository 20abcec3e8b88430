"""Surnames: the Chinese ones with their spellings in Latin letters, and those that alone identify
a person."""

from functools import cache

from service.facts.sounds import is_pinyin, reading

SURNAMES = frozenset(
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮董萧蕭程曹袁邓鄧许許傅沈"
    "曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史"
    "顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文颜顏"
)
# As Cantonese, Min, Korean and older romanisations spell them.
_SPELLED_ELSEWHERE = {
    "陈": "chan tan chin", "李": "lee yi rhee", "王": "wong ong", "张": "cheung chang jang",
    "刘": "lau low yoo", "黄": "wong hwang ng oei", "林": "lam lim im", "吴": "ng goh oh woo",
    "周": "chow chou joo", "徐": "hsu chui tsui seo", "许": "hsu hui koh heo", "孙": "sun suen son",
    "郑": "cheng jung chung", "何": "ho", "郭": "kwok kuo kwak", "梁": "leung yang", "戴": "tai",
    "蔡": "tsai choi chua", "谢": "hsieh tse chia", "叶": "yip yeh yap", "曾": "tseng tsang chan",
    "邓": "tang teng", "朱": "chu choo joo", "萧": "hsiao siu", "冯": "fung", "高": "kao ko go",
    "韩": "hon", "金": "kim chin kam", "崔": "choi choe", "宋": "soong sung", "赵": "chao chiu cho",
    "杨": "yeung yang yeo", "胡": "wu woo", "卢": "lo", "罗": "lo law", "苏": "so", "江": "chiang",
    "彭": "pang", "蒋": "chiang tsiang", "沈": "shum sim", "余": "yee", "潘": "poon", "石": "shih",
    "方": "fong", "姚": "yiu", "钟": "chung", "田": "tien tin", "任": "yam jen", "汤": "tong",
    "丁": "ting", "董": "tung", "程": "ching cheng", "袁": "yuen", "唐": "tong tang",
    "白": "pai baek", "文": "man moon",
}  # fmt: skip
# Surnames that are words, or too frequent: alone they do not identify a person.
_COMMON_SURNAMES = frozenset(
    "allen anderson baker bell black brown bush carter chan clark cook cox davis evans gates green"
    " harris hill huang jackson james jobs johnson jones jordan king lama lewis li martin may"
    " miller moore morgan page robinson scott sanders smith taylor thomas thompson truss turner"
    " walker white williams wilson wright young swift bryant rogan kennedy clinton marcos"
    " francis mamdani"
    " cheng deng feng huang jiang liang pang peng shen shih song tang wang yang yuan zeng zhang"
    " zhao zheng zhong zhou".split()
)
# The family name stands first: nothing can be told from the last word.
_FAMILY_NAME_FIRST = frozenset(
    "aung ban chen chiang deng he hou hu jiang kim ko lai lee lei li liang lula ma mao meng moon"
    " park ren tsai wang wen xi yao yoon zhang zhou zhu pope king queen pony".split()
)


@cache
def _surnames_in_pinyin() -> frozenset[str]:
    return frozenset(map(reading, SURNAMES))


def is_full_name(words: list[str]) -> bool:
    """Whether two words in small letters are a surname and a given name in pinyin, in either
    order."""
    spelled = len(words) == 2 and all(map(is_pinyin, words))
    return spelled and not _surnames_in_pinyin().isdisjoint(words)


def latin_spellings(name: str) -> tuple[str, ...]:
    """A Chinese name in small Latin letters, given name first or last, and its surname alone as any
    romanisation spells it: 陈 is Chen, Chan and Tan."""
    surname, given = reading(name[0]), reading(name[1:])
    elsewhere = _SPELLED_ELSEWHERE.get(name[0], "").split()
    forms = (surname + given, given + surname, surname)
    rounded = [form.replace("v", u) for form in forms if "v" in form for u in ("u", "yu")]
    return (*forms, *rounded, *elsewhere)  # 吕 is Lü, Lu and Lyu


def telling_surname(full: str) -> str | None:
    """The surname of a name in Latin letters; None where it alone does not identify a person."""
    words = full.split()
    if len(words) < 2 or words[0].lower() in _FAMILY_NAME_FIRST:
        return None
    last = words[-1]
    known = len(last) > 3 and last.isalpha() and last.lower() not in _COMMON_SURNAMES
    return last if known else None
