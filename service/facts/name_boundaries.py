"""Whether a form of a name that stands in a text is that name there: not a piece of a longer name,
nor of two words that meet, nor an everyday word."""

import re

# English words that open sentences in capitals and are names in the glossary too.
_WORDS_TOO = frozenset("apple congress line oracle shell snap turkey windows".split())
# A longer transliteration goes on here: 米兰 is not named in 米兰达, nor 特朗普 in ·特朗普.
_GOES_ON = frozenset("·•・尔爾斯茨兹茲娜妮莉蒂丝絲顿頓逊遜恩姆夫曼")
# 朝鲜族 are a people in China, and not North Korea.
_OTHER_NAME = frozenset("族")
_CAME_BEFORE = frozenset("·•・尔爾斯茨兹茲蒂妮莉弗")
# Characters of two words that meet, and everyday words that contain a name.
_NO_NAME = re.compile(
    "高通[胀脹]|[高初其当當集空]中共|三星[级級堆座]|[东東]西藏"
    "|北[约約](?=[0-9一二三四五六七八九十百千数數几幾 ])|中[东東]部"
    "|印度[洋教]|墨西哥[湾灣]|孟加拉[湾灣]|蒙古包|俄[罗羅]斯方[块塊]|巴西[龟龜]|土耳其石"
    "|大[连連][续續接]|[变變]成都|重[庆慶]祝|日本[来來]|米[兰蘭][达達]|科比[赛賽]|黑海[绵綿]|非洲[际際]"
)
_FIRST_PART = re.compile(r"\b[A-Z][a-z]+-\Z")
_SENTENCE_START = re.compile(r"(?:\A|[.!?:\n])[\s\"“‘'(]*\Z")


def inside_words(text: str) -> set[int]:
    """The places in a Chinese text at which a form of a name is a piece of other words."""
    return {i for m in _NO_NAME.finditer(text) for i in range(*m.span())}


def stands_alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else ""
    after = text[end] if end < len(text) else ""
    return before not in _CAME_BEFORE and after not in _GOES_ON and after not in _OTHER_NAME


def is_word(text: str, start: int, end: int) -> bool:
    """True when no letter goes on at `end`, and no other name leads up to it: Jean-Claude."""
    after = text[end : end + 2]
    if (after[:1].isascii() and after[:1].isalnum()) or after[:1] in ("_", "$"):
        return False
    if after[:1] in ("'", "’") and after[1:].isalpha() and after[1:] != "s":
        return False
    return not _FIRST_PART.search(text, max(0, start - 20), start)


def opens_sentence_as_a_word(text: str, start: int, form: str) -> bool:
    return form.lower() in _WORDS_TOO and bool(
        _SENTENCE_START.search(text, max(0, start - 4), start)
    )
