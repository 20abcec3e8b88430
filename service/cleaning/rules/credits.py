"""Lines about a photograph: its caption, its photographer, its agency."""

from service.cleaning.rules.rule import Rule, rule
from service.cleaning.vocabulary import AGENCIES, HAN_NAME, PHOTO_ZH
from service.text.han import HAN

CREDITS: tuple[Rule, ...] = (
    rule("credit", 60, rf"[（(\[【]?{PHOTO_ZH}(?:[／/：:丨|｜]|\s?[：:])\s?.{{1,80}}"),
    rule(
        "credit",
        70,
        rf"[（(]?(?:[▲△▼▽►▶◀◄].{{0,150}}|.{{2,60}}[。\s／/|｜（(]){AGENCIES}"
        rf"(?:[／/].{{1,20}})?[）)。.]{{0,2}}",
        0,
    ),
    rule(
        "credit",
        70,
        r"[▲△▼▽►▶◀◄].{0,120}[（(／/|｜][^（()）]{0,12}(?:[摄攝提翻截][^（()）]{1,8}"
        r"|[图圖])[^（()）]{0,10}[）)]?",
    ),
    rule(
        "credit",
        60,
        r"[▲△▼▽►▶◀◄]\s?(?:[图圖][为為：:]|[图圖左右上下中]"
        r"|.{0,60}[（(][右左中上下][）)]).{0,120}",
    ),
    rule(
        "credit",
        60,
        r".{0,60}[（(](?:[^（()）]{0,20}[摄攝供]|[图圖资資照][^（()）]{0,24}|(?:photo|image"
        r"|picture|credit|illustration)[^()]{0,60})[）)][。.]?",
    ),
    rule(
        "credit",
        30,
        rf"(?:.{{0,30}}[。，\s])?(?:[{HAN}]{{2,6}}[社报報网網])?(?:记者"
        rf"|記者)?\s?{HAN_NAME}\s?[摄攝][。]?",
    ),
    rule(
        "credit",
        40,
        r"[(\[]?(?:file )?(?:photos?|photographs?|photography|images?|pictures?|illustrations?"
        r"|graphics?|captions?|screenshots?)(?: (?:credits?|by|courtesy(?: of)?"
        r"|source))?\s?[:：/].{1,200}",
    ),
    rule(
        "credit",
        24,
        r"[(\[]?(?:photo(?:graph)?s?|photography|images?|pictures?|illustrations?) (?:by"
        r"|courtesy of) (?-i:[A-Z]).{1,100}",
    ),
    rule(
        "credit",
        70,
        r".{0,300}[.。] ?(?:Photo|Photograph|Picture|Image|Credit|Photography)s?(?: by"
        r"| credit)?\s?: ?[^.!?。]{2,60}\.?",
        0,
    ),
    rule(
        "credit",
        40,
        r".{0,200}(?:[/|(]|via |\. )\s?(?:Getty Images|AFP|AP Photo|REUTERS|Reuters"
        r"|Shutterstock|EPA|Unsplash)(?:/[\w .]{1,30})?[)）]?\.?",
        0,
    ),
    # An arrow, what the picture shows, and after that who took it.
    rule("credit", 70, r"[▲△▼▽►▶◀◄].{0,150}[。！？\s][^。！？.!?]{2,14}"),
)
