"""Lines that name the author, the editors and the date."""

from service.cleaning.rules.rule import Rule, rule
from service.cleaning.vocabulary import CLOCK, DATE, FULL_NAME, NAMES, REPORTER, ROLE, ZH_BYLINE
from service.text.han import HAN

BYLINES: tuple[Rule, ...] = (
    rule("byline", 60, ZH_BYLINE),
    rule("byline", 24, REPORTER),
    rule(
        "byline",
        14,
        r"[（(](?:综合|綜合|整理)?.{0,10}(?:[报報][导導道]|综合|綜合|完|未完待续|待續)[）)]",
    ),
    rule(
        "byline",
        24,
        r"(?:words |story |written |reported |compiled |text )?by:? (?:staff (?:writer|reporter"
        r"|correspondent)s?|(?:a"
        r"|our) (?:\w{1,12} ){0,2}(?:writer|reporter|correspondent|editor|desk|staff)s?\b.{0,160}"
        rf"|{FULL_NAME}(?:(?:, | and | & ){FULL_NAME}){{0,6}}"
        rf"(?:\s?[,|｜·•/–—-]\s?.{{1,60}})?(?<![.!?]))",
    ),
    rule(
        "byline",
        50,
        r"[(\[]?(?:additional )?(?:reporting|editing|writing) (?:by|for) (?-i:[A-Z]).{2,200}",
    ),
    rule("byline", 20, rf"(?:editors?|authors?|writers?|reporters?|source)\s?[:：] ?{NAMES}"),
    rule(
        "date",
        30,
        rf"(?:(?:发[布表佈]|發[布表佈]|更新|刊登|出版|published|updated|posted"
        rf"|last (?:updated|modified))(?:[时時][间間]|日期| on"
        rf"| at)?\s?[：:]?\s?)?{DATE}{CLOCK}?(?:\s?[|·•/，,]?\s?"
        rf"(?:{ROLE}\s?[：:]\s?\S{{1,24}}|\d{{1,2}} min(?:ute)?s? read|updated.{{0,40}}"
        rf"|[{HAN}]{{2,8}}[网網报報社]))*",
    ),
    rule(
        "date",
        8,
        r"(?:reading time:? )?\d{1,3}[ -]min(?:ute)?s?(?: read)?|(?:阅读"
        r"|閱讀)(?:[时時][间間])?[：:]?约?約?\s?\d{1,3}\s?分[钟鐘]",
    ),
    rule(
        "byline",
        24,
        rf"{FULL_NAME} is (?:a|an|the|our) (?:[\w’'\-]{{1,16}} ){{0,5}}(?:writer|editor"
        rf"|reporter|correspondent|columnist|journalist|critic)\b.{{0,80}}",
    ),
)
