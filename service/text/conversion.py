"""Chinese from one script to the other by OpenCC, whose phrases are held against the words.

OpenCC takes the longest phrase from the left, so that it finds some across two words: 被发|明 for
被|发明, whose 发 is another character then. A segmenter of words decides there.
"""

import re
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from service.text.segmenter import segmenter

if TYPE_CHECKING:
    from opencc import OpenCC

_BROKEN = re.compile("([\0\ud800-\udfff]+)")
_HAN_RUN = re.compile("[\u3400-\u9fff]+")
# No phrase is longer on one side of the place where two words meet.
_REACH = 4
# Words that OpenCC has for rarer ones: 不準 is not accurate, 不准 is forbidden.
_WORDS = {"不准": "不准"}
# Surnames that keep the character which is another's Simplified form: 范志明, and 模範.
_SURNAMES = {name: name for name in "范于云余郁丑种涂沈征舍游谷姜曲岳"} | {"钟": "鍾"}
_NAMED = re.compile(f"(?<!百)姓([{''.join(_SURNAMES)}])")
_TITLES = frozenset(
    "先生 女士 小姐 太太 夫人 教授 老师 博士 医生 律师 校长 局长 市长 主席 总统 总理 部长 书记"
    " 经理 主任 院长 董事长 导演 记者".split()
)


def convert(config: str, text: str) -> str:
    """`text` as the configuration of OpenCC gives it (s2tw, tw2s, …).

    OpenCC stops at a NUL, and takes no half of a surrogate pair; a broken page may have both.
    """
    convert = _converter(config).convert
    return "".join(part if _BROKEN.match(part) else convert(part) for part in _BROKEN.split(text))


@cache
def _converter(config: str) -> "OpenCC":
    # OpenCC's convert reads its dictionaries only, so threads may share one.
    from opencc import OpenCC

    return OpenCC(config)


def to_traditional_words(text: str) -> str:
    """Simplified text in Traditional characters, no phrase of OpenCC's cutting a word in two."""
    whole = convert("s2tw", text)
    if len(whole) != len(text):
        return whole
    characters = list(whole)
    for run in _HAN_RUN.finditer(text):
        start = run.start()
        for at, character in _corrections(run.group(), whole[start : run.end()]):
            characters[start + at] = character
    return "".join(characters)


def _corrections(run: str, whole: str) -> list[tuple[int, str]]:
    """The characters of `whole`, the conversion of `run`, that its words want otherwise."""
    if len(run) < 2:
        return []
    tagged = segmenter().posseg.lcut(run)
    words = [word for word, _ in tagged]
    edges = [0, *accumulate(map(len, words))]
    apart = convert("s2tw", "\n".join(words)).split("\n")
    found: list[tuple[int, str]] = []
    for index, (word, own) in enumerate(zip(words, apart, strict=True)):
        begin, end = edges[index], edges[index + 1]
        for at in range(begin, end):
            if whole[at] != own[at - begin] and not _is_phrase(run, at, whole[at], edges):
                found.append((at, own[at - begin]))
        if word in _WORDS:
            found += zip(range(begin, end), _WORDS[word], strict=True)
        elif word[0] in _SURNAMES and _is_surname(words, index, tagged[index].flag):
            found.append((begin, _SURNAMES[word[0]]))
    found += [(m.start(1), _SURNAMES[m[1]]) for m in _NAMED.finditer(run)]
    return found


def _is_phrase(run: str, at: int, character: str, edges: list[int]) -> bool:
    """Whether OpenCC has `character` at `at` from a phrase of whole words."""
    for size in range(2, 2 * _REACH + 1):
        for begin in range(max(0, at - size + 1), min(at, len(run) - size) + 1):
            if convert("s2tw", run[begin : begin + size])[at - begin] == character:
                return begin in edges and begin + size in edges
    return True


def _is_surname(words: list[str], index: int, tag: str) -> bool:
    """Whether the word is a name that no dictionary has, or a surname before a title."""
    if len(words[index]) > 1:
        return tag.startswith("nr") and words[index] not in segmenter().dt.FREQ
    return index + 1 < len(words) and words[index + 1] in _TITLES
