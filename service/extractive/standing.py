"""Tells whether a phrase stands in a text as itself, and not within the name of something else.

人工智慧 is named in 人工智慧發展很快, and not in 人工智慧部門, a department; so is Apple in "Apple
said", and not in Apple Music. Opinion of the longer name is not one of the shorter.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from service.text.han import HAN_CHARACTER
from service.text.script import to_script
from service.text.segmenter import segmenter

_NEXT = 8
"""Characters behind a phrase that tell the next word."""
_NOUNS = frozenset("n nz nt nl".split())
_APPOSITIVE = frozenset(
    """公司 集团 方面 本身 本人 先生 女士 主席 总统 总理 部长 市长 教授 博士 主任 董事长 总裁 书记
    记者 一事 问题 现象 事件""".split()
)
"""Nouns that only repeat the kind of a thing: Meta公司 is Meta."""
_LATIN = re.compile("^[A-Za-z0-9]+")
_LONGER_EN = re.compile(r"-\w| (?!I\b)[A-Z][a-z]")


def standing(phrase: str, text: str) -> Iterator[int]:
    """The places where `phrase` stands in `text` as itself, small letters and capitals alike."""
    if not phrase:
        return
    lowered, small = text.lower(), phrase.lower()
    chinese = bool(HAN_CHARACTER.search(phrase[-1]))
    at = lowered.find(small)
    while at >= 0:
        end = at + len(small)
        if chinese:
            alone = not _opens_with_noun(text[end : end + _NEXT])
        else:
            alone = text[at - 1 : at] != "-" and not _LONGER_EN.match(text, end)
        if alone:
            yield at
        at = lowered.find(small, end)


@lru_cache(maxsize=8192)
def _opens_with_noun(text: str) -> bool:
    """Whether Chinese text goes on with a noun that the phrase before it belongs to."""
    text = _LATIN.sub("", text)  # 开源AI模型
    if not HAN_CHARACTER.match(text):
        return False
    jieba = segmenter()
    word = jieba.lcut(to_script(text, "Hans"), HMM=False)[0]
    noun = jieba.posseg.dt.word_tag_tab.get(word) in _NOUNS
    return noun and len(word) > 1 and word not in _APPOSITIVE
