"""Names that no glossary lists, read from the text itself.

Latin letters inside Chinese text (DeepSeek, Llama 4), capitals inside English text, and pairs that
an article gives itself: 楊立昆（Yann LeCun）.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_HAN = re.compile(f"[{HAN}]")
# A Latin line may quote a Chinese word, and a Chinese one is rarely half Latin.
_CHINESE_SHARE = 0.15


class Span(NamedTuple):
    """A name as it stands at `[start, end)`; `in_chinese` when Chinese text holds it."""

    text: str
    start: int
    end: int
    in_chinese: bool


class Pair(NamedTuple):
    english: str
    chinese: str


# Capitals that are no names: offices, abbreviations of common nouns, headings.
_COMMON_CAPITALS = frozenset(
    "AI AGI API APP App CEO CFO COO CTO CPO CPU GPU TPU GDP CPI PPI PMI IPO ETF ESG ID IP IT IoT LLM"
    " NGO PC PDF PR QR R&D SUV TV UFO URL USB UTC GMT VIP VR AR VS VPN WiFi Wi-Fi DNA RNA HIV USD"
    " RMB EUR GBP JPY HKD TWD NT HK US$ HK$ NT$ Q1 Q2 Q3 Q4 OK PS KTV BR Jr Sr Inc Ltd Co Corp PLC"
    " AM PM am pm EV M&A B2B B2C SaaS 5G 4G 6G 3D 2D App Apps CP KPI OEM MOU FAQ PE VC"
    " MW kW GW kWh km kg mm cm GB MB TB GHz MHz ICP PUE HTML DOCTYPE CN Copyright http https".split()
)
_TITLES = frozenset(
    "President Vice Prime Minister Premier Chancellor Chairman Chairwoman Chair Chief Executive"
    " Officer Secretary General Senator Sen Rep Representative Governor Gov Mayor Judge Justice"
    " King Queen Prince Princess Pope Dr Mr Mrs Ms Miss Sir Lord Lady Prof Professor Captain Capt"
    " Colonel Sgt Lt Director Ambassador Foreign Defence Defense Finance Interior Attorney Deputy"
    " Former Mister CEO CFO COO CTO Councillor Commissioner Coach Reverend Rev Congressman"
    " Congresswoman Lawmaker Councilman".split()
)
_ADJECTIVES = frozenset(
    "American British Chinese Japanese Korean Russian German French Italian Spanish European Asian"
    " African Indian Australian Canadian Mexican Brazilian Israeli Palestinian Iranian Iraqi Turkish"
    " Ukrainian Dutch Swiss Swedish Norwegian Danish Polish Greek Taiwanese Vietnamese Thai Arab"
    " Western Eastern Northern Southern Islamic Muslim Christian Jewish Catholic English Latin"
    " Republican Democratic Democrat Democrats Republicans Soviet Hong-Kong Egyptian Saudi"
    " Hungarian Austrian Belgian Finnish Irish Scottish Welsh Portuguese Pakistani Indonesian"
    " Malaysian Filipino Singaporean Cuban Argentine Chilean Colombian Venezuelan South North East"
    " West Central Greater Internet Earth Moon Sun God Christmas Easter".split()
)
_DAYS = frozenset(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mondays Tuesdays Wednesdays"
    " Thursdays Fridays Saturdays Sundays January February March April May June"
    " July August September October November December Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov"
    " Dec Spring Summer Autumn Fall Winter".split()
)
# What opens a sentence in capitals and belongs to no name.
_OPENERS = frozenset(
    "A About Above According Across Additionally After Again Against All Almost Along Already Also"
    " Although Among An And Another Any Around As At Back Based Because Before Behind Being Below"
    " Besides Between Both But By Can Critics Current Currently Despite Did Do Does During Each"
    " Earlier Early Either Even Every Everyone Experts Few Finally First Five Following For Four"
    " From Further Given Had Has Have He Hello Her Here His How However I If In Indeed Inside"
    " Instead Into Is It Its Just Last Late Later Less Let Like Local Long Many Maybe Meanwhile More"
    " Moreover Most Much My Near Nearly Neither Never New Next No None Nor Not Nothing Now Of Off"
    " Officials Often Old On Once One Only Or Other Others Our Out Outside Over Overall Perhaps"
    " Please Police Rather Recent Recently Researchers Residents Scientists Second Several She"
    " Should Since Six So Some Someone Soon Still Such Ten Than That The Their Then There Therefore"
    " These They Third This Those Though Three Through Thus To Today Together Tomorrow Too Toward"
    " Two Under Unlike Until Up Upon Was We Well Were What Whatever When Where Whether Which While"
    " Who Whoever Why Will With Within Without Would Yes Yesterday Yet You Your I'm I've I'll It's"
    " Don't That's There's We're They're Photo Image Source Read Share Related Advertisement Updated"
    " Published Video Editor Editors Note Key What's He's She's".split()
)
_LETTERS = "A-Za-z0-9À-ɏ"
_CAP = rf"[A-Z](?:[{_LETTERS}&’'+-]|\.(?=[{_LETTERS}]))*"
_SEQUENCE = re.compile(
    rf"(?<![\w.@/]){_CAP}(?:(?: | of | of the | de | von | van der | van | bin ){_CAP})*"
    r"(?: [0-9]++(?:\.[0-9]++)?+(?![-–,.]?\w| ?%| \w+s\b| million| billion))?"
)
_TOKEN = re.compile(r"\S+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;•\-–—\n\"“‘(\[])\s*[\"“‘'(\[]?\Z")
_LATIN = re.compile(
    r"(?<![A-Za-z0-9@/._])[A-Za-z][A-Za-z0-9&.'’+-]*+(?: [A-Z][A-Za-z0-9&.'’+-]*+)*"
    r"(?: [0-9]++(?:\.[0-9]++)?+(?! ?[年月日号號%％个個名人位億亿万萬千百家岁歲倍美元时時小天-]|[0-9,.]*[0-9]))?"
)
_LONGEST = 60
"""Longer runs of capitals are headings or rubbish, not names."""

_NAME_IN_BRACKETS = (
    r"[（(] ?(?P<english>[A-Z][A-Za-zÀ-ɏ0-9 .&'’-]{1,40}?)(?: ?[,，、;；][^（()）\n]{0,40})? ?[)）]"
)
_CHINESE_FIRST = re.compile(
    rf"(?P<open>[「『“\"《]?)(?P<chinese>[{HAN}·•・]{{2,24}}+)[」』”\"》]? ?{_NAME_IN_BRACKETS}"
)
_ENGLISH_FIRST = re.compile(
    rf"(?P<english>{_CAP}(?: {_CAP}){{0,4}}) ?[（(] ?(?P<chinese>[{HAN}·•・]{{2,16}}) ?[)）]"
)
_SURNAMES = frozenset(
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈"
    "曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史"
    "顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文颜顏"
)


def is_chinese(line: str) -> bool:
    """True for a line that is written in Chinese, names in Latin letters and all."""
    return len(_HAN.findall(line)) > _CHINESE_SHARE * len(line)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, line
        start += len(line)


def latin_in_chinese(text: str) -> Iterator[Span]:
    """Names in Latin letters in the Chinese lines of `text`."""
    for offset, line in _lines(text):
        if is_chinese(line):
            for match in _LATIN.finditer(line):
                for start, end in _pieces(match.group()):
                    found = match.group()[start:end]
                    if _is_name_in_chinese(found):
                        at = offset + match.start() + start
                        yield Span(found, at, at + len(found), True)


def _pieces(found: str) -> Iterator[tuple[int, int]]:
    """The runs of words between offices and abbreviations: Meta CEO Mark -> Meta, Mark."""
    start = end = 0
    for word in _TOKEN.finditer(found):
        plain = word.group().rstrip(".'’-+&")
        if plain in _COMMON_CAPITALS and not (plain == "AI" and end):
            if end > start:
                yield start, end
            start = end = word.end() + 1
        else:
            end = word.start() + len(plain)
    if end > start:
        yield start, min(end, len(found))


def _is_name_in_chinese(found: str) -> bool:
    if not 1 < len(found) <= _LONGEST or "www." in found or found.startswith("http"):
        return False
    # A small word may be in the glossary: some newspapers write meta.
    return any(c.isupper() for c in found) or len(found) > 3


def capitalised(text: str) -> Iterator[Span]:
    """Capitalised names in the lines of `text` that are not Chinese; not those of headlines."""
    inside = _inside_sentences(text)
    for offset, line in _lines(text):
        if is_chinese(line) or _is_headline(line):
            continue
        for match in _SEQUENCE.finditer(line):
            opens = _SENTENCE_START.search(line, max(0, match.start() - 4), match.start())
            for start, end in _names_of(match.group()):
                found = match.group()[start:end]
                alone = opens is not None and start == 0 and " " not in found
                if _LONGEST >= len(found) > 1 and not (alone and found not in inside):
                    at = offset + match.start() + start
                    yield Span(found, at, at + len(found), False)


def _inside_sentences(text: str) -> set[str]:
    """Words that have a capital where no sentence starts, and words like OpenAI and R1."""
    words = set(re.findall(rf"(?<=[a-z,] ){_CAP}", text))
    return words | set(re.findall(r"\b[A-Z][a-z]*[A-Z0-9]\w*", text))


def _is_headline(line: str) -> bool:
    words = [w for w in re.findall(r"[A-Za-z][\w'’-]*", line[:400]) if len(w) > 3]
    return len(words) > 3 and sum(w[0].isupper() for w in words) > 0.75 * len(words)


def _names_of(sequence: str) -> Iterator[tuple[int, int]]:
    """The names in a row of capitalised words, without offices, days and what opens a sentence."""
    start = end = 0
    fresh = True
    for word in _TOKEN.finditer(sequence):
        plain = re.sub(r"['’]s$|['’.-]+$", "", word.group())
        if (
            plain in _TITLES
            or plain in _DAYS
            or plain in _COMMON_CAPITALS
            or (fresh and (plain in _OPENERS or plain in _ADJECTIVES or plain.islower()))
        ):
            if end > start and not fresh:
                yield start, end
            start = end = word.end() + 1
            fresh = True
            continue
        fresh = False
        if plain.islower():
            continue
        end = word.start() + len(plain)
        if plain != word.group():
            yield start, end
            start, fresh = word.end() + 1, True
            end = start
    if end > start and not fresh:
        yield start, min(end, len(sequence))


def pairs(text: str) -> list[Pair]:
    """Spellings that the text gives side by side: 楊立昆（Yann LeCun）, Yann LeCun (楊立昆)."""
    found: list[Pair] = []
    for m in _CHINESE_FIRST.finditer(text):
        before = text[m.start() - 1 : m.start()]
        english = m["english"].strip()
        if english in _COMMON_CAPITALS or (before.isascii() and before.isalnum()):
            continue
        chinese = _left_end(m["chinese"], text, quoted=bool(m["open"]))
        if chinese:
            found.append(Pair(english, chinese))
    for m in _ENGLISH_FIRST.finditer(text):
        line_start = text.rfind("\n", max(0, m.start() - 400), m.start()) + 1
        # In Chinese text Qwen（阿里巴巴） says whose it is, not what it is called.
        if not is_chinese(text[max(line_start, m.start() - 400) : m.start() + 40]):
            found.append(Pair(m["english"], m["chinese"]))
    return found


def _left_end(run: str, text: str, quoted: bool) -> str | None:
    """The name that the Chinese run before a bracket ends with; None where it can't be told."""
    if quoted:
        return run if len(run) <= 12 else None
    if "·" in run:
        return _around_dot(run)
    sample = text[:20_000]
    best: str | None = None
    count = 2.0
    for length in range(2, min(8, len(run)) + 1):
        times = sample.count(run[-length:])
        if times >= max(2.0, 0.6 * count):
            best, count = run[-length:], times
        else:
            break
    if best is None and len(run) >= 3:
        best = next((run[-n:] for n in (3, 2) if run[-n] in _SURNAMES), None)
    elif best is None and run[0] in _SURNAMES:
        best = run
    return best


def _around_dot(run: str) -> str | None:
    first, _, rest = run.partition("·")
    return f"{first[-6:]}·{rest}" if len(first) <= 4 else None
