"""The main terms of an article in the other language, and what its figures are of.

Terms are the nouns that the text repeats or its title names, and the Chinese verbs that it keeps
coming back to, weighted by how rare their language has them (TF-IDF with a language's own counts);
each is said by a gloss that is certain, or not at all. A figure is labelled with the glossed noun
that stands right beside it.
"""

import re
from collections import Counter
from collections.abc import Iterator

from service.article import Document
from service.extractive.english_phrases import English
from service.extractive.key_fact import KeyFact
from service.facts.dictionary_terms import gloss
from service.facts.numerals import Figure
from service.tasks import DigestLanguage
from service.text.script import to_script
from service.text.segmenter import frequency, rarity, segmenter

READ = 20_000
"""Characters of the text that terms are looked for in."""
IN_TITLE = 3.0
LEAST = 2.0
"""Mentions that make a word one of the main terms; the title counts for three."""
COMMONEST = 0.42
"""The rarity below which a Chinese noun is in texts about anything."""
LEAST_OF_A_VERB, COMMONEST_VERB = 3.0, 0.65
"""The same for a Chinese verb: most of what a text says often is done in any text."""
_NOUNS_ZH = frozenset("n vn nz l j an".split())
_VERB = "v"
_JOINED = "nz"
_BETWEEN_ZH = re.compile(
    "(?:[为为達达是约近超過过仅共占至到了的将逾高将在]|总计|合计|累计|大约|接近|突破|高达|增加|减少|下降|上升|增长)*"
)
"""All that may stand between a Chinese word and the figure that is of it."""
_CLAUSE_ZH = re.compile("[，。；：！？、,;:!?\n]")
_VAGUE_ZH = frozenset(
    """情况 方面 问题 时间 地方 人员 工作 记者 消息 社会 单位 部门 活动 内容 方式 新闻 编辑 报道
    关系 作用 水平 条件 过程 结果 原因 基础 重点 特点 目标 任务 力度 意见 方法 机会 能力 标准 数据
    数字 同比 环比 总额 金额 总量 全国 全市 全省 全球 有限公司 公司 电话 网友 先生 女士 日电 本报
    通讯员 责任编辑""".split()
)
_BEFORE_EN = re.compile(
    r"\b([a-z]+(?:-[a-z]+)?) (?:of|worth|at|to|by|for|was|is|were|are|totall?ing|reached) "
    r"(?:about |around |nearly |almost |over |more than |just |up to |some )?$",
    re.IGNORECASE,
)
_AFTER_EN = re.compile(r"^ (?:in |of |worth of )?([a-z]+(?:-[a-z]+)?)(?: ([a-z]+))?")
_LABELLED = frozenset({"money", "percent"})


def key_terms(document: Document, target: DigestLanguage) -> list[KeyFact]:
    """The main terms that have a certain gloss, the weightiest first."""
    counts: Counter[str] = Counter()
    first: dict[str, int] = {}
    sources: dict[str, int] = {}
    verbs: set[str] = set()
    for start, word, flag in _words(document):
        if flag == _VERB:
            verbs.add(word)
        counts[word] += IN_TITLE if start < document.text_start else 1  # type: ignore[assignment]
        first.setdefault(word, start)
        source = document.sentence_at(start)
        if source is not None:
            sources.setdefault(word, source)
    found: dict[str, KeyFact] = {}
    for word, often in counts.items():
        meaning = gloss(word, target)
        rare = rarity(word) if target == "en" else 1.0
        least, commonest = (
            (LEAST_OF_A_VERB, COMMONEST_VERB) if word in verbs else (LEAST, COMMONEST)
        )
        if meaning is None or often < least or rare < commonest:
            continue
        term = KeyFact(meaning, often * rare * rare, first[word], sources.get(word))
        if meaning not in found or found[meaning].weight < term.weight:
            found[meaning] = term
    return sorted(found.values(), key=lambda term: (-term.weight, term.first))


def _words(document: Document) -> Iterator[tuple[int, str, str]]:
    """The nouns of title and text, and a Chinese text's verbs, with their places and their parts of
    speech; Chinese ones in Simplified characters."""
    if not document.language.startswith("zh"):
        text = document.titled_text[:READ]
        for start, phrase in English(text).placed(text):
            yield start, phrase.lower(), "n"
        return
    for start, word, flag in _segments(document.simplified_titled_text[:READ]):
        wanted = flag in _NOUNS_ZH or flag == _VERB
        if wanted and len(word) > 1 and word not in _VAGUE_ZH:
            yield start, word, flag


def _segments(text: str) -> Iterator[tuple[int, str, str]]:
    """Words with their places and parts of speech.

    Two characters that the segmenter parts, because it has no such word, are one word where the
    dictionary has it (闭源).
    """
    at, before = 0, ""
    for word, flag in segmenter().posseg.cut(text, HMM=False):
        pair = before + word
        if len(word) == len(before) == 1 and not frequency(pair) and gloss(pair, "en"):
            yield at - 1, pair, _JOINED
            before = ""
        else:
            before = word
        yield at, word, flag
        at += len(word)


def counted(document: Document, figure: Figure, target: DigestLanguage) -> str | None:
    """The gloss of the noun that `figure` is of; None where none stands right beside it."""
    if figure.kind not in _LABELLED:
        return None
    text = document.titled_text
    before, after = text[max(0, figure.start - 60) : figure.start], text[figure.end :][:40]
    if document.language.startswith("zh"):
        return _before_zh(to_script(before, "Hans")) if target == "en" else None
    words = [found[1] for found in (_BEFORE_EN.search(before),) if found]
    if found := _AFTER_EN.match(after):
        words += [word for word in (found[2], found[1]) if word]
    return next((meaning for word in words if (meaning := gloss(word, target))), None)


def _before_zh(before: str) -> str | None:
    clause = _CLAUSE_ZH.split(before)[-1]
    behind = ""
    for word, flag in reversed(list(segmenter().posseg.cut(clause, HMM=False))):
        if flag in _NOUNS_ZH and len(word) > 1:
            known = word not in _VAGUE_ZH and _BETWEEN_ZH.fullmatch(behind)
            return gloss(word, "en") if known else None
        behind = word + behind
    return None
