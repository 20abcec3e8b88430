"""Reader prompts: the article in a message that a feed reader or a read-it-later program wrote.

Such programs ask a chat model in a message that holds the article and says what to do with it:
before it, after it, or around it in tags. Diglot knows what to do, so all of that is left out. It
is known by its form, in English and Chinese, and not by the program: a sentence that asks for a
summary of what follows or precedes, rules announced by it, labels such as "Input:", and tags. What
is not clearly an instruction stays, and so does everything where nothing would be left.
"""

import re
from typing import Literal, NamedTuple

from service.article import Markup

LONGEST_LINE = 1_000
"""Characters of a line that can be an instruction; a longer one is text."""
MOST_LINES = 60
"""Lines at either end that are looked at."""
LONGEST_AROUND = 20_000
"""Characters that may stand around a tagged article."""

_WHAT = (
    r"(?:content|article|text|news|webpage|web ?page|page|post|document|passage|story|stories"
    r"|entry|entries|items?|feeds?|headlines?|transcript|input|data|list)"
)
_WHERE = r"(?:follow\w*|above|below|this|these|provided|given|attached|input)"
_ASKS = (
    r"(?:summari[sz]e|condense|digest|distil|analy[sz]e|translate|extract|outline|shorten|rewrite"
    r"|(?:write|create|provide|generate|give|produce|make|draft)\b.{0,60}"
    r"(?:summar\w*|digest|abstract|overview|tl;?dr|key points|takeaways|report))"
)
_INSTRUCTION_EN = re.compile(
    rf"^(?:(?:please|kindly|your task is to|now|can you|could you|i want you to)[ ,]*)*{_ASKS}\b"
    rf"(?=.{{0,200}}\b(?:{_WHERE}\b.{{0,60}}\b{_WHAT}|{_WHAT}\b.{{0,30}}\b{_WHERE}|following))"
    rf"|^based on the (?:above|following|provided)\b.{{0,80}}\b(?:{_ASKS})"
    r"|^(?:here (?:is|are)|the following is|below (?:is|are)|this is) the\b"
    rf".{{0,40}}{_WHAT}\b.{{0,40}}:?$"
    r"|^you are (?:an?|the) .{0,300}\b(?:assistant|summari[sz]er|editor|expert|journalist|bot"
    r"|engine|analyst|writer|ai)\b",
    re.IGNORECASE,
)
_WHAT_ZH = (
    "(?:内容|內容|文章|新闻|新聞|文本|正文|网页|網頁|资讯|資訊|数据|數據|热点|熱點|列表|材料|报道)"
)
_WHERE_ZH = "(?:以下|下面|下列|如下|上面|以上|上述|这篇|這篇|该|本文|给定|給定|提供的)"
_ASKS_ZH = (
    "(?:总结|總結|概括|摘要|归纳|歸納|提炼|提煉|分析|翻译|翻譯|整理|简述|簡述|提取|撰写|撰寫|生成)"
)
_INSTRUCTION_ZH = re.compile(
    f"^(?:请|請|麻烦|帮我|幫我|现在|基于|根据|根據|对|對|为|為|用|使用|将|將|把|任务[:：])"
    f"(?=.{{0,80}}{_WHERE_ZH}.{{0,20}}(?:{_WHAT_ZH}|{_ASKS_ZH}))(?=.{{0,120}}{_ASKS_ZH})"
    f"|^{_ASKS_ZH}(?:一下)?{_WHERE_ZH}.{{0,20}}{_WHAT_ZH}"
    f"|^(?:以下|下面)(?:是|为|為).{{0,20}}{_WHAT_ZH}.{{0,10}}[:：]$"
    "|^你(?:是|现在是|將扮演|将扮演).{0,120}(?:助手|编辑|編輯|专家|專家|分析师|分析師|记者|記者|引擎|机器人)"
)
_RULES = re.compile(
    r"(?:rules?|requirements?|constraints?|guidelines|instructions?|format|要求|规则|規則|格式|注意)"
    r".{0,20}[:：]$",
    re.IGNORECASE,
)
_ITEM = re.compile(r"(?:[-*•·]|\d{1,2}[.)、）])\s*\S")
_WISH = re.compile(
    r"(?:do not|don't|never|only|keep|respond|reply|answer|output|return|limit"
    r"|(?:the )?summary must"
    r"|不要|不得|禁止|只|仅|僅|输出|輸出|字数|字數|控制在|用中文|用英文).{0,200}$",
    re.IGNORECASE,
)
_AROUND_LABEL = r"(?:#{1,4} *|\*\*|【)?(?:the )?%s(?:\*\*|】)?\s*[:：](?:\*\*)?\s*"
_LABEL = re.compile(
    _AROUND_LABEL
    % "(?:input|(?:full )?(?:article|text|content|body|news)(?: (?:text|content|body))?"
    "|输入|輸入|(?:文章|新闻|新聞)?(?:正文|内容|內容)|文章|原文|新闻|新聞)",
    re.IGNORECASE,
)
_TITLE = re.compile(
    _AROUND_LABEL % "(?:(?:article )?title|headline|(?:文章)?(?:标题|標題)|题目)", re.IGNORECASE
)
_SEPARATOR = re.compile(r"""(?:-{3,}|={3,}|\*{3,}|_{3,}|#{3,}|`{3,}\w*|"{3}|'{3})$""")
_SAME_LINE = re.compile(r"(.{6,300}?[:：])\s*(\S.{11,})", re.DOTALL)
_TAG = re.compile(
    r"<(article|content|text|text_content|document|input|news|webpage|page|source)>", re.IGNORECASE
)
_HTML = re.compile(
    r"</(?:p|div|article|section|h[1-6]|ul|ol|li|span|table|blockquote|a)>|<(?:br|p|div)\b"
)
_MARKDOWN = re.compile(r"^#{1,6} \S|\]\((?:https?:|/)|^\s*!\[|\*\*\S", re.MULTILINE)

Kind = Literal["instruction", "rules", "item", "wish", "label", "title", "blank", "text"]
"""Of a line: `rules` announces the items after it; a `wish` counts only beside an instruction."""


class ReaderArticle(NamedTuple):
    """The article in a message; `title` where the message labels one."""

    text: str
    title: str | None
    markup: Markup


def article_in(message: str) -> ReaderArticle:
    """The article in `message`, without what its reader says about it. Linear in its length."""
    body = message.strip()
    if inner := _tagged(body):
        return _article(inner, None)
    lines = _parted(body).splitlines()
    first, title = _after_head(lines)
    last = _before_tail(lines, first)
    found = "\n".join(lines[first:last]).strip()
    if first and (label := _LABEL.match(found)):
        found = found[label.end() :]
    return _article(found, title) if found else _article(body, None)


def _article(text: str, title: str | None) -> ReaderArticle:
    if _HTML.search(text):
        return ReaderArticle(text, title, "html")
    return ReaderArticle(text, title, "markdown" if _MARKDOWN.search(text) else "plain")


def _tagged(body: str) -> str | None:
    """The article inside of tags, where an instruction stands before or after them."""
    opening = _TAG.search(body)
    if opening is None:
        return None
    end = body.rfind(f"</{opening[1]}>")
    inside = body[opening.end() : end].strip()
    around = (body[: opening.start()], body[end:])
    if end < 0 or not inside or sum(map(len, around)) > LONGEST_AROUND:
        return None
    said = [line.strip() for part in around for line in part.splitlines()]
    return inside if any(map(_is_instruction, said)) else None


def _parted(body: str) -> str:
    """`body` with a line end after an instruction that shares its line with the article."""
    found = _SAME_LINE.match(body.partition("\n")[0])
    if found and _is_instruction(found[1]):
        return f"{found[1]}\n{body[found.start(2) :]}"
    return body


def _after_head(lines: list[str]) -> tuple[int, str | None]:
    """The index of the article's first line, and its title where one is labelled."""
    first, title = 0, None
    is_begun = has_rules = False
    for index, line in enumerate(lines[:MOST_LINES]):
        text = line.strip()
        kind = _kind(text)
        begins = kind in {"label", "title"} or _is_instruction(text)
        if kind == "text" or not (begins or is_begun) or (kind == "item" and not has_rules):
            break
        if kind == "title":
            title = text[_end_of_label(text) :] or None
        is_begun = True
        has_rules = kind == "rules" or (has_rules and kind == "item")
        first = index + 1
    return first, title


def _before_tail(lines: list[str], first: int) -> int:
    """The index after the article's last line."""
    last = index = len(lines)
    while index > max(first, last - MOST_LINES):
        index -= 1
        text = lines[index].strip()
        if _kind(text) == "text":
            break
        if _is_instruction(text):
            last = index
    while last > first and _kind(lines[last - 1].strip()) == "blank":
        last -= 1
    return last


def _kind(text: str) -> Kind:
    if not text or _SEPARATOR.match(text):
        return "blank"
    is_instruction = _is_instruction(text)
    label = _LABEL.match(text)
    kinds: tuple[tuple[Kind, object], ...] = (
        ("text", len(text) > LONGEST_LINE),
        ("rules", (is_instruction or len(text) < 60) and _RULES.search(text)),
        ("instruction", is_instruction),
        ("title", _TITLE.match(text)),
        ("label", label and label.end() == len(text)),
        ("item", _ITEM.match(text)),
        ("wish", _WISH.match(text)),
    )
    return next((kind for kind, is_so in kinds if is_so), "text")


def _end_of_label(text: str) -> int:
    found = _TITLE.match(text)
    return found.end() if found else 0


def _is_instruction(text: str) -> bool:
    if not 6 <= len(text) <= LONGEST_LINE:
        return False
    return bool(_INSTRUCTION_EN.search(text) or _INSTRUCTION_ZH.search(text))
