"""Datelines and bylines: where, when and by whom a news story was written.

"LONDON, March 3 (Reuters) - " and 新华社北京7月26日电（记者张三） say who sent the story, and not a
word of it; a digest does without them. A dateline is told by its agency or its form: a place alone
is one only in capitals and before a dash.
"""

import re

_DAY_EN = r"(?:[A-Z][a-z]{2,8}\.? \d{1,2}(?:, \d{4})?)"
_PLACE_EN = r"[A-Z][\w.'’-]*(?:[ /][A-Z][\w.'’-]*){0,3}"
_AGENCY_EN = (
    r"(?:(?:Thomson )?Reuters|CNN|AP|UPI|AFP|Xinhua|Bloomberg|PTI|IANS|ANI|TASS|Kyodo|dpa|EFE|"
    r"Yonhap|Anadolu|Al Jazeera|BBC|PA)(?: [A-Z]\w+)?"
)
_DATELINE_EN = re.compile(
    rf"(?:{_PLACE_EN}(?:, {_PLACE_EN}){{0,2}},? )?(?:{_DAY_EN},? )?"
    rf"\({_AGENCY_EN}\)\s*(?:--|[-–—])\s*"
    rf"|\({_AGENCY_EN}\)\s+"
    rf"|[A-Z]{{2}}[A-Z.'’ -]{{1,28}}(?:, {_PLACE_EN}){{0,2}},? (?:{_DAY_EN} )?(?:--|[–—]) ?"
)
_DAY_ZH = "(?:[0-9]{1,2}月)?[0-9]{1,2}日"
_OPEN, _CLOSE = "[（(【［〔\\[]", "[）)】］〕\\]]"
_WORD_ZH = "[^，。：:；\\s（()）【】［］〔〕]"
_REPORTER_ZH = f"{_OPEN}[^）)】］〕。]{{1,40}}{_CLOSE}"
_DATELINE_ZH = re.compile(
    f"{_WORD_ZH}{{0,6}}[社网網报報]{_WORD_ZH}{{0,8}}?{_DAY_ZH}[电電讯訊][ :：]*(?:{_REPORTER_ZH})?"
    f"|{_WORD_ZH}{{1,8}}[讯訊] *{_REPORTER_ZH}"
    f"|{_OPEN}(?:中央社|[记記]者|{_WORD_ZH}{{0,8}}[电電讯訊]{_CLOSE})[^）)】］〕。]{{0,24}}{_CLOSE}?"
    f"|[记記]者{_WORD_ZH}{{2,12}}[／/]{_WORD_ZH}{{2,6}}[报報][导導道]"
    "|(?:央视网|人民网|中新网|新华网|中国网|新京报|环球网)(?:消息|讯)[:：\\s]+"
)
_BYLINE_EN = re.compile(
    r"(?:(?:[Ss]tory|[Rr]eported|[Ww]ritten|[Tt]ext|[Pp]hotos?) )?[Bb]y:? [A-Z][\w.'’-]*"
    r"(?:(?:,| and|,? &)? [A-Z][\w.'’-]*){1,6}(?: (?:in|for) [A-Z][\w ]+)?"
)
_BYLINE_ZH = re.compile(
    "(?:本[报報刊网網])?(?:特[约約]|[实實][习習]|通[讯訊])?(?:[记記]者|作者|[编編][辑輯]|责任编辑|責任編輯|撰文|文)"
    "[ :：／/|]+[^，。！？：、]{2,12}(?:[ 、／/][^，。！？：、]{2,6}){0,3}"
)
_SPACE = " \t\u3000\u00a0—-－:："


def headline(title: str | None) -> str:
    """The title, or an empty string where it is a byline that was taken for one."""
    text = (title or "").strip()
    is_byline = _BYLINE_EN.fullmatch(text) or _BYLINE_ZH.fullmatch(text)
    return "" if is_byline else text


def without_dateline(sentence: str) -> str:
    """`sentence` without the dateline that opens it; unchanged where nothing would be left."""
    text = sentence.lstrip()
    found = _DATELINE_EN.match(text) or _DATELINE_ZH.match(text)
    rest = text[found.end() :].lstrip(_SPACE) if found else ""
    return rest if len(rest) > 1 else sentence
