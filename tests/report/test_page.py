import base64
import hashlib
import html
import json
import re

from service.report.page import Report, cited_spans, policy, quotes_of, render
from tests.support.told_stories import QUAKE_EN, QUAKE_ZH, TEXTS, digest, groups, results


def data_of(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found.group(1))
    assert isinstance(data, dict)
    return data


def report() -> Report:
    quotes = {result.id: quotes_of(result, TEXTS[result.id]) for result in results()}
    return Report(groups(), quotes, [("bad.txt", "no text")])


def test_quotes_are_the_articles_own_words() -> None:
    for text, begins in ((QUAKE_EN, "An earthquake of"), (QUAKE_ZH, "智利北部周二")):
        result = digest(text)
        quotes = quotes_of(result, text)
        assert set(quotes) == cited_spans(result)
        assert any(quote.startswith(begins) for quote in quotes.values())


def test_the_page_holds_stories_quotes_and_failures() -> None:
    data = data_of(render(report())[0])
    assert data["failures"] == [["bad.txt", "no text"]]
    assert isinstance(data["stories"], list)
    quake = data["stories"][0]
    sentence = quake["articles"][1]["digests"]["zh"]["sentences"][0]
    assert sentence["quotes"] == ["智利北部周二发生7.1级地震，造成31人死亡。"]
    assert quake["briefs"]["en"]["kind"] == "extractive"


def test_an_article_can_not_end_the_script() -> None:
    hostile = "</script><script>alert(1)</script><!-- \u2028 &amp;"
    page, _ = render(Report([], {}, [(hostile, "x")]))
    assert "alert(1)</script>" not in page
    assert data_of(page)["failures"] == [[hostile, "x"]]


def test_the_policy_admits_this_style_and_script_alone() -> None:
    page, admitted = render(report())
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert style is not None
    assert script is not None
    for inside in (style.group(1), script.group(1)):
        digest_of = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"'sha256-{digest_of}'" in admitted
    assert html.escape(admitted).replace("&#x27;", "&#39;") in page
    assert "unsafe" not in policy("", "")


def test_nothing_is_loaded_from_elsewhere() -> None:
    page = render(Report([]))[0].replace("http://www.w3.org/2000/svg", "")  # the name of a format
    assert not re.search(r"(?:src|href)=|https?://", page)
