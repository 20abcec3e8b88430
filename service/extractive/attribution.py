"""Attribution: the quoted or reported parts of a sentence, and their speakers.

Opinion in quotation marks, and in "the mayor said that …", is the speaker's and not the author's.
What the author says in the first person, or says of others' words, stays the author's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.text.sentences import END_MARKS

_PAIRS = {"“": "”", "「": "」", "『": "』", '"': '"', "«": "»", "„": "“"}
SCARE_QUOTE = {"en": 20, "zh": 8}
"""Characters up to which marks without a speaker set off a word, and do not quote anyone."""
MOST_CARRIED = 6
"""A quotation that does not end within so many sentences was opened by mistake."""

_SAYS_EN = re.compile(
    r"\b(?:said|says|(?<!to )(?<!not )(?<!should )(?<!can )say|told|tells|argue[sd]?|arguing|"
    r"claim(?:s|ed|ing)?|according to|insist(?:s|ed)?|warn(?:s|ed)?|wrote|writes|added|adds|"
    r"believe[sd]?|thinks?|thought|noted|explained|announced|replied|stated|states|called|calls|"
    r"described|describes|acknowledged|admitted|admits|pointed out|testified|maintain(?:s|ed)|"
    r"contend(?:s|ed)?|asked|promise[sd]?|predict(?:s|ed)?|suggest(?:s|ed)?|complain(?:s|ed)|"
    r"prais(?:es|ed)|criticis(?:es|ed)|criticiz(?:es|ed)|welcom(?:es|ed)|condemn(?:s|ed)|"
    r"denounc(?:es|ed)|hail(?:s|ed)|applaud(?:s|ed)|slamm?(?:s|ed)|blast(?:s|ed)|"
    r"dismiss(?:es|ed)|defend(?:s|ed)|"
    r"critics|supporters|opponents|campaigners|reportedly|quoted)\b",
    re.IGNORECASE,
)
_AUTHOR_EN = re.compile(
    r"\b(?:I|[Ww]e)\s+(?:would\s+|do\s+|have\s+|must\s+|should\s+|also\s+|still\s+|\w+ly\s+)?"
    r"(?:say|said|argue[sd]?|believe[sd]?|think|thought|insist|warn(?:ed)?|suggest|call(?:ed)?|"
    r"ask(?:ed)?|told|promise|predict|admit|add|claim|praised?|criticised?|criticized?|welcomed?|"
    r"condemn(?:ed)?|denounced?|hail(?:ed)?|applaud(?:ed)?|dismiss(?:ed)?|defend(?:ed)?)\b"
    r"|\bin my (?:view|opinion)\b"
)
_SAYS = (
    "表示|(?<![能要以得不来來别別再先难難虽雖])[说說](?!成|明|服|法|辞|辭|到底|白了|穿|来|來)|(?<![堪名简簡职職俗号號人宣])[称稱](?![为為赞讚职職号號道霸])"
    "|宣[称稱]|[认認][为為]|指出|透露|[强強][调調]|坦言|直言|回[应應]|写道|寫道|警告|指[称稱]|呼吁|呼籲"
    "|[据據][悉报報]|批[评評][称稱]|反[驳駁]|解[释釋]|承[认認]|介[绍紹]|告[诉訴]|提到|[质質]疑|形容|主[张張]|提醒"
    "|答道|[问問]道|留言"
    "|(?<![得被受遭应應该該的])(?:[称稱][赞讚]|[赞讚][扬揚赏賞许許]|盛[赞讚]|批[评評]|[谴譴][责責]|抨[击擊]|痛批|怒斥)(?![声聲者家的])"
)
_SAYS_ZH = re.compile(_SAYS)
_AUTHOR_ZH = re.compile(
    "(?:我|我们|我們|笔者|筆者|本报|本報|本刊|作者|在下)[^，。：；]{0,4}?(?:" + _SAYS + ")"
    "|(?:可以|不得不|必须|必須|老[实實]|坦白|平心而[论論]|[实實][话話]|再|或[许許]|[难難]|[听聽])[说說]"
)
_SPEAKER_EN = re.compile(
    r"(?:^|[,;.”\"]\s*)(?P<before>(?:[Tt]he|[Aa]n?|[A-Z][\w.'’-]*)(?:\s+[\w.'’&-]+){0,5}?)"
    r"(?:,[^,]{1,60},)?\s+(?:also\s+|has\s+)?"
    r"(?:said|says|told|argue[sd]|claim(?:s|ed)|insist(?:s|ed)|warn(?:s|ed)|wrote|writes|added|"
    r"adds|noted|calls|called|described|replied|promise[sd]?|complained|prais(?:es|ed)|"
    r"criticis(?:es|ed)|criticiz(?:es|ed)|welcom(?:es|ed)|condemn(?:s|ed)|denounc(?:es|ed)|"
    r"hail(?:s|ed)|applaud(?:s|ed)|dismiss(?:es|ed)|defend(?:s|ed))\b"
    r"|\b(?:said|says|[Aa]ccording to)\s+"
    r"(?P<after>(?:the|an?|[A-Z][\w.'’-]*)(?:\s+[\w'’&-]+){0,4}?)(?=[,.;:”\"]|\s+(?:who|in|on|at)\b|$)"
)
_SPEAKER_ZH = re.compile(
    r"(?:^|[，。；！？”」、])(?P<who>[^，。；：！？“”「」]{1,24}?)"
    "(?:"
    + _SAYS
    + "|(?:大力|[坚堅]决|[强強]烈|公[开開]|明[确確])?(?:支持|反[对對]|[赞贊][成同]|[欢歡]迎)"
    "[^。；：]{0,30}，(?:" + _SAYS + "))"
)
_TRIMMED_ZH = re.compile(
    r"^(?:但|而|不过|不過|然而|对此|對此|此前|随后|隨後|[据據]|日前|近日)+"
    r"|(?:也|则|則|还|還|就|都|曾|却|卻|又|近日|日前|当场|當場|随后|隨後|此前|公开|公開|多次|在.{1,12}[上中里裡内內时時]"
    r"|本月.{0,4}|[0-9一二三四五六七八九十]+[日月].{0,3})+$"
)
_NOBODY_ZH = re.compile(
    "^(?:(?:他|她|它|牠)[们們]?|其|[也还還更又]?有(?:些|的)?人|[这這那该該此](?:[个個些种種位份项項件句话話条條]|一[个個点點]|[里裡边邊样樣次])?"
    "|上述|以上|前者|后者|後者|[两兩]者|如果|因此|所以|可以|据|據)?$"
)
_NOBODY_EN = re.compile(
    r"(?:he|she|it|they|we|i|you|who|which|that|this|there|some(?:one|body)?|(?:any|every|no)(?:one|body)|"
    r"many|others|people|most|few)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Voices:
    """Of one sentence: the quoted spans, whether it reports speech, and who spoke if clear.

    From `comment` on, the sentence speaks of what was quoted in it: "…" That is a fair question.
    """

    quoted: tuple[tuple[int, int], ...]
    reported: bool
    speaker: str | None
    comment: int

    def is_author(self, at: int) -> bool:
        return not self.reported and not any(start <= at < end for start, end in self.quoted)


def voices(sentences: Sequence[str], language: str) -> list[Voices]:
    """Read in order, as a quotation may run over several sentences."""
    chinese = language.startswith("zh")
    says, author = (_SAYS_ZH, _AUTHOR_ZH) if chinese else (_SAYS_EN, _AUTHOR_EN)
    found: list[Voices] = []
    waiting, carried, last_speaker = "", 0, None
    for text in sentences:
        was_open = bool(waiting)
        spans, waiting = _quoted(text, waiting)
        carried = carried + 1 if waiting else 0
        if carried > MOST_CARRIED:
            spans, waiting = [], ""
        outside = _outside(text, spans)
        reported = bool(says.search(outside)) and not author.search(outside)
        speaker = _speaker(outside, chinese) if reported else None
        if not reported and not was_open:
            limit = SCARE_QUOTE["zh" if chinese else "en"]
            spans = [(start, end) for start, end in spans if end - start > limit]
        speaker = speaker or (last_speaker if was_open else None)
        found.append(Voices(tuple(spans), reported, speaker, _comment(text, spans, says)))
        last_speaker = speaker
    return found


def _quoted(text: str, waiting: str) -> tuple[list[tuple[int, int]], str]:
    """The quoted spans, and the closing mark still waited for at the end of `text`."""
    spans: list[tuple[int, int]] = []
    start = 0
    for at, letter in enumerate(text):
        if waiting:
            if letter == waiting:
                spans.append((start, at + 1))
                waiting = ""
        elif letter in _PAIRS:
            start, waiting = at, _PAIRS[letter]
    if waiting:
        spans.append((start, len(text)))
    # A straight mark does not say whether it opens: what it leaves open is not carried on.
    return spans, "" if waiting == '"' else waiting


def _comment(text: str, spans: Sequence[tuple[int, int]], says: re.Pattern[str]) -> int:
    """The start of the words after the last quotation, if that was a full one without a speaker."""
    if spans:
        end = spans[-1][1]
        if text[end - 2] in END_MARKS and not says.search(text, end):
            return end
    return len(text)


def _outside(text: str, spans: Sequence[tuple[int, int]]) -> str:
    kept, at = [], 0
    for start, end in spans:
        kept.append(text[at:start] + "”")
        at = end
    return "".join([*kept, text[at:]])


def _speaker(outside: str, chinese: bool) -> str | None:
    if chinese:
        found = _SPEAKER_ZH.search(outside)
        name = _TRIMMED_ZH.sub("", _TRIMMED_ZH.sub("", found["who"])) if found else ""
        return None if _NOBODY_ZH.match(name) or len(name) > 16 else name
    found = _SPEAKER_EN.search(outside)
    name = (found["before"] or found["after"] or "").strip() if found else ""
    if not name or _NOBODY_EN.match(name) or len(name) > 60:
        return None
    return name[0].lower() + name[1:] if name.startswith(("The ", "A ", "An ")) else name
