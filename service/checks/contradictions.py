"""Claims of a digest about a figure that its article contradicts: an opposite bound or change.

"More than 50" of 不到50 has the right figure and is wrong, and so is a rise of 2% where the article
says 维持2%不变. Only what is certain counts: a word right beside the digest's figure, against every
place where the article states that figure. An approximation (约, nearly) contradicts no bound, and
a place of the article that says nothing of a change contradicts none.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from service.article import Document
from service.facts.numerals import Figure
from service.facts.numerals.atoms import Key, answers, atoms, questions

Change = Literal["up", "down", "flat"]
Changes = frozenset[Change]

_OPPOSITE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("more", "least"), frozenset({"less", "most"})),
    **dict.fromkeys(("less", "most"), frozenset({"more", "least"})),
}
_CHANGING = frozenset({"percent", "money", "measure", "number", "fraction"})
_SHARES = frozenset({"percent", "money", "fraction"})

# A word that says for certain what happened to the figure beside it.
_VERBS: Mapping[Change, str] = {
    "up": r"r(?:ise|ises|ose|isen|ising)|increas(?:e|es|ed|ing)|gr(?:ow|ows|ew|own|owing|owth)"
    r"|climb(?:s|ed|ing)?|jump(?:s|ed|ing)?|surg(?:e|es|ed|ing)|soar(?:s|ed|ing)?|up(?! to )"
    r"|rais(?:e|es|ed|ing)|hik(?:e|es|ed|ing)|gain(?:s|ed|ing)?|上升|上[涨漲]|增[长長加]|[提升]高|上[调調]|攀升",
    "down": r"f(?:all|alls|ell|allen|alling)|drop(?:s|ped|ping)?|declin(?:e|es|ed|ing)"
    r"|decreas(?:e|es|ed|ing)|down|slump(?:s|ed|ing)?|plung(?:e|es|ed|ing)"
    r"|reduc(?:e|es|ed|ing|tion)|cut|lower(?:s|ed|ing)|下降|下跌|[减減]少|降低|下[调調]|下滑|回落",
    "flat": r"unchanged|steady|flat|stable|(?:remain\w*|stay\w*|kept|keep\w*|maintain\w*)(?= at\b)"
    r"|[维維]持|保持|持平|[稳穩]定",
}
_NOUNS: Mapping[Change, str] = {
    "up": "rise|increase|growth|jump|surge|gain|hike|增[长長幅]|[涨漲]幅|升幅",
    "down": "fall|drop|decline|decrease|slump|cut|reduction|降幅|跌幅|下降|[减減]少",
    "flat": "不[变變]",
}
# Other ways to say it, and words that may: they excuse a digest's claim but contradict none.
_ELSEWHERE: Mapping[Change, str] = {
    "up": r"higher|more|add(?:s|ed|ing)?|doubl(?:e|ed|ing)"
    r"|expan(?:d|ds|ded|sion)|widen(?:s|ed|ing)?|advanc(?:e|es|ed)|accelerat\w+|improv\w+|rall\w+"
    r"|rebound\w*|recover\w*|spik\w+|boost\w*|[增升涨漲加扩擴翻多高]",
    "down": r"low(?:er|ers|ered)|less|fewer|los(?:s|e|es|t|ing)|slow\w*|shr[aiu]nk\w*|narrow\w*"
    r"|eas(?:e|ed|ing)|slip(?:s|ped)?|sl(?:id|ide|ides|ash\w*)|tumbl\w+|crash\w*|weak\w*|contract\w*"
    r"|off|discount\w*|sav(?:e|ed|es|ing|ings)|shed|trim\w*|[减減降跌落缩縮亏虧损損少低裁省]",
    "flat": r"remain\w*|stay\w*|maintain\w*|kept?|keep\w*|h[eo]ld\w*|still|same|不[变變]",
}
# The thing that changes may stand between: "cut the rate to", "an increase in it of", 上调利率至.
_GAP = (
    r"(?:(?:(?: [a-z]+){1,4}(?= (?:by|to|of) ))?"
    r"(?: (?:by|to|from|of|at|about|around|nearly|almost|over|more than|less than|some|roughly"
    r"|approximately|an?|another|further|just|only|on))*(?: |\Z)"
    r"|[^，。；：、！？,;\s\d]{0,6}?[了至到近约約逾超过過为為达達在于於]*)"
)
_BETWEEN = r"(?:[ -](?:[a-z]+[ -]){0,2}|的?)"
_CLAUSE = re.compile(r"[，。；！？,;!?\n]|\b(?:and|while|but|whereas)\b")
_REACH = 40


def _patterns(
    words: Mapping[Change, str], before: str = "", after: str = ""
) -> Mapping[Change, re.Pattern[str]]:
    """A pattern for each change; of English words whole ones, Chinese has no spaces between its."""
    return {
        change: re.compile(rf"{before}(?<![A-Za-z])(?:{each})(?![A-Za-z]){after}", re.IGNORECASE)
        for change, each in words.items()
    }


_BEFORE = _patterns(_VERBS, after=_GAP + r"\Z")
_AFTER = _patterns(_NOUNS, before=_BETWEEN)
_CERTAIN = _patterns({change: f"{_VERBS[change]}|{_NOUNS[change]}" for change in _VERBS})
_POSSIBLE = _patterns(
    {change: f"{_VERBS[change]}|{_NOUNS[change]}|{_ELSEWHERE[change]}" for change in _VERBS}
)
_AFTER_FLAT = re.compile(r"[^，。；,;]{0,8}不[变變]| (?:is |was )?unchanged", re.IGNORECASE)


def contradictions(digest: Document, article: Document) -> list[str]:
    """The figures of `digest`, with their words, of which the article says the opposite."""
    return [claim for figure in digest.figures for claim in _contradicted(figure, digest, article)]


def _contradicted(figure: Figure, digest: Document, article: Document) -> Iterator[str]:
    text = digest.titled_text
    changes = _attached(figure, text) if figure.kind in _CHANGING else frozenset()
    moves = changes - {"flat"} or changes
    if not moves and figure.bound not in _OPPOSITE:
        return
    stating = _stating(figure, article)
    opposite = _OPPOSITE.get(figure.bound, frozenset())
    if stating and all(each.bound in opposite for each in stating):
        yield _phrase(figure, digest)
    said = [_said(each, article) for each in stating] if moves else []
    if said and all(each.certain and moves.isdisjoint(each.possible) for each in said):
        yield _phrase(figure, digest)


def _stating(figure: Figure, article: Document) -> list[Figure]:
    """The figures of the article that have the same values."""
    wanted = [frozenset(questions(atom)) for atom in atoms(figure)]
    return [
        each
        for each in article.figures
        if _family(each) == _family(figure) and all(map(_keys(each).intersection, wanted))
    ]


def _family(figure: Figure) -> str:
    """A count may have a unit in one language alone."""
    return "number" if figure.kind == "measure" else figure.kind


def _keys(figure: Figure) -> frozenset[Key]:
    return frozenset(key for atom in atoms(figure) for key in answers(atom))


def _attached(figure: Figure, text: str) -> Changes:
    """The changes that the words right beside a figure say."""
    before = text[max(0, figure.start - _REACH) : figure.start]
    after = text[figure.end : figure.end + _REACH]
    found = {change for change, pattern in _BEFORE.items() if pattern.search(before)}
    if figure.kind in _SHARES:
        found |= {change for change, pattern in _AFTER.items() if pattern.match(after)}
    if _AFTER_FLAT.match(after):
        found.add("flat")
    return frozenset(found)


class _Said(NamedTuple):
    """The changes that an article says of a figure for certain, and those that it may say."""

    certain: Changes
    possible: Changes


def _said(figure: Figure, article: Document) -> _Said:
    """The changes right beside the article's figure; else those in its clause or its sentence."""
    text = article.titled_text
    attached = _attached(figure, text)
    if attached:
        return _Said(attached, attached)
    start, end = article.sentence_span(figure.start)
    clause, sentence = _clause(figure, text, start, end), text[start:end]
    certain = _mentioned(clause, _CERTAIN) or _mentioned(sentence, _CERTAIN)
    return _Said(certain, _mentioned(clause, _POSSIBLE) or _mentioned(sentence, _POSSIBLE))


def _mentioned(text: str, patterns: Mapping[Change, re.Pattern[str]]) -> Changes:
    return frozenset(change for change, pattern in patterns.items() if pattern.search(text))


def _clause(figure: Figure, text: str, start: int, end: int) -> str:
    cuts = [cut.end() for cut in _CLAUSE.finditer(text, start, figure.start)]
    cut = _CLAUSE.search(text, figure.end, end)
    return text[cuts[-1] if cuts else start : cut.start() if cut else end]


def _phrase(figure: Figure, digest: Document) -> str:
    """The figure with the clause around it, short enough to read."""
    span = digest.sentence_span(figure.start)
    return _clause(figure, digest.titled_text, *span).strip(" .")
