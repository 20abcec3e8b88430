"""The measures of a phrase as a term: its mentions in a text, its size, its rarity, and the kind of
thing that it names."""

import math
import re

from service.extractive.standing import standing
from service.text.script import to_script
from service.text.segmenter import rarity, segmenter
from service.text.terms import terms

READ = 20_000
"""Characters of the text that phrases are counted in."""
WHO_DECIDES, A_PLACE = 0.2, 0.5
_WHO_DECIDES_EN = re.compile(
    r"(?:council|government|parliament|senate|congress|committee|commission|ministry|department|"
    r"board|court|mayor|minister|president|governor|officials?|spokes\w+|voters?|authority|"
    r"authorities|agency|bureau|police|residents?|critics|supporters)$",
    re.IGNORECASE,
)
_WHO_DECIDES_ZH = re.compile(
    "(?:政府|议会|议员|委员会|委|局|部门|部|厅|法院|院方|局方|官方|市长|县长|省长|总统|总理|部长|主席|主任|"
    "局长|公所|警方|协会|工会|代表|民众|当局|法庭|国会|董事会|选民|.者)$"
)


class Mentions:
    """The number of times that a text holds a phrase; in English singular and plural are one."""

    def __init__(self, text: str, language: str) -> None:
        self._language = "" if language.startswith("zh") else language
        self._text = self._folded(text)
        self._counted: dict[str, int] = {}

    def of(self, phrase: str) -> int:
        if phrase not in self._counted:
            self._counted[phrase] = self._text.count(self._folded(phrase))
        return self._counted[phrase]

    def as_itself(self, phrase: str) -> int:
        """The same without those within a longer name, which in Chinese no space parts."""
        return self.of(phrase) if self._language else sum(1 for _ in standing(phrase, self._text))

    def _folded(self, text: str) -> str:
        return f" {' '.join(terms(text, self._language))} " if self._language else text.lower()


def kind_weight(phrase: str, chinese: bool) -> float:
    """The weight of a phrase by the thing that it names: one who decides, a place of events."""
    if not chinese:
        return WHO_DECIDES if _WHO_DECIDES_EN.search(phrase) else 1.0
    simplified = to_script(phrase, "Hans")
    if segmenter().posseg.dt.word_tag_tab.get(simplified) == "ns":
        return A_PLACE
    return WHO_DECIDES if _WHO_DECIDES_ZH.search(simplified) else 1.0


def mean_rarity(phrase: str) -> float:
    """The mean rarity of its words in Chinese, squared: the commonest nouns (医院, 城市) are in
    texts about anything."""
    words = segmenter().lcut(to_script(phrase, "Hans"), HMM=False)
    return float((sum(map(rarity, words)) / len(words)) ** 2)


def size_zh(phrase: str, often: float) -> float:
    """A longer phrase that is repeated counts more, as each of its mentions is of its parts too
    (Frantzi, Ananiadou & Mima 2000, "Automatic Recognition of Multi-Word Terms")."""
    return math.sqrt(len(phrase) / 2) if often > 1 else 1.0


def size_en(phrase: str) -> float:
    return math.sqrt(len(phrase)) * (1.0 if " " in phrase or not phrase.islower() else 0.5)
