"""The country of a currency sign or word, by its text: $ in Australia, ¥ in Japan, won."""

import re
from collections.abc import Callable

from service.facts.numerals.currencies import LOCAL_MONEY, MONEY_BY_SPELLING

# A sign that several countries share, and the countries that a text may be about.
_YEN_PLACE = re.compile(
    r"\byen\b|\bJapan|\bTokyo\b|\bNagoya\b|\bOsaka\b|\bKyoto\b|日[元圆圓本]|[东東]京"
)
_YUAN_PLACE = re.compile(
    r"\byuan\b|\brenminbi\b|\bRMB\b|\bChin(?:a|ese)\b|\bBeijing\b|\bShanghai\b|\bShenzhen\b"
    "|人民[币幣]|中[国國]|北京|上海|深圳"
)
_OTHER_DOLLARS = re.compile(
    r"\bAustrali|\bNew Zealand|\bCanad(?:a|ian)|\bHong Kong|\bSingapore|\bTaiwan|\bJamaica|\bFiji"
    r"|\bSydney\b|\bMelbourne\b|\bAuckland\b|\bToronto\b|\bTaipei\b|\bOtago\b"
    r"|\b(?:A|AU|NZ|C|CA|HK|S|NT)\$"
)
_US_DOLLARS = re.compile(
    r"\bU\.?S\.?(?![A-Za-z])|\bUnited States|\bAmerica|\bWashington\b|\bNew York\b|\bWall Street"
    r"|\bCaliforni|\bTexas\b|\bFederal Reserve|\bSilicon Valley|美[国國元]"
)
# Everyday words, or measures of weight: money only where the text speaks of their country.
_PLACES = {
    "won": re.compile(r"\bKorea|\bSeoul\b|\bKRW\b|韩|韓"),
    "pounds": re.compile(
        r"£|\bsterling\b|\bGBP\b|\bpence\b|英[镑鎊]"
        r"|\b(?:cost|costs|price[sd]?|paid|pay|spent|fine[ds]?|fee|fees|worth|fund\w*|tickets?)\b"
    ),
    "francs": re.compile(r"\bSwi(?:ss|tzerland)|瑞士"),
    "kronor": re.compile(r"\bSwed|瑞典|\bStockholm\b|诺贝尔|諾貝爾|\bNobel"),
    "baht": re.compile(r"\bThai|\bBangkok|泰[国國]"),
    "dong": re.compile(r"\bVietnam|\bHanoi|越南"),
    "rupees": re.compile(r"\blakh|\bcrore|₹|\bRs\b|\bIndia(?!na)|\bDelhi\b|\bMumbai\b|印度"),
}
_SAME_WORD = {"pound": "pounds", "rupee": "rupees", "卢比": "rupees", "盧比": "rupees"}
_HEAVY = re.compile(
    r"\bweigh|\bheav|\blbs?\b|\bweight\b|\bfeet\b|\bpounds of (?!sterling)|-pounds?\b|\bounces?\b",
    re.IGNORECASE,
)


class Currencies:
    """The countries of the currency signs and words of one text.

    `local` is the currency that a bare 元 means, or None where that can't be told.
    """

    def __init__(self, text: str, local: str | None, chinese: bool) -> None:
        self._text = text
        self.local = local
        self._chinese = chinese
        self._told: dict[str, str | None] = {}

    def of_sign(self, sign: str) -> str | None:
        """The code of the currency of `sign`, or None where the text leaves it open."""
        sign = sign.replace(" ", "").lower()
        if sign == "¥":
            return self._once("¥", self._yen_or_yuan)
        if sign == "$":
            return self._once("$", self._dollar)
        return MONEY_BY_SPELLING.get(sign)

    def of_word(self, word: str) -> str | None:
        """The code of the currency of `word`, or None where the text leaves it open."""
        word = word.lower()
        if word in LOCAL_MONEY:
            return self.local
        if word in ("dollars", "dollar"):
            return self._once("$", self._dollar)
        return MONEY_BY_SPELLING[word]

    def is_sure(self, word: str) -> bool:
        """False for a word that is money only in a text about its country: won, pounds."""
        word = _SAME_WORD.get(word.lower(), word.lower())
        place = _PLACES.get(word)
        if place is None:
            return True
        if word not in self._told:
            sure = place.search(self._text) is not None
            if word == "pounds":
                sure = sure and not _HEAVY.search(self._text)
            self._told[word] = "yes" if sure else None
        return self._told[word] is not None

    def _once(self, sign: str, tell: Callable[[], str | None]) -> str | None:
        if sign not in self._told:
            self._told[sign] = tell()
        return self._told[sign]

    def _yen_or_yuan(self) -> str | None:
        yen, yuan = (bool(place.search(self._text)) for place in (_YEN_PLACE, _YUAN_PLACE))
        if yen != yuan:
            return "JPY" if yen else ("CNY" if self.local == "CNY" or not self._chinese else None)
        return self.local if self._chinese and not yen else None

    def _dollar(self) -> str | None:
        """The US dollar, unless the text is about another country of dollars."""
        others = _OTHER_DOLLARS.search(self._text)
        return "USD" if others is None or _US_DOLLARS.search(self._text) else None
