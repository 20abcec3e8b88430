"""The relevance of each sentence of a document to a target.

A sentence is about the target when it names it, or most of its words, or takes it up again ("the
plan", 该公司, a pronoun) right after one that does. Where the target is what the article is about,
its other sentences are too, a little.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.article import Document
from service.extractive.datelines import headline
from service.extractive.standing import standing
from service.facts.names import Glossary
from service.text.script import to_script
from service.text.terms import terms

NAMED, TAKEN_UP, IN_PASSING = 1.0, 0.7, 0.5
"""The share of a sentence's opinion that is toward a target it names, takes up, or omits."""
ALL_BUT, PART = 0.6, 0.25
"""The part of a target's terms that names it, as a long phrase is not repeated in full; and the
part that takes it up."""
LEAD = 6
"""Sentences among which the subject of an article is named."""
REACH = 2
"""The most sentences in a row that take up a target without naming it."""

_APPOSITION = re.compile(r"[,，(（)）]")
_UNDOING = re.compile(
    r"(?:the )?(?:(?:clos|remov|demolish|bann|end|cutt|scrapp|repeal|abolish|cancell?|eliminat|"
    r"dismantl|privatis|privatiz|sell|stopp)ing|closure|removal|demolition|abolition|sale|repeal|"
    r"ban|cuts?)\b|取消|关闭|拆除|禁止|停止|停办|停运|废除|削减|裁撤|撤销|砍掉|叫停|关停",
    re.IGNORECASE,
)
_IT_EN = re.compile(
    r"\b(?:it|its|they|their|them|he|his|him|she|her|this|that|these|those|such)\b", re.IGNORECASE
)
_IT_ZH = re.compile("这|此|该|其|它|他|她|上述|前者|后者")
# "The plan" takes up a subject from further back than "it" does.
_THE_PLAN_EN = re.compile(
    r"\b(?:the|this|that|such an?) (?:company|plan|project|scheme|proposal|policy|measure|bill|law|"
    r"deal|idea|move|decision|programme|program|reform|rule|ban|change|team|firm|model|product|"
    r"service|system|approach|strategy|experiment|trial)\b",
    re.IGNORECASE,
)
_THE_PLAN_ZH = re.compile(
    "(?:这|此|该|上述)(?:一|个|项|份|种|家|些|条)*"
    "(?:公司|计划|方案|项目|政策|措施|法案|决定|做法|举措|改革|提案|建议|规定|制度|系统|产品|模型|服务|"
    "试点|团队|安排|办法|设想|想法|主意|件事)"
)


@dataclass(frozen=True, slots=True)
class About:
    """For each sentence, from 0 to 1, how much its opinion is one about the target.

    `names` are the target's, in small letters. `undoes`: the target is the end of something
    ("closing the library", 拆除戲院), so that who wants to keep the thing is against it. `titled`:
    the title names the target.
    """

    weights: list[float]
    names: tuple[str, ...]
    undoes: bool
    titled: bool


def relevance(document: Document, target: str, glossary: Glossary) -> About:
    """`target` may be in either script. Chinese is read in Simplified characters."""
    chinese = document.language.startswith("zh")
    title = headline(document.title)
    texts: Sequence[str] = [sentence.text for sentence in document.sentences]
    if chinese:
        texts = document.simplified_sentences
        title, target = to_script(title, "Hans"), to_script(target, "Hans")
    names = _names(target, glossary)
    # Names and sentences are Simplified already; converting them again would change nothing.
    wanted = [set(terms(name, "und")) for name in names]
    title_named = _named(title, set(terms(title, "und")), names, wanted)
    named = [
        _named(text, set(held), names, wanted)
        for text, held in zip(texts, document.terms, strict=True)
    ]
    often = 3 * sum(part >= PART for part in named) >= len(named)
    is_subject = often or max([title_named, *named[:LEAD]]) >= ALL_BUT
    it, the_plan = (_IT_ZH, _THE_PLAN_ZH) if chinese else (_IT_EN, _THE_PLAN_EN)
    words = [
        (re.compile(""), 0),
        (it, REACH),
        (the_plan, len(named) + REACH if is_subject else REACH),
    ]
    weights: list[float] = []
    since = REACH
    for text, part in zip(texts, named, strict=True):
        since = 0 if part >= PART else since + 1
        if part >= ALL_BUT:
            weights.append(NAMED)
        elif any(since <= reach and word.search(text) for word, reach in words):
            weights.append(TAKEN_UP)
        else:
            weights.append(IN_PASSING if is_subject else 0.0)
    return About(
        weights, tuple(names), bool(_UNDOING.match(target.strip())), title_named >= ALL_BUT
    )


def _named(text: str, held: set[str], names: Sequence[str], wanted: Sequence[set[str]]) -> float:
    """The part of a name of the target that `text` holds, of the name that it holds most of."""
    lowered = text.lower()
    inside = [name for name in names if name in lowered]
    if any(next(standing(name, text), None) is not None for name in inside):
        return 1.0
    if inside:  # within the name of something else
        return 0.0
    return max((len(name & held) / len(name) for name in wanted if name), default=0.0)


def _names(target: str, glossary: Glossary) -> list[str]:
    """The target as it was asked for, its parts in apposition, and what the glossary calls it."""
    parts = [target, *_APPOSITION.split(target)]
    names = [form for part in parts if part.strip() for form in glossary.variants(part.strip())]
    surnames = [name.split()[-1] for name in names if " " in name and glossary.entry(name)]
    surnames = [each for each in surnames if glossary.entry(each) is glossary.entry(names[0])]
    return list(dict.fromkeys(to_script(name, "Hans").lower() for name in [*names, *surnames]))
