"""The likeness of a text to people's writing: letters of one language, in usual cases.

Bytes of one encoding that are read as another give letters, too, but not those of any language
together: rare Han characters, capitals inside of words, signs between letters.
"""

import re
from functools import cache

from service.text.han import HAN, HAN_CHARACTER, big5_level_one, gb2312_level_one, jis_level_one

# The most frequent characters of running Chinese (Simplified; the other script is derived).
_CHINESE = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学"
    "么之都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因"
    "很给名法间斯知世什两次使身者被高已亲其进此话常与活正感见明问力理尔点文几定本公特做外孩相西果走将月十实向声车全信重"
    "三机工物气每并别真打太新比才便夫再书部水像眼等体却加电主界门利海受听表德少克代员许先口由死安写性马光白或住难望教命"
    "花结乐色更拉东神记处让母父应直字场平报友关放至张认接告入笑内英军候民岁往何度山觉路带万男边风解叫任金快原吃变通师立"
    "象数四失满战远格士音轻目条市区省县政府业产价资股型智技术网据模公司银投亿元百千二五六七八九"
)
# The most frequent syllables of running Korean.
_KOREAN = (
    "이다는에의을가고로지하은한서기를사도인대시그리있아스으해수어자했들전라나부주정일게국었장과니요만제보년원적것상되마드구여와면세중문동트성"
    "러화미위비경유조오신모며공후거데안계르생우분였소당선진회발내간영역연치할관명용된작무개히통방식터운교말때학월실반물파차재프결산음행바야"
    "남최더민등습두입까려타않금없레단직각력카체업출포강았디노크양달표건호심"
)
# Letters beside a to z, of which a text has those of one language (or a foreign name now and then).
_ALPHABETS = tuple(
    map(
        frozenset,
        (
            "éèêëàâçîïôùûœæ", "äöüß", "áéíóúñü¿¡ªº", "áâãàçéêíóôõú", "àèéìòù", "åäöæøé",
            "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ",
            "çğıöşüâî", "čćđšž", "āčēģīķļņšūž", "ąčęėįšųūž", "äöõüšž", "þðáéíóúýöæ", "ëéïóöü",
        ),
    )
)  # fmt: skip
_RUSSIAN = frozenset("оеаинтсрвлкмдпуяы")
_GREEK = frozenset("αοιετσνηυρπκμλςόίάέήύώδγ")
_HEBREW = frozenset("יוהלאתמרבשנעדםקח")
_ARABIC = frozenset("اليمنتروبدعسفهةكقح")
_THAI = frozenset("านรอกเงมย่วลดที้ัสคตะิห์ปบุ")
_USUAL_SIGNS = frozenset(
    "“”‘’„‚«»‹›…—–·•€£¥°§©®™×½\u3000、。「」『』《》【】〈〉〔〕！？：；，（）～％￥－·"
)
# Two letters misread as one Han character between Latin ones.
_LONELY = re.compile(rf"(?<=[A-Za-z])[{HAN}](?=[A-Za-z\s]|$)")
_CAPITAL_INSIDE = re.compile(r"(?<=[^\W\d_])(?<=[a-zà-öø-ÿа-яёα-ω])[À-ÖØ-ÞА-ЯЁΑ-Ω]")
# Letters of two alphabets side by side in one word, and a sign among letters.
_OTHERS = "\u0370-\u03ff\u0400-\u04ff\u05d0-\u05ea\u0620-\u06ff\u0e01-\u0e5b"
_MIXED = re.compile(
    f"[a-zA-ZÀ-ɏ][{_OTHERS}]|[{_OTHERS}][a-zA-ZÀ-ɏ]|(?<=[a-zA-ZÀ-ɏ])[¡-¶¸-¿](?=[a-zA-ZÀ-ɏ])"
)
# Chinese has no spaces between words.
_SPACED = re.compile(f"(?<=[{HAN}]) (?=[{HAN}])")
# Thai marks stand on consonants.
_MARK_ALONE = re.compile(
    "(?<![ก-ฮ\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]"
)
_WORST, _RARE, _PLAIN, _USUAL, _FREQUENT = -3.0, -1.5, 1.0, 1.5, 3.0


def plausibility(text: str) -> float:
    """The mean weight of the characters beyond ASCII, from about -3 (gibberish) to 3 (prose).

    0 for a text without any. Linear in the length of `text`.
    """
    foreign = [c for c in text if c > "\x7f"]
    if not foreign:
        return 0.0
    alphabet = _alphabet(foreign)
    # Kana are written alike in the encodings of China and Japan; the Han between them are not.
    japanese = sum("\u3041" <= c <= "\u3096" for c in foreign) * 10 > len(foreign)
    total = sum(
        _latin_weight(c, alphabet)
        if _is_latin(c)
        else _kanji_weight(c)
        if japanese and HAN_CHARACTER.match(c)
        else _weight(c)
        for c in foreign
    )
    odd = sum(
        len(pattern.findall(text)) for pattern in (_LONELY, _CAPITAL_INSIDE, _MIXED, _MARK_ALONE)
    )
    return (total - 4 * odd - len(_SPACED.findall(text))) / len(foreign)


def _is_latin(character: str) -> bool:
    return "\u00c0" <= character <= "\u024f" and character not in "×÷"


def _alphabet(foreign: list[str]) -> frozenset[str]:
    """The alphabet that has the most of the Latin letters of a text."""
    letters = [c.lower() for c in foreign if _is_latin(c)]
    return max(_ALPHABETS, key=lambda known: sum(letter in known for letter in letters))


def _latin_weight(character: str, alphabet: frozenset[str]) -> float:
    return _USUAL if character.lower() in alphabet else _RARE


def is_frequent(character: str) -> bool:
    """Whether the character is one of the most frequent of its language, or a usual sign."""
    return character > "\x7f" and _weight(character) >= _USUAL


@cache
def _weight(character: str) -> float:
    if HAN_CHARACTER.match(character):
        return _han_weight(character)
    for first, last, usual, frequent in _SCRIPTS:
        if first <= character <= last:
            return _FREQUENT if character in frequent else usual
    return _USUAL if character in _USUAL_SIGNS else _sign_weight(character)


def _han_weight(character: str) -> float:
    if character in _chinese():
        return _FREQUENT
    return _PLAIN if character in gb2312_level_one() or character in big5_level_one() else _RARE


def _kanji_weight(character: str) -> float:
    return _FREQUENT if character in jis_level_one() else _RARE


@cache
def _chinese() -> frozenset[str]:
    from opencc import OpenCC

    return frozenset(_CHINESE + OpenCC("s2tw").convert(_CHINESE))


# First and last character, the weight of most of them, and the frequent ones.
_SCRIPTS: tuple[tuple[str, str, float, frozenset[str]], ...] = (
    ("\u0370", "\u03ff", 0.0, _GREEK),
    ("\u0410", "\u0451", 0.0, _RUSSIAN),
    ("\u0400", "\u04ff", _RARE, frozenset("іїєґўІЇЄў")),
    ("\u05d0", "\u05ea", 0.0, _HEBREW),
    ("\u0620", "\u06ff", 0.0, _ARABIC),
    ("\u0e01", "\u0e5b", 0.0, _THAI),
    ("\u3041", "\u3096", _FREQUENT, frozenset()),
    ("\u30a1", "\u30ff", _USUAL, frozenset()),
    ("\uac00", "\ud7a3", -0.5, frozenset(_KOREAN)),
)


def _sign_weight(character: str) -> float:
    """Other scripts and pictures are what they are; what no prose has is odd."""
    code = ord(character)
    if 0x80 <= code < 0xA0 or 0xE000 <= code < 0xF900 or character == "\ufffd":
        return _WORST
    if 0xA1 <= code < 0xC0 or 0x2500 <= code < 0x25A0 or 0x3100 <= code < 0x3130:
        return _RARE - 0.5
    if 0xFF61 <= code < 0xFFA0:
        return _RARE
    return 0.5
