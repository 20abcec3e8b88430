"""CPU seconds of the whole path without a model on texts that are meant to be slow.

    python benchmarks/hostile_texts.py [--characters 200000] [--only WORD] [--slowest 15]

Each kind is generated in English and in Chinese, where that differs, at a quarter of the characters
and at all of them, and goes the whole way from text to Result with the extractive engine. A kind
fails that takes more than 3 s of CPU for 200,000 characters, or grows faster than its length: more
than five times the seconds for four times the characters, above half a second.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.reading import answer  # noqa: E402
from service.article import Article, Markup  # noqa: E402
from service.errors import DiglotError  # noqa: E402
from service.extractive.extractive_engine import ExtractiveEngine  # noqa: E402
from service.resources import Resources  # noqa: E402
from service.settings import Settings  # noqa: E402

CHARACTERS, SHORTER = 200_000, 4
MOST_SECONDS, MOST_GROWTH, TOO_SHORT_TO_TELL = 3.0, 5.0, 0.5


class Kind(NamedTuple):
    """A kind of text: `unit` says again and again its text for a running number."""

    name: str
    unit: Callable[[int], str]
    markup: Markup = "plain"
    before: str = ""
    after: str = ""

    def text(self, characters: int) -> str:
        parts: list[str] = []
        length = number = 0
        while length < characters:
            parts.append(self.unit(number))
            length += len(parts[-1]) or 1
            number += 1
        return self.before + "".join(parts)[:characters] + self.after


# One unit a line; {n} is the running number, {w} a word that differs from one to the next.
PLAIN = {
    "sentence en": "The council voted on plan {n} for the {w} road on Tuesday. ",
    "sentence zh": "市议会周二表决第{n}号{w}道路计划。",
    "paragraph en": "The council voted on plan {n}.\n\n",
    "paragraph zh": "市议会表决第{n}号计划。\n\n",
    "same sentence en": "The council voted on the plan on Tuesday evening in the hall. ",
    "same sentence zh": "市议会周二晚上在大厅里表决了这项计划。",
    "same paragraph en": "The council voted on the plan on Tuesday evening.\n",
    "same paragraph zh": "市议会周二晚上表决了这项计划。\n",
    "money en": "${n}.5 million and €{n}bn, £{n}k. ",
    "money zh": "{n}.5亿元、{n}万美元，3千{n}百元。",
    "percent en": "It rose {n}% from {n}.2 per cent. ",
    "percent zh": "上升{n}%，百分之七十八点{n}。",
    "numbers en": "{n}, {n}.5 and {n} 000; ",
    "numbers zh": "三千五百二十一万、{n}、第{n}名；",
    "number words en": "one hundred and twenty-three thousand four hundred and five ",
    "number words zh": "一千二百三十四万五千六百七十八亿",
    "digits": "1234567890",
    "zeros": "0",
    "grouped digits": "1,234,567,",
    "decimal points": "1.2.3.4.",
    "ordinals en": "the {n}th, the second, a fifth man, ",
    "ordinals zh": "第{n}届第三次第二十一条，",
    "units en": "{n} km, {n} GWh, {n} mmHg, {n} lakh crore ",
    "units zh": "{n}公里{n}吉瓦时{n}平方米{n}人次",
    "ranges en": "{n}–{n}0, from {n} to {n}5 million, ",
    "ranges zh": "{n}至{n}5万、{n}~{n}0亿元，",
    "dates en": "On {d} March 20{y}, March {d}, 20{y}, ",
    "dates zh": "20{y}年3月{d}日、民国{y}年、农历8月{d}日，",
    "clock en": "at 3:{y} p.m., 15:{y}, noon, ",
    "clock zh": "下午3时{y}分、15:{y}、中午，",
    "years": "19{y} 20{y} ",
    "eras": "令和{y}年公元前{n}年98年",
    "names en": "Ada {W} of {W} Inc. met Mr. {W}. ",
    "names zh": "张{w}对李{w}说，王{w}在北京。",
    "capitals en": "Ada Byrne Of The Hill ",
    "capital words": "ABC DEF {W} ",
    "one name in cases": "Acmebot ACMEBOT acmebot AcmeBot ",
    "latin in chinese": "公司{W}与{W} AI合作，",
    "pairs zh": "汪滔（Alexandr {W}）说，",
    "pairs en": "{W} (王{w}) said, ",
    "glossary en": "China, the United States, Meta and Mark Zuckerberg ",
    "glossary zh": "中国、美国、扎克伯格、欧盟、世卫组织，",
    "initials": "J.P. E.F. U.S. ",
    "abbreviations": "Dr. Mr. Inc. No. 5 e.g. ",
    "points": ".",
    "spaced points": ". ",
    "question marks": "?",
    "exclamations zh": "！？",
    "full stops zh": "。",
    "commas en": "well, so, then, ",
    "commas zh": "，",
    "clauses zh": "他说，我们看，你们听，",
    "semicolons zh": "一项计划；两项计划；",
    "opening quotes en": "“",
    "opening quotes zh": "「",
    "quotes en": "“No,” he said. ",
    "quotes zh": "他说：“不。”",
    "straight quotes": '"a" ',
    "apostrophes": "it's we'll don't ",
    "opening brackets": "(",
    "opening brackets zh": "（",
    "closing brackets": ")",
    "brackets en": "(see {n}) ",
    "nested brackets": "((a)",
    "square brackets": "[",
    "brackets zh": "【{n}】",
    "book titles": "《{w}》",
    "dashes": "— ",
    "hyphens": "a-",
    "ellipses": "… ",
    "slashes": "a/b/",
    "underscores": "_a_",
    "stars": "**a** *b* ",
    "backticks": "`a",
    "hashes": "#{w} ",
    "mentions": "@{w} ",
    "addresses": "https://example.com/{n}/{w}?a=b ",
    "mail": "a{n}@example.com ",
    "emoji": "🎉🏫👩‍👩‍👧 ",
    "spaces": " a",
    "wide spaces": "\u3000a",
    "tabs": "a\t",
    "line breaks": "\n",
    "short lines en": "a\n",
    "short lines zh": "市\n",
    "headings en": "What the council did {n}\nIt voted.\n",
    "headings zh": "议会做了什么{n}\n它投票了。\n",
    "numbered lines": "{n}. The council voted\n",
    "bullets en": "- point {n}\n",
    "bullets zh": "• 第{n}点\n",
    "rows": "| {n} | {w} | 5% |\n",
    "broken lines en": "the council voted on the plan and\n",
    "broken lines zh": "市议会表决了这项计划，\n",
    "zero width": "a\u200b",
    "soft hyphens": "a\u00ad",
    "combining": "a\u0301\u0302",
    "overrides": "\u202ea",
    "lost characters": "\ufffda",
    "controls": "\x01a",
    "accents": "éèêë ",
    "mojibake": "â€œCafÃ©â€ ",
    "full width": "１２３ＡＢＣ，",
    "half kana": "ﾚｼﾞ袋",
    "kana": "これはテストです。",
    "hangul": "시의회는 계획을 통과시켰다. ",
    "cyrillic": "Совет одобрил план {n}. ",
    "arabic": "وافق المجلس على الخطة {n}. ",
    "thai": "สภาอนุมัติแผน",
    "mixed scripts": "Plan計劃план계획",
    "rare han": "龘靐齉爩",
    "traditional": "議會後來發現這裡的麵條，",
    "mixed hans hant": "议會发現這里的麵条，",
    "pinyin": "發(fā)生(shēng)",
    "one word en": "a",
    "one word zh": "市",
    "same word en": "tram ",
    "same word zh": "电车",
    "new words en": "{w}",
    "entities": "&amp;",
    "entity of entities": "&amp;amp;lt;",
    "tags in text": "<b>a</b> ",
    "opening tags in text": "<b",
    "images": "![a](b.png) ",
    "links": "[a](b) ",
    "opening links": "[a](",
    "json": '{"a": [',
    "code": "if (a[{n}]) { return b; }\n",
    "base64": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo",
    "bylines zh": "文/张{w} 编辑/李{w}\n",
    "bylines en": "By {W} {W}\n",
    "share rows": "分享到微信 微博 朋友圈 ",
    "notices": "责任编辑：张{w} 来源：某报 ",
    "menus": "Home | News | About us | ",
    "support en": "We must support the plan; it is not a bad plan. ",
    "support zh": "我们必须支持这项计划，它不是坏计划。",
    "said en": "said {W}, who said that {W} said ",
    "said zh": "他表示，{w}指出，她认为，",
}
HTML = {
    "divs": "<div>", "spans": "<span>a", "paragraphs": "<p>The council voted on plan {n}.</p>",
    "paragraphs zh": "<p>市议会表决第{n}号计划。</p>", "list": "<li>plan {n}</li>",
    "links": '<a href="/{n}">plan {n}</a> ', "table": "<tr><td>{n}</td><td>5%</td></tr>",
    "nested tables": "<table><tr><td>", "bold": "<b><i>", "breaks": "a<br>", "open tag": "<p ",
    "attributes": '<p a{n}="{n}">', "comments": "<!-- a -->", "scripts": "<script>a</script>",
    "entities": "&nbsp;&lt;p&gt;", "headings": "<h2>Plan {n}</h2><p>It failed.</p>",
    "quotes": "<blockquote>", "images": '<img src="{n}.png" alt="plan {n}">', "lists": "<ul><li>",
    "sections": "<section><p>Council {n} voted on it.</p></section>", "unclosed": "<p>plan {n}",
    "stray ends": "</div></p>", "json": '<script type="application/ld+json">{"datePublished":',
}  # fmt: skip


def _said(pattern: str) -> Callable[[int], str]:
    """The text of a pattern for a running number, braces that are the text's own left alone."""

    def unit(n: int) -> str:
        word = _word(n)
        found = pattern
        for gap, filled in (
            *(("{n}", str(n)), ("{d}", str(n % 28 + 1)), ("{y}", f"{n % 90 + 10}")),
            *(("{w}", word), ("{W}", word.capitalize())),
        ):
            found = found.replace(gap, filled)
        return found

    return unit


def _word(n: int) -> str:
    letters = "bcdfghklmnprstvz"
    return "".join(letters[n // 16**place % 16] + "aeiou"[n // 7 % 5] for place in range(3))


def kinds() -> Iterator[Kind]:
    for name, pattern in PLAIN.items():
        yield Kind(name, _said(pattern))
    for name, pattern in HTML.items():
        yield Kind(f"html {name}", _said(pattern), "html", "<html><body><article>")


def seconds(text: str, markup: Markup, engine: ExtractiveEngine, resources: Resources) -> float:
    """CPU seconds from the text to its Result or its error."""
    begun = time.process_time()
    with suppress(DiglotError, AssertionError):  # nothing left to read is an answer, too
        answer(Article(text, markup=markup), engine, resources)
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--characters", type=int, default=CHARACTERS)
    parser.add_argument("--only", default="", help="kinds whose name holds this")
    parser.add_argument("--slowest", type=int, default=15, help="kinds to list")
    arguments = parser.parse_args()
    resources = Resources.load(Settings())
    engine = ExtractiveEngine(resources)
    answer(Article("The tram plan costs $5. 电车计划耗资五元。"), engine, resources)
    rows: list[tuple[float, float, str]] = []
    for kind in kinds():
        if arguments.only in kind.name:
            short = kind.text(arguments.characters // SHORTER)
            first = seconds(short, kind.markup, engine, resources)
            whole = seconds(kind.text(arguments.characters), kind.markup, engine, resources)
            rows.append((whole, first, kind.name))
            print(f"{kind.name:<28}{first:>8.2f} s{whole:>8.2f} s", file=sys.stderr, flush=True)
    failed = [row for row in rows if is_slow(*row[:2])]
    print(f"{len(rows)} kinds of {arguments.characters:,} characters, {len(failed)} too slow")
    for whole, first, name in sorted(rows, reverse=True)[: arguments.slowest]:
        mark = "  too slow" if is_slow(whole, first) else ""
        print(f"{name:<28}{first:>8.2f} s{whole:>8.2f} s{mark}")
    sys.exit(bool(failed))


def is_slow(whole: float, first: float) -> bool:
    """Whether a kind takes too long, or more than its length accounts for."""
    grows = whole > MOST_GROWTH * first and whole > TOO_SHORT_TO_TELL
    return whole > MOST_SECONDS or grows


if __name__ == "__main__":
    main()
