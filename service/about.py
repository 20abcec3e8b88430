"""Which sentences of an article are about a target?

A sentence is about the target when it names it, or most of its words, or takes it up again ("the
plan", 该公司, a pronoun) right after one that does. Where the target is what the article is about,
its other sentences are too, a little.
"""

import re
from collections.abc import Sequence

from service.names import Glossary
from service.terms import terms

NAMED, TAKEN_UP, IN_PASSING = 1.0, 0.7, 0.35
"""How much of a sentence's opinion is toward a target that it names, takes up, or leaves unsaid."""
ENOUGH_TERMS = 0.6
"""The part of a target's terms that names it; a target may be a phrase nobody repeats in full."""
LEAD = 3
REACH = 2
"""How many sentences in a row may take up a target without naming it."""

_TAKES_UP_EN = re.compile(
    r"\b(?:it|its|they|their|them|he|his|him|she|her|this|that|these|those|such|"
    r"the (?:company|plan|project|scheme|proposal|policy|measure|bill|law|deal|idea|move|decision|"
    r"programme|program|reform|rule|ban|change|team|firm|government|council|model|product|service|"
    r"city|system|approach|strategy|experiment|trial|answer|result|case))\b",
    re.IGNORECASE,
)
_TAKES_UP_ZH = re.compile(
    "这|此|该|其|它|他|她|上述|前者|后者|公司|计划|方案|项目|政策|措施|法案|决定|做法|举措|改革|提案|规定|系统|"
    "产品|模型|服务|制度|试点|团队"
)


def relevance(
    sentences: Sequence[str], target: str, language: str, title: str, glossary: Glossary
) -> list[float]:
    """For each sentence, from 0 to 1, how much its opinion is one about `target`.

    Chinese has to be Simplified, the target and the title too.
    """
    names = [name.lower() for name in _names(target, glossary)]
    wanted = set(terms(target, language))
    named = [_names_it(text, names, wanted, language) for text in (title, *sentences)]
    is_subject = named[0] or sum(named[1 : 1 + LEAD]) > 0 or 3 * sum(named) >= len(named)
    takes_up = _TAKES_UP_ZH if language.startswith("zh") else _TAKES_UP_EN
    weights: list[float] = []
    since = REACH
    for text, is_named in zip(sentences, named[1:], strict=True):
        since = 0 if is_named else since + 1
        if is_named:
            weights.append(NAMED)
        elif since <= REACH and takes_up.search(text):
            weights.append(TAKEN_UP)
        else:
            weights.append(IN_PASSING if is_subject else 0.0)
    return weights
