"""Is a digest a digest at all, by its form? What it says is judged elsewhere.

A weak model answers with the instruction, with talk about the task, with one clause over and over,
or in the other script. Each rule here refused none of a thousand true digests; docs/checks.md has
the figures. "The article discusses" opens good digests too, and is none of these faults.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from service.article import Document
from service.tasks import DigestLanguage
from service.text.han import HAN, HAN_CHARACTER
from service.text.language import detect

FormFault = Literal["empty", "tags", "noise", "echo", "talk", "language", "script", "loop"]

ECHO: dict[DigestLanguage, int] = {"en": 5, "zh": 8}
"""Words (in Chinese, characters) in a row that a digest may not share with a prompt."""
REPEATED: dict[DigestLanguage, int] = {"en": 8, "zh": 12}
REPEATED_TIMES = 3
REPEATED_SHARE = 0.25
CLAUSE: dict[DigestLanguage, int] = {"en": 5, "zh": 8}
"""A clause of so many words, or Chinese characters, is not said twice."""
CLAUSE_SHARE = 0.1
"""Clauses said twice are a loop if their repetition is this share of the text."""
FORMULA = 5
"""An article that says so short a clause twice repeats itself; its translation may do so too."""
ITEM = 4
"""A sentence that says so few words in a row again and again is a list, in any language."""

_TAGS = re.compile(r"</?(?:think|article|tool_call)>|<\|[a-z_]+\|>", re.IGNORECASE)
# Control characters, half a character (tokens whose bytes are not UTF-8), or a stutter: ),),),),),
_NOISE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]|([^\w\s]{2,4})\1{5,}")
_WORDS = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_CLAUSES = re.compile(r"[，。、；：！？,;:!?…\n]|\.(?!\d)")
_HAN_RUN = re.compile(f"[{HAN}]{{6,}}")
_QUOTED = re.compile(r"[（(“「『《\"][^（()）“”「」『』《》\"\n]{0,80}[)）”」』》\"]")
_CAPITALISED = re.compile(r"(?<![A-Za-z])[A-Z][^\W\d_]*")
_LATIN_RUN = re.compile(r"(?:\b[a-z]{2,}\b[ ,]+){5,}[a-z]{2,}\b")

# Talk about the task, never found in a digest. Strict, because good digests have frames too.
_TALK = re.compile(
    "|".join(
        (
            r"\b(?:your|my|the) (?:last|previous) (?:digest|summary)\b",
            r"\b(?:article|text|passage) (?:above|below)\b",
            r"\b(?:here is|here's|below is|this is) (?:an?|the|my|your) (?:\w+ ){0,3}"
            r"(?:digest|summary)\b",
            r"^[^\w\n]{0,20}(?:sure|certainly|of course)[,!.] (?:here|below|this|I)\b",
            r"\bas an? (?:ai|(?:large )?language model|assistant, I)\b",
            r"\bI(?:'m| am) (?:an? AI\b|sorry,? (?:but )?I (?:can|could|am|do)"
            r"|unable to (?:provide|summari[sz]e|write|answer|complete|help|fulfil|generate))",
            r"\b(?:I|you) (?:can|will|could|should|have to|need to|must)"
            r" (?:write|summari[sz]e|rewrite)\b",
            r"\bwrite (?:it|this|the \w+) again\b",
            r"\b(?:this|the) (?:digest|summary)"
            r" (?:provides|is|was|should|must|does|can(?:not)?|could)\b",
            r"\b(?:a|the) (?:detailed|brief|concise|accurate) (?:and \w+ )?"
            r"(?:account|digest|summary) of (?:the|this) (?:article|text|passage)\b",
            r"\bthe article's own (?:figures|words|sentences|numbers)\b",
            r"\bin about \d+ words\b",
            r"\b(?:this|the) (?:article|text|passage)(?:'s| is| was| has been) (?:\w+ )?"
            r"(?:edited|written|rewritten|updated|copied|in English|in Chinese)\b",
            r"\boriginal (?:text|article)\b",
            r"\b(?:this|the) (?:article|text|passage)(?: also)?"
            r" (?:summari[sz]es|supports what it)\b",
            r"\bkey points of (?:this|the) (?:article|text|passage)\b",
            r"\b(?:this|the) (?:article|text|passage)'s (?:summary|digest)\b",
            "(?:本文|文章)(?:总结|概括)了",
            r"^[^\w\n]{0,20}(?:the )?(?:article|digest|summary|text) ?[:：]",
            "^(?:文章|摘要|本文|概括)[:：]",
            "(?:上面|以上|下面|上述)的?(?:文章|原文|内容)(?:的摘要|概括)",
            "请(?:重写|重新写|用简体|概括|总结)",
            "(?:以下|下面|这)是.{0,6}(?:摘要|概括|总结)",
            "(?:你|您|我)(?:上一次|上次)?写的摘要",
            "作为(?:一个|一名)?(?:AI|人工智能|语言模型)",
            "(?:我|本人)(?:无法|不能)(?:提供|完成|概括|回答)",
        )
    ),
    re.IGNORECASE | re.MULTILINE,
)

Run = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A digest as the rules see it. `told` is all that a model may have been told in words."""

    text: str
    language: DigestLanguage
    article: Document
    told: tuple[str, ...] = ()

    @property
    def article_text(self) -> str:
        return "\n".join(filter(None, (self.article.page_title, self.article.titled_text)))

    @property
    def words(self) -> list[str]:
        return list(words_of(self.text))


def form_faults(candidate: Candidate) -> Iterator[FormFault]:
    """The faults of form, the worst first; nothing after `empty`."""
    if not candidate.text.strip():
        yield "empty"
        return
    for name, has in _RULES:
        if has(candidate):
            yield name


def _has_tags(candidate: Candidate) -> bool:
    return bool(_TAGS.search(candidate.text))


def _has_noise(candidate: Candidate) -> bool:
    return bool(_NOISE.search(candidate.text))


def _echoes(candidate: Candidate) -> bool:
    """Whether words of a prompt stand in it in a row, which the article has not."""
    for language, length in ECHO.items():
        own = set(runs(candidate.words, length)) & _told_runs(candidate.told, length)
        shared = {run for run in own if _is_in(run, language)}
        if shared and shared - set(runs(words_of(candidate.article_text), length)):
            return True
    return False


def _is_in(run: Run, language: DigestLanguage) -> bool:
    """Han characters make long runs of few words, so each language has its own length."""
    han = sum("㐀" <= word[0] <= "鿿" for word in run)
    return han > len(run) / 2 if language == "zh" else han == 0


@lru_cache(maxsize=16)
def _told_runs(told: tuple[str, ...], length: int) -> frozenset[Run]:
    return frozenset(run for text in told for run in runs(words_of(text), length))


def _talks(candidate: Candidate) -> bool:
    return any(
        found.group() not in candidate.article_text for found in _TALK.finditer(candidate.text)
    )


def _is_foreign(candidate: Candidate) -> bool:
    """Whether it is in another language; too little to tell is not.

    A Chinese list of names may be mostly Latin letters.
    """
    text, language = candidate.text, candidate.language
    han = bool(HAN_CHARACTER.search(text))
    found = detect(text)
    if found == "und":
        return han != (language == "zh")
    if found.split("-", 1)[0] == language:
        return False
    names_apart = detect(_CAPITALISED.sub("", text)) if han and language == "zh" else found
    return names_apart.split("-", 1)[0] != language


def _holds_other_script(candidate: Candidate) -> bool:
    """Whether a clause in the other script stands in it, quotations and names left out."""
    plain = _QUOTED.sub("", candidate.text)
    run = _HAN_RUN if candidate.language == "en" else _LATIN_RUN
    return bool(run.search(plain))


def _loops(candidate: Candidate) -> bool:
    """Whether a clause is said twice, or much of the text is the same words again."""
    return _says_a_clause_twice(candidate) or _repeats(candidate)


def _says_a_clause_twice(candidate: Candidate) -> bool:
    twice = _clauses_said_twice(candidate.text, CLAUSE[candidate.language])
    if sum(len(words) * more for words, more in twice.items()) < CLAUSE_SHARE * len(
        candidate.words
    ):
        return False
    of_article = _clauses_said_twice(candidate.article_text, FORMULA)
    if twice.keys() <= of_article.keys() or sum(twice.values()) <= sum(of_article.values()):
        return False  # a paraphrase repeats in its own words what its article repeats
    return not _translates_repeats(candidate)


def _translates_repeats(candidate: Candidate) -> bool:
    """Whether the article repeats itself in another language, so that no words can be compared."""
    if not _is_across(candidate):
        return False
    text = candidate.article_text
    length = REPEATED["zh" if HAN_CHARACTER.search(text) else "en"]
    said = Counter(runs(words_of(text), length))
    return max(said.values(), default=0) > 1 or bool(_clauses_said_twice(text, FORMULA))


def _is_across(candidate: Candidate) -> bool:
    """Whether article and digest are in two languages, so that no words can be compared."""
    return candidate.article.language.partition("-")[0] != candidate.language


def _clauses_said_twice(text: str, least: int) -> dict[Run, int]:
    """The clauses of `least` words and more that are said more than once: how often more."""
    counts = Counter(tuple(_WORDS.findall(clause)) for clause in _CLAUSES.split(text.lower()))
    return {
        words: times - 1 for words, times in counts.items() if times > 1 and len(words) >= least
    }


def _repeats(candidate: Candidate) -> bool:
    """Whether some words come three times in a row of their own, and fill much of the text.

    Twice is not enough: a headline says what its first sentence says.
    """
    words, length = candidate.words, REPEATED[candidate.language]
    starts: dict[Run, list[int]] = defaultdict(list)
    for start, run in enumerate(runs(words, length)):
        starts[run].append(start)
    again = {run: at for run, at in starts.items() if len(at) >= REPEATED_TIMES}
    covered = {
        word for at in again.values() for start in at for word in range(start, start + length)
    }
    if len(covered) <= REPEATED_SHARE * len(words):
        return False
    if max(map(len, again.values())) <= _longest_list(candidate.article):
        return False
    if _is_across(candidate):
        return True
    said = Counter(runs(words_of(candidate.article_text), length))
    return not all(said[run] > 1 for run in again)


def _longest_list(article: Document) -> int:
    """The greatest number of times that one sentence says the same words in a row."""
    times = (
        max(Counter(runs(words_of(sentence.text), ITEM)).values(), default=0)
        for sentence in article.sentences
    )
    return max(times, default=0)


_RULES: tuple[tuple[FormFault, Callable[[Candidate], bool]], ...] = (
    ("tags", _has_tags),
    ("noise", _has_noise),
    ("echo", _echoes),
    ("talk", _talks),
    ("language", _is_foreign),
    ("script", _holds_other_script),
    ("loop", _loops),
)


@lru_cache(maxsize=4)  # the article's and the digest's, asked for by several rules
def words_of(text: str) -> Run:
    """The words of `text` in small letters, each Han character a word."""
    return tuple(_WORDS.findall(text.lower()))


def runs(words: Sequence[str], length: int) -> list[Run]:
    """Every `length` words in a row."""
    return [tuple(words[start : start + length]) for start in range(len(words) - length + 1)]


def told_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """The prompts' own texts, which a model may parrot, with gaps for figures and names."""
    return tuple(re.sub(r"\{[^{}\n]*\}", "", text) for text in texts)
