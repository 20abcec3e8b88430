"""The noun phrases of a Chinese text: runs of nouns by part of speech, and rows of words that it
repeats.

Days and months, and what is only said of a thing, are no phrases.
"""

import re
from collections.abc import Iterator

from service.extractive.phrases import MOST_CHARACTERS
from service.text.script import to_script
from service.text.segmenter import segmenter

MOST_WORDS_ZH = 5
SHORTEST_ZH = 2

_CALENDAR_ZH = re.compile(
    "(?:[今明昨前后後去本上下当當每][天日年月周週晚早]|[周週][一二三四五六日末]|星期.?|[礼禮]拜.?"
    "|[一二三四五六七八九十0-9]+[年月日号號时時]|上午|下午|晚上|早上|中午|清晨|凌晨|目前|如今|近日|日前"
    "|[春夏秋冬][天季]|首季|季度|年初|年底|月底|时候|時候|小时|小時|分钟|分鐘).*"
)
# The segmenter reads what stands between two other characters by itself.
_CLAUSE_ZH = re.compile(r"[\w+#&.]+")
_NOUNS_ZH = frozenset("n nr ns nt nz nrt nrfg eng j ng an l".split())
_INSIDE_ZH = _NOUNS_ZH | frozenset("vn m q f b x a s t d v".split())
_GRAMMAR_ZH = frozenset("xmqrpcuydfeko")
"""Parts of speech, by their first letter, that no row of words is taken over."""
_OPENING_ONLY_ZH = frozenset("d v".split())
"""Words that may begin a phrase only where the text repeats it: 开放 in 开放权重."""
_WEAK_ZH = tuple(
    """决定 投票 表示 宣布 报道 认为 要求 建议 表决 反对 支持 同意 担心 希望 通过
    批准 提出 公布 发布 介绍 强调 指出 记者 编辑 来源 作者 笔者 读者 文章 消息
    新闻 评论 问题 情况 方面 时间 地方 东西 事情 办法 理由 原因 结果 意见 声音
    数字 数据 数量 百分之 人们 大家 孩子 老人 世界 全部 部分 其中 之间 同时
    基本 一半 代表 负责人 发言人 一位 一个 市民 居民 目标 意义 过程 标准 平均
    人次 万元 亿元 美元 港元 你好 谢谢 警告 批评 称赞 谴责""".split()
)


Tagged = tuple[int, int, str, str]
"""A word at `[start, end)` of a text, and its part of speech."""


class Chinese:
    """Finds the phrases of parts of one Chinese text; what was tagged once is not tagged again.

    `simplified` is the text in Simplified characters, one for one; without it parts are converted.
    """

    def __init__(self, text: str = "", simplified: str = "") -> None:
        self._text, self._simplified = text, simplified
        self._clauses: dict[str, list[tuple[str, str]]] = {}

    def phrases(self, text: str, around: str = "") -> Iterator[tuple[str, bool]]:
        """Runs of nouns, and of what stands between nouns (6号线, 大 数据), with a noun at the end;
        and whether one begins with a word that makes a phrase of it only where it is repeated.

        Only the clauses that hold `around` are read.
        """
        original, tagged = self._tagged(text, around)
        run: list[tuple[int, int, str]] = []
        for start, end, word, flag in tagged:
            if _belongs(word, flag) and (not run or run[-1][1] == start):
                run.append((start, end, flag))
                continue
            yield from _parts(run, original)
            run = [(start, end, flag)] if _belongs(word, flag) else []
        yield from _parts(run, original)

    def repeats(self, part: str, whole: str) -> Iterator[str]:
        """Rows of two words and more that `part` holds and `whole` repeats, each as long as it is
        repeated, whatever parts of speech a segmenter takes them for (洗腎/v 中心/n, 租借/v 站/v).

        What comes again in the same words is a term as likely as not (Frantzi, Ananiadou & Mima
        2000).
        """
        original, tagged = self._tagged(part)
        bounds: list[int] = []
        for start, end, word, flag in tagged:
            stands = _may_stand_in_a_term(word, flag)
            if bounds and (not stands or bounds[-1] != start):
                yield from _repeated(bounds, original, whole)
                bounds = []
            if stands:
                bounds = [*(bounds or [start]), end]
        if bounds:
            yield from _repeated(bounds, original, whole)

    def _tagged(self, text: str, around: str = "") -> tuple[str, list[Tagged]]:
        """The text that the words are given in, and its words, without what parts clauses."""
        simplified = self._in_simplified(text)
        original = text if len(text) == len(simplified) else simplified
        found: list[Tagged] = []
        for clause in _CLAUSE_ZH.finditer(simplified):
            if around and around not in original[clause.start() : clause.end()].lower():
                continue
            at = clause.start()
            for word, flag in self._tags(clause[0]):
                found.append((at, at + len(word), word, flag))
                at += len(word)
        return original, found

    def _in_simplified(self, part: str) -> str:
        """`part` in Simplified characters; it need not be a part of the text, as a title is not."""
        at = self._text.find(part) if self._simplified else -1
        return self._simplified[at : at + len(part)] if at >= 0 else to_script(part, "Hans")

    def _tags(self, clause: str) -> list[tuple[str, str]]:
        if clause not in self._clauses:
            self._clauses[clause] = list(_tagged(clause))
        return self._clauses[clause]


def _tagged(text: str) -> Iterator[tuple[str, str]]:
    """Words with their part of speech. A long word that the segmenter only guessed is taken apart
    where its dictionary has the parts (投票决定), and where it has not, is a name."""
    jieba = segmenter()
    for word, flag in jieba.posseg.cut(text):
        parts = [word]
        if len(word) > 2 and not jieba.dt.FREQ.get(word):
            parts = jieba.lcut(word, HMM=False)
        if len(parts) > 1 and min(map(len, parts)) > 1:
            yield from ((part, jieba.posseg.dt.word_tag_tab.get(part, flag)) for part in parts)
        else:
            yield word, flag


def _belongs(word: str, flag: str) -> bool:
    if flag not in _INSIDE_ZH or not word[0].isalnum() or word.endswith(_WEAK_ZH):
        return False
    if flag in _OPENING_ONLY_ZH and len(word) < SHORTEST_ZH:
        return False
    return not _CALENDAR_ZH.fullmatch(word)


def _parts(run: list[tuple[int, int, str]], text: str) -> Iterator[tuple[str, bool]]:
    """Every part of a run that ends in a noun and is neither too short nor too long."""
    for first, (start, _, opening) in enumerate(run):
        for last in range(first, min(first + MOST_WORDS_ZH, len(run))):
            _, end, flag = run[last]
            if last > first and flag in _OPENING_ONLY_ZH:
                break
            phrase = text[start:end]
            is_noun = flag in _NOUNS_ZH and not phrase.isnumeric()
            if is_noun and SHORTEST_ZH <= len(phrase) <= MOST_CHARACTERS:
                yield phrase, opening in _OPENING_ONLY_ZH


def _may_stand_in_a_term(word: str, flag: str) -> bool:
    grammar = flag[:1] in _GRAMMAR_ZH or not word[:1].isalnum() or word.isascii()
    return not grammar and word not in _WEAK_ZH and not _CALENDAR_ZH.fullmatch(word)


def _repeated(bounds: list[int], text: str, whole: str) -> Iterator[str]:
    first = 0
    while first + 2 < len(bounds):
        found = 0
        for last in range(first + 2, len(bounds)):
            phrase = text[bounds[first] : bounds[last]]
            if len(phrase) > MOST_CHARACTERS or whole.count(phrase) < 2:
                break
            found = last
        if found and len(phrase := text[bounds[first] : bounds[found]]) > SHORTEST_ZH:
            yield phrase
        first = found or first + 1
