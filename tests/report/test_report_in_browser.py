"""The report in a real browser: read with a mouse, by keyboard, on a phone, in the dark."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.report.page import Report, quotes_of, render
from service.stories.news_story import StoryStance
from service.tasks import Label
from tests.support.browser import NEEDS_BROWSER, open_browser, violations
from tests.support.told_stories import TEXTS, groups, results
from tests.support.waiting import PAGE_PATIENCE_S, wait_until

pytestmark = [pytest.mark.slow, NEEDS_BROWSER, pytest.mark.timeout(300)]
NARROW = 360


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    opened = open_browser(tmp_path_factory.mktemp("profile"), "--lang=en")
    yield opened
    opened.quit()


def open_report(driver: Any, folder: Path, report: Report) -> None:
    file = folder / "report.html"
    file.write_text(render(report)[0], "utf-8")
    driver.get(file.as_uri())


@pytest.fixture
def page(driver: Any, tmp_path: Path) -> Iterator[Any]:
    quotes = {result.id: quotes_of(result, TEXTS[result.id]) for result in results()}
    open_report(driver, tmp_path, Report(groups(), quotes, [("bad.txt", "no text")]))
    yield driver
    assert driver.get_log("browser") == []


def opposed() -> Report:
    """A story whose articles differ about two targets, one of them said by many."""
    quake, race = groups()
    labels: list[Label] = ["against", "favor", "none"]
    stances = [
        StoryStance(article=index % 3, target=target, label=label, label_zh="", evidence=[])
        for target, count in (("the tram plan", 3), ("电车计划", 120))
        for index, label in enumerate(labels * (count // 3))
    ]
    return Report([replace(quake, story=quake.story.model_copy(update={"stances": stances})), race])


def doubted() -> Report:
    """A story whose briefs lack a sentence that a model had written."""
    quake, race = groups()
    left = {"en": ["It killed 412 people."], "zh": ["地震造成412人死亡。"]}
    briefs = {
        language: brief.model_copy(update={"left_out": left[language]})
        for language, brief in quake.story.briefs.items()
    }
    return Report([replace(quake, story=quake.story.model_copy(update={"briefs": briefs})), race])


def all_of(page: Any, selector: str) -> list[Any]:
    found: list[Any] = page.find_elements("css selector", selector)
    return found


def text(page: Any, selector: str) -> str:
    return " ".join(each.text for each in all_of(page, selector) if each.is_displayed())


def test_stories_briefs_facts_and_failures_are_shown(page: Any) -> None:
    assert len(all_of(page, ".story")) == 2
    assert "An earthquake of magnitude 7.1 struck" in text(page, ".digest:lang(en)")
    assert "智利北部周二发生7.1级地震" in text(page, ".digest:lang(zh)")
    assert "contradict" in text(page, ".facts .differs")
    assert "bad.txt: no text" in text(page, "#failures")


def test_a_sentence_of_a_brief_lights_its_article_up(page: Any) -> None:
    all_of(page, ".story .sentence")[0].click()
    assert len(all_of(page, "details.lit")) == 1
    assert "en-1" in text(page, ".story > .sources")


@pytest.mark.parametrize(
    ("language", "summary"),
    [
        ("en", "Left out: 1 sentence that no article states"),
        ("zh", "已略去 1 句：没有文章这样说"),
    ],
)
def test_sentences_left_out_of_a_brief_are_folded_below_it(
    driver: Any, tmp_path: Path, language: str, summary: str
) -> None:
    open_report(driver, tmp_path, doubted())
    if language == "zh":
        all_of(driver, "#language")[0].click()
    english, chinese = all_of(driver, ".left-out")
    assert english.text == summary  # it is closed
    for box in (english, chinese):
        box.find_element("css selector", "summary").send_keys("\ue007")
    sentences = [(each.text, each.get_attribute("lang")) for each in all_of(driver, ".left-out li")]
    assert sentences == [("It killed 412 people.", "en"), ("地震造成412人死亡。", "zh")]
    assert violations(driver) == []


def test_a_sentence_of_a_digest_shows_its_source_by_keyboard(page: Any) -> None:
    summary = all_of(page, "details summary")[1]
    summary.send_keys("\ue007")
    # An article is drawn when it is opened, a moment after the key.
    wait_until(lambda: "海军" in text(page, "details .sentence"), PAGE_PATIENCE_S)
    sentence = next(s for s in all_of(page, "details .sentence") if "海军" in s.text)
    sentence.send_keys("\ue007")
    assert sentence.get_attribute("aria-pressed") == "true"
    assert text(page, "details .sources") == "海军三个小时后解除了伊基克的海啸预警。"


@pytest.mark.parametrize(("query", "left"), [("no such", 0), ("柏林", 1), ("ATACAMA", 1)])
def test_search_leaves_the_stories_that_match(page: Any, query: str, left: int) -> None:
    all_of(page, "#search")[0].send_keys(query)
    assert len(all_of(page, ".story")) == left


def test_stories_with_contradictions_can_be_shown_alone(page: Any) -> None:
    all_of(page, "#show option[value=differing]")[0].click()
    assert len(all_of(page, ".story")) == 1


def test_the_page_speaks_both_languages(page: Any) -> None:
    page.execute_script("document.getElementById('language').click()")
    first = text(page, "#summary")
    page.execute_script("document.getElementById('language').click()")
    assert {first.split()[1], text(page, "#summary").split()[1]} == {"articles,", "篇文章，2"}


def test_stances_are_drawn_and_told_in_a_table(driver: Any, tmp_path: Path) -> None:
    open_report(driver, tmp_path, opposed())
    pictures = all_of(driver, ".picture > svg")
    assert [picture.get_attribute("aria-label") for picture in pictures] == [
        "against 40, neutral 40, in favor 40",
        "against 1, neutral 1, in favor 1",
    ]
    assert text(driver, ".picture figcaption") == "电车计划 the tram plan"
    many, few = ([*picture.find_elements("css selector", ".mark")] for picture in pictures)
    assert (len(many), len(few)) == (3 * 28, 3)
    assert text(driver, ".picture .more") == "+12 +12 +12"
    middles = [mark.rect["x"] + mark.rect["width"] / 2 for mark in few]
    left, width = pictures[1].rect["x"], pictures[1].rect["width"]
    lanes = [6 * (middle - left) / width for middle in middles]
    assert lanes == pytest.approx([1, 3, 5], abs=0.1)
    assert all_of(driver, ".mark.favor title")[-1].get_attribute("textContent") == "zh"
    assert len(all_of(driver, ".story table .chip.favor")) == 41
    assert driver.get_log("browser") == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", NARROW)])
def test_axe_finds_nothing(driver: Any, tmp_path: Path, scheme: str, width: int) -> None:
    page = driver
    open_report(page, tmp_path, opposed())
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    page.execute_script("document.querySelectorAll('details').forEach((one) => one.open = true)")
    page.execute_script("document.querySelector('.sentence').click()")
    assert violations(page) == []
    overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.execute_script(overflow) == 0
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_ten_thousand_articles_stay_usable(driver: Any, tmp_path: Path) -> None:
    quake, race = groups()
    open_report(driver, tmp_path, Report([*[quake] * 2_500, *[race] * 2_500]))
    assert len(all_of(driver, ".story")) == 20
    began = driver.execute_script("return performance.now()")
    all_of(driver, "#search")[0].send_keys("柏林")
    assert text(driver, "#found") == "2500 stories"
    driver.find_element("xpath", "//button[text()='Next']").click()
    assert "page 2 of 125" in text(driver, "#pages")
    assert driver.execute_script("return performance.now()") - began < 10_000
