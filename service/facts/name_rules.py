"""Names that no glossary lists, read from the text itself.

Latin letters inside Chinese text (DeepSeek, Llama 4), capitals inside English text, and pairs that
an article gives itself: 楊立昆（Yann LeCun）.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from service.facts.capitals import ADJECTIVES, COMMON, DAYS, OPENERS, TITLES
from service.facts.surnames import SURNAMES
from service.text.han import HAN, HAN_CHARACTER

# A Latin line may quote a Chinese word, and a Chinese one is rarely half Latin.
_CHINESE_SHARE = 0.15
_CHINESE_STOPS = re.compile("[，。、；]")
_WITH_STOPS = 0.02


class Span(NamedTuple):
    """A name as it stands at `[start, end)`; `in_chinese` when Chinese text holds it."""

    text: str
    start: int
    end: int
    in_chinese: bool


class Pair(NamedTuple):
    english: str
    chinese: str


_LETTERS = "A-Za-z0-9À-ɏ"
# Before a $ letters are a part of the sign: US$, HK$, A$.
_CAP = rf"[A-Z](?:[{_LETTERS}&’'+-]|\.(?=[{_LETTERS}]))*+(?![$＄])"
_SEQUENCE = re.compile(
    rf"(?<![\w.@/]){_CAP}(?:(?: | of | of the | de | von | van der | van | bin ){_CAP})*"
    r"(?: [0-9]++(?:\.[0-9]++)?+(?![-–,.]?\w| ?%| \w+s\b| million| billion))?"
)
_ENDING = re.compile(r"['’]s$|['’.-]+$")
_LATIN_EVERYWHERE = re.compile(r"[A-Z]{2,5}|\S*[a-z][A-Z]\S*|(?=\S*[A-Z])\S*[0-9]")
_TOKEN = re.compile(r"\S+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;•\-–—\n\"“‘«‹„(\[])\s*[\"“‘«‹„'(\[]?\Z")
_SERIAL = r"[0-9]++(?:\.[0-9]++)?+(?![0-9,.]*+[0-9])"
_LATIN = re.compile(
    r"(?<![A-Za-z0-9@/._])[A-Za-z][A-Za-z0-9&.'’+-]*+(?![$＄])"
    r"(?: [A-Z][A-Za-z0-9&.'’+-]*+(?![$＄]))*"
    rf"(?: {_SERIAL}(?! ?[年月日号號%％个個名人位億亿万萬千百家岁歲倍美元时時小天-]))?"
)
# A run of other text between Chinese characters and stops, and the small words in it.
_RUN = re.compile(rf"[A-Za-z][^{HAN}，。、；：！？…「」『』（）《》【】〈〉\n]*+")
_SMALL_WORD = re.compile(rf"(?<![{_LETTERS}.'’-])[a-z]+(?![{_LETTERS}.-])")
_CLAUSE_WORDS = 2
_LONGEST = 60
"""Longer runs of capitals are headings or rubbish, not names."""

_NAME_IN_BRACKETS = (
    r"[（(] ?(?P<english>[A-Z][A-Za-zÀ-ɏ0-9 .&'’-]{1,40}?)(?: ?[,，、;；][^（()）\n]{0,40})? ?[)）]"
)
_CHINESE_FIRST = re.compile(
    rf"(?P<open>[「『“\"《]?)(?P<chinese>[{HAN}·•・]{{2,24}}+)[」』”\"》]? ?{_NAME_IN_BRACKETS}"
)
_ENGLISH_FIRST = re.compile(
    rf"(?<![{_LETTERS}.&’'+-])(?P<english>{_CAP}(?: {_CAP}){{0,4}}) ?"
    rf"[（(] ?(?P<chinese>[{HAN}·•・]{{2,16}}) ?[)）]"
)
_PERSON = re.compile(r"[A-ZÀ-Þ][\w.'’-]*[a-zß-ÿ.](?: [A-ZÀ-Þ][\w.'’-]*){1,3}")
_CLAUSE = ' \n\t，。、；：！？,;:!?（(「『“"《-—▲◀►▶'
_MOST_PAIRS = 200
_LONGEST_CHINESE = 12


def is_chinese(line: str) -> bool:
    """True for a line that is written in Chinese, names in Latin letters and all."""
    share = _CHINESE_SHARE if not _CHINESE_STOPS.search(line) else _WITH_STOPS
    return len(HAN_CHARACTER.findall(line)) > share * len(line)


def is_latin_everywhere(name: str) -> bool:
    """True for what Chinese text takes over as it stands: OpenAI, GPT-5, NBA."""
    return bool(_LATIN_EVERYWHERE.fullmatch(name))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, line
        start += len(line)


def latin_in_chinese(text: str) -> Iterator[Span]:
    """Names in Latin letters in the Chinese lines of `text`, English clauses left out."""
    for offset, line in _lines(text):
        if is_chinese(line):
            for run in _RUN.finditer(line):
                if not _is_clause(run.group()):
                    yield from _latin_names(line, run, offset)


def _is_clause(run: str) -> bool:
    """True for English within Chinese: “We can wait”, Three of us; not Bank of China."""
    small = _SMALL_WORD.finditer(run)
    return sum(1 for _ in islice(small, _CLAUSE_WORDS)) == _CLAUSE_WORDS


def _latin_names(line: str, run: re.Match[str], offset: int) -> Iterator[Span]:
    for match in _LATIN.finditer(line, run.start(), run.end()):
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
        small = plain.islower() and plain.capitalize() in OPENERS
        if small or (plain in COMMON and not (plain == "AI" and end)):
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
    if re.search(r"[0-9]{4}", found) or all(word in OPENERS for word in found.split()):
        return False
    # A small word may be in the glossary: some newspapers write meta.
    return any(c.isupper() for c in found) or len(found) > 3


def capitalised(text: str) -> Iterator[Span]:
    """Capitalised names in the English of `text`, clauses in Chinese lines too; no headlines'."""
    inside = _inside_sentences(text)
    for offset, english in _english(text):
        if _is_headline(english):
            continue
        for match in _SEQUENCE.finditer(english):
            opens = _SENTENCE_START.search(english, max(0, match.start() - 4), match.start())
            for start, end in _names_of(match.group()):
                found = match.group()[start:end]
                alone = opens is not None and start == 0 and " " not in found
                if _is_name(found) and not (alone and found not in inside):
                    at = offset + match.start() + start
                    yield Span(found, at, at + len(found), False)


def _english(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not Chinese, and of the others the clauses that are not."""
    for offset, line in _lines(text):
        if not is_chinese(line):
            yield offset, line
            continue
        for run in _RUN.finditer(line):
            if _is_clause(run.group()):
                yield offset + run.start(), run.group()


def _is_name(found: str) -> bool:
    return 1 < len(found) <= _LONGEST and found[0].isupper()


def _inside_sentences(text: str) -> set[str]:
    """Words that have a capital where no sentence starts, and words like OpenAI and R1."""
    words = set(re.findall(rf"(?<=[a-z,] ){_CAP}", text))
    return words | set(re.findall(r"\b[A-Z][a-z]*[A-Z0-9]\w*", text))


def _is_headline(line: str) -> bool:
    words = [w for w in re.findall(r"\b[A-Za-z][a-z'’]+", line[:400]) if len(w) > 3]
    return len(words) > 3 and sum(w[0].isupper() for w in words) > 0.75 * len(words)


def _names_of(sequence: str) -> Iterator[tuple[int, int]]:
    """The names in a row of capitalised words, without offices, days and what opens a sentence."""
    start = end = 0
    empty = True
    for word in _TOKEN.finditer(sequence):
        plain = _ENDING.sub("", word.group())
        if _parts_names(plain, opens=empty):
            if not empty:
                yield start, end
            start, empty = word.end() + 1, True
        elif not plain.islower():
            empty, end = False, word.start() + len(plain)
            if plain != word.group():
                yield start, end
                start, empty = word.end() + 1, True
    if not empty:
        yield start, end


def _parts_names(word: str, opens: bool) -> bool:
    if word in TITLES or word in DAYS or word in COMMON:
        return True
    return opens and (word in OPENERS or word in ADJECTIVES or word.islower())


def pairs(text: str) -> list[Pair]:
    """Spellings that the text gives side by side: 楊立昆（Yann LeCun）, Yann LeCun (楊立昆)."""
    found: list[Pair] = []
    for m in islice(_CHINESE_FIRST.finditer(text), _MOST_PAIRS):
        before = text[m.start() - 1 : m.start()]
        english = m["english"].strip()
        if english in COMMON or (before.isascii() and before.isalnum()):
            continue
        chinese = _left_end(m, english, text)
        if chinese:
            found.append(Pair(english, chinese))
    for m in islice(_ENGLISH_FIRST.finditer(text), _MOST_PAIRS):
        # In Chinese text Qwen（阿里巴巴） says whose it is, not what it is called.
        if not is_chinese(text[max(0, m.start() - 60) : m.end() + 60]):
            found.append(Pair(m["english"], m["chinese"]))
    return found


def _left_end(m: re.Match[str], english: str, text: str) -> str | None:
    """The name that the Chinese before a bracket ends with; None where it can't be told."""
    run = m["chinese"]
    if m["open"]:
        return run if len(run) <= _LONGEST_CHINESE else None
    if "·" in run:
        first, _, rest = run.partition("·")
        return run if len(first) <= 4 and rest else None
    before = text[m.start() - 1 : m.start()]
    if _PERSON.fullmatch(english):
        return _person(run, before, text)
    # 特斯拉（Tesla） at the start of a clause; elsewhere other words may belong to the run.
    return run if len(run) <= _LONGEST_CHINESE and (not before or before in _CLAUSE) else None


def _person(run: str, before: str, text: str) -> str | None:
    """A surname and one or two characters; or the longest end of the run that comes again."""
    for length in (3, 2):
        if len(run) >= length and run[-length] in SURNAMES:
            return run[-length:]
    if len(run) <= 5 and before in _CLAUSE:
        return run
    sample = text[:20_000]
    best: str | None = None
    count = 2.0
    for length in range(2, min(6, len(run)) + 1):
        times = sample.count(run[-length:])
        if times < count:
            break
        best, count = run[-length:], 0.6 * times
    return best
