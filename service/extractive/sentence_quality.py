"""The worth of a sentence in a digest: its length, whether it is sound, whether it leans.

A sentence is sound when it stands for itself as a statement. It leans when only the sentence before
it says who "they" are or what is "however" so.
"""

import re

from service.text.han import HAN_CHARACTER
from service.text.sentences import CLOSERS, END_MARKS

LONG_WORD = 12
"""Characters that one word may take of an English size, so that a blob can't pass as one word."""

GOES_ON = "；"
"""Ends a part of a long sentence, which the next part goes on with."""
_ENDINGS = END_MARKS + GOES_ON
_OPENERS = "\"'“‘「『"
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_BULLET = re.compile(r"\s*(?:[-•●▪◦·*►▶◀◄▲▼※■□◆◇]|\(?\d{1,2}[.)、](?!\d)|[a-z]\))")

# A sentence that opens with one of these leans on the one before it.
_LEANING_EN = re.compile(
    r"""["'“‘(]*(?:
    he|she|it|they|his|her|its|their|this|that|these|those|such|
    however|but|and|or|so|yet|nor|also|then|thus|hence|therefore|moreover|furthermore|besides|
    meanwhile|instead|nevertheless|nonetheless|still|otherwise|consequently|additionally|
    similarly|likewise|conversely|accordingly|afterwards|later|neither|both|the\ former|the\ latter|
    in\ addition|in\ contrast|by\ contrast|as\ a\ result|for\ example|for\ instance|
    on\ the\ other\ hand|at\ the\ same\ time|in\ response|even\ so|
    another|others|secondly|thirdly|(?:second|third|fourth|finally)(?=,)|the\ rest|the\ same|
    here|there|who|which|because|perhaps|yes|no
    )\b(?!['’]?-)""",
    re.IGNORECASE | re.VERBOSE,
)
_LEANING_ZH = re.compile(
    "[“‘「『（]*(?:"
    "然而|但是?|不过|可是|却|而且|并且|况且|何况|此外|另外|除此|同时|与此同时|对此|为此|因此|因而|所以|于是"
    "|从而|其中|其后|其次|随后|之后|此后|此前|此时|其|该|这|那|此|他|她|它|牠|该公司|前者|后者|例如|比如|譬如"
    "|换言之|换句话说|也就是说|总之|相反|相比之下|反之|否则|尽管如此|即便如此|至于|再者|接着|紧接着|隨即|随即"
    "|可(?=[他她它这那我你如要真就同现])|[局院校厂店园馆会台社资劳双各]方(?!向|面|法|式|便|言|案|程|形|针|块)|(?:征求)?意见稿|草案|前述|有关方面"
    "|更|还|也|又|而|并|则|同样|另一|值得注意的是|两者|双方|以上|上述|如此"
    "|第[二三四五六]，|听上去|听起来|看上去|看起来"
    ")"
)
# So does one whose first clause has a pronoun for its subject: "By then they had left".
_PRONOUN_EN = re.compile(
    r"(?:in|on|at|by|with|since|after|before|when|if|from|last|next|until|for|without)\s"
    r"(?:[\w'’-]+,?\s){0,4}?(?:he|she|they|it)\s",
    re.IGNORECASE,
)
_PRONOUN_ZH = re.compile("[^，。；：“「]{0,6}，?[^，。；：“「]{0,2}(?<!其)[他她它]们?[^，。；：]")
# Not leaning, though they open like it.
_STANDING_ZH = re.compile(
    "其实|其他|其它|还原|更新|更换|更名|也门|该隐|此次|并购|而立|那不勒斯|但丁|还款"
)


def extent(text: str, language: str) -> int:
    """The length of `text`: in words, in Chinese and Japanese in characters without spaces."""
    words = text.split()
    if is_spaceless(language):
        return sum(map(len, words))
    return max(len(words), sum(map(len, words)) // LONG_WORD)


def is_sound(sentence: str, language: str) -> bool:
    """Whether a digest may hold `sentence`: no heading, bullet, question, bare quote, fragment."""
    text = sentence.strip()
    least = 6 if is_spaceless(language) else 4
    return _is_whole(text, language, least) and not (_asks(text) or _is_bare_quote(text))


def introduces(sentence: str, language: str) -> bool:
    """Whether `sentence` is a question or a bare quotation: the next one answers it, or says whose
    it is."""
    text = sentence.strip()
    least = 5 if is_spaceless(language) else 3
    return _is_whole(text, language, least) and (_asks(text) or _is_bare_quote(text))


def _is_whole(text: str, language: str, least: int) -> bool:
    """Whether a sentence has an end and an extent of at least `least`, in its article's language,
    and is not an item of a list."""
    body = text.rstrip(CLOSERS + "*")
    ended = bool(body) and body[-1] in _ENDINGS
    long = ended and extent(text, language) >= least
    return long and not _BULLET.match(text) and _is_in(text, language)


def _asks(text: str) -> bool:
    return text.rstrip(CLOSERS + "*").endswith(("?", "？"))


def _is_in(text: str, language: str) -> bool:
    """Whether a sentence is in the language of its article, where that is English or Chinese."""
    if language.partition("-")[0] not in {"en", "zh"}:
        return True
    han, words = len(HAN_CHARACTER.findall(text)), len(_LATIN_WORD.findall(text))
    return (han >= words) == language.startswith("zh") or han == words


def leans(sentence: str, language: str) -> bool:
    """Whether `sentence` opens with a word that only the sentence before it explains.

    Chinese has to be Simplified.
    """
    text = sentence.lstrip()
    if not is_spaceless(language):
        return bool(_LEANING_EN.match(text) or _PRONOUN_EN.match(text))
    opening = text[:12]
    if _STANDING_ZH.match(opening):
        return False
    return bool(_LEANING_ZH.match(opening) or _PRONOUN_ZH.match(opening))


def _is_bare_quote(text: str) -> bool:
    """A quotation with hardly a word beside it: nothing says who spoke."""
    if text[0] not in _OPENERS:
        return False
    closing = max(text.rfind(mark) for mark in "\"'”’」』")
    return closing <= 0 or len(text) - closing <= 4


def is_spaceless(language: str) -> bool:
    return language.partition("-")[0] in {"zh", "ja", "yue"}
