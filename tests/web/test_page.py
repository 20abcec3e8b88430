"""The page, in a real browser: what somebody sees who has a keyboard and nothing else."""

import json
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.web.api_keys import Keys
from tests.support.browser import NEEDS_BROWSER, open_browser, violations, webdriver
from tests.support.scripted import EN, ZH
from tests.support.serving import Served, serving
from tests.support.waiting import PAGE_PATIENCE_S

pytestmark = [pytest.mark.slow, NEEDS_BROWSER, pytest.mark.timeout(900)]

STEPS = 8
SLOW = f"from tests.support.scripted_server import *; main(0.4, steps={STEPS})"
ENGLISH = (
    "The council of Ashford voted on Tuesday to build a new bridge over the Mill River. "
    "The mayor called it overdue. Critics say that the money should go to schools."
)
CHINESE = (
    "青石镇议会周二投票决定在磨坊河上建一座新桥。镇长林秀兰表示，这座桥早该建了。"
    "反对者认为，这笔钱应该用于学校。"
)
NARROW = 360
LIT_WITHIN_S = 30.0  # no server is asked for it


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("page") / "log", "-c", SLOW) as server:
        server.wait_until_ready()
        yield server


class Page:
    """A tab; at the end nothing must have been wrong in it."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver = driver
        self.address = address

    def open(self, path: str = "/") -> None:
        self.driver.get(self.address + path)

    def press(self, *keys: str) -> None:
        """As a keyboard does: whatever has the focus gets them."""
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def go_to(self, id: str) -> None:
        for _ in range(20):
            self.press("\ue004")  # Tab
            focused = self.driver.switch_to.active_element
            if id in (focused.get_attribute("id"), focused.tag_name):
                return
        raise AssertionError(f"no Tab leads to {id}")

    def ask(self, text: str) -> None:
        self.go_to("text")
        self.press(text)
        self.go_to("send")
        self.press("\ue007")  # Enter

    def text(self, selector: str) -> str:
        """Its visible state at one moment, as the page changes."""
        return str(
            self.driver.execute_script(
                "return [...document.querySelectorAll(arguments[0])]"
                ".filter((one) => one.checkVisibility()).map((one) => one.innerText).join(' ')",
                selector,
            )
        )

    def wait_for(self, selector: str) -> str:
        last = time.monotonic() + PAGE_PATIENCE_S
        while not (found := self.text(selector)):
            assert time.monotonic() < last, f"no {selector}; the page says {self.text('#status')}"
            time.sleep(0.05)
        return found

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def asked_elsewhere(self) -> list[str]:
        """Addresses that were asked for, beside those of the service."""
        messages = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        urls = [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]
        asked = [url for url in urls if url.startswith("http")]  # and not the browser's own
        assert asked
        return [url for url in asked if not url.startswith(self.address + "/")]

    def overflow(self) -> int:
        return int(
            self.driver.execute_script(
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )


@pytest.fixture
def page(served: Served, tmp_path: Path) -> Iterator[Page]:
    driver = open_browser(tmp_path, logs=("browser", "performance"))
    driver.execute_cdp_cmd("Network.enable", {})
    yield Page(driver, f"http://{served.host}:{served.port}")
    driver.quit()


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_an_article_is_digested_by_keyboard_and_grows_as_it_is_written(
    page: Page, text: str
) -> None:
    page.open()
    page.ask(text)
    seen: dict[str, list[str]] = {"en": [], "zh": []}
    while not page.text("#answer"):
        assert not page.text("#status.error")
        for language, drafts in seen.items():
            draft = page.text(f"#draft-0-{language}")
            if draft and draft not in drafts:
                drafts.append(draft)
    for whole, drafts in ((EN, seen["en"]), (ZH, seen["zh"])):
        assert len(drafts) > 1
        assert drafts == sorted(drafts, key=len)
        assert all(whole.startswith(draft) for draft in drafts)
        assert whole in page.text("#answer .digests")
    assert not page.text("#drafts")
    stance = page.text("#stories section > article")
    assert "in favour 支持" in stance
    assert "70%" in stance
    assert page.text("#status") == "Done 完成"
    assert page.complaints() == []
    assert page.asked_elsewhere() == []


@pytest.mark.parametrize(
    ("text", "says"), [("![](image.png)", "Nothing is left"), ("桥" * 200_001, "200,000")]
)
def test_errors_are_shown(page: Page, text: str, says: str) -> None:
    page.open()
    page.driver.execute_script("document.getElementById('text').value = arguments[0]", text)
    page.go_to("send")
    page.press("\ue007")
    assert says in page.wait_for("#status.error")
    assert not page.text("#answer")
    assert not page.text("#drafts")
    assert not page.driver.find_element("tag name", "button").get_attribute("disabled")


def test_a_service_that_went_away_is_said(page: Page, tmp_path: Path) -> None:
    with serving(tmp_path / "log", "-c", SLOW) as server:
        server.wait_until_ready()
        page.address = f"http://{server.host}:{server.port}"
        page.open()
        page.ask(ENGLISH)
        page.wait_for("#draft-0-en")
        server.kill()
        assert "broke off" in page.wait_for("#status.error")
        page.go_to("send")
        page.press("\ue007")
        last = time.monotonic() + PAGE_PATIENCE_S
        while "can't be reached" not in page.text("#status.error"):
            assert time.monotonic() < last


def test_a_key_is_asked_for_and_kept_in_the_tab(page: Page, tmp_path: Path) -> None:
    secret = Keys(tmp_path / "data").add("reader")
    with serving(tmp_path / "log", "-c", SLOW) as server:
        server.wait_until_ready()
        page.address = f"http://{server.host}:{server.port}"
        page.open()
        assert not page.text("#access")
        page.ask(CHINESE)
        assert "API key" in page.wait_for("#status.error")
        assert page.driver.switch_to.active_element.get_attribute("id") == "key"
        page.press(secret, "\ue007")
        assert ZH in page.wait_for("#answer")
        page.open()
        assert page.text("#access")
        assert page.driver.find_element("id", "key").get_property("value") == secret


def test_markup_in_an_article_stays_text_and_no_script_but_ours_runs(page: Page) -> None:
    page.open()
    page.driver.execute_script(
        "const script = document.createElement('script');"
        "script.textContent = 'window.harmed = true'; document.body.append(script);"
        "const image = new Image(); image.src = 'https://elsewhere.invalid/a.png';"
        "document.body.append(image);"
    )
    assert page.driver.execute_script("return window.harmed") is None
    assert any("Content Security Policy" in message for message in page.complaints())
    page.go_to("target")
    page.press("<img src=x onerror='window.harmed = true'>")
    page.driver.execute_script("document.getElementById('text').value = arguments[0]", ENGLISH)
    page.go_to("send")
    page.press("\ue007")
    assert "<img src=x" in page.wait_for("#answer")
    assert page.driver.find_elements("css selector", "#answer img") == []
    assert page.driver.execute_script("return window.harmed") is None


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_narrow_screen_scrolls_down_and_never_aside(page: Page, path: str) -> None:
    screen = {"width": NARROW, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    page.open(path)
    assert page.overflow() == 0
    if path == "/":
        page.ask("https://example.org/" + "a" * 400 + f" {ENGLISH} {CHINESE}")
        page.wait_for("#draft-0-zh")
        assert page.overflow() == 0
        page.wait_for("#answer")
        assert page.overflow() == 0
    assert page.complaints() == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", NARROW)])
def test_axe_finds_nothing_in_any_state(page: Page, scheme: str, width: int) -> None:
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    page.open("/docs")
    assert violations(page.driver) == [], "/docs"
    page.open()
    assert violations(page.driver) == [], "empty"
    page.ask("![](image.png)")
    page.wait_for("#status.error")
    assert violations(page.driver) == [], "error"
    page.open()
    page.ask(ENGLISH + CHINESE)
    page.wait_for("#drafts, #answer")  # drafts are gone in seconds
    assert violations(page.driver) == [], "drafts"
    page.wait_for("#answer")
    page.driver.execute_script("document.querySelector('details').open = true")
    assert violations(page.driver) == [], "answer"


def test_the_focus_stays_where_it_was(page: Page) -> None:
    page.open()
    page.ask(CHINESE)
    assert page.driver.switch_to.active_element.get_attribute("id") == "send"
    page.press("\ue007")
    page.wait_for("#answer")
    assert page.driver.switch_to.active_element.get_attribute("id") == "send"
    assert page.text("#status") == "Done 完成"


@pytest.mark.parametrize(("sample", "begins"), [("en", "The council"), ("zh", "青石镇")])
def test_a_sample_is_there_at_one_click(page: Page, sample: str, begins: str) -> None:
    page.open()
    page.driver.find_element("css selector", f"[data-sample={sample}]").click()
    text = page.driver.find_element("id", "text").get_property("value")
    assert text.startswith(begins)
    assert page.text("#length-of-text") == f"{len(text)} characters 字符"
    control, enter = "\ue009", "\ue007"
    chain = webdriver.ActionChains(page.driver)
    chain.key_down(control).send_keys(enter).key_up(control).perform()
    page.wait_for("#answer")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (ENGLISH, "application/json"),
        (f"2 < 3, says the mayor. {CHINESE}", "application/json"),
        (f"<!doctype html><title>桥</title><nav>首页</nav><p>{CHINESE}</p>", "text/html"),
        (f"  <div class='a'><p>It's {ENGLISH}</p></div>", "text/html"),
    ],
)
def test_the_request_as_a_command_is_the_one_that_was_sent(
    page: Page, text: str, kind: str
) -> None:
    page.open()
    page.driver.execute_script("document.getElementById('text').value = arguments[0]", text)
    page.go_to("target")
    page.press("the bridge")
    page.go_to("send")
    page.press("\ue007")
    page.wait_for("#answer")
    command = shlex.split(page.driver.find_element("id", "curl").get_attribute("textContent"))
    assert f"Content-Type: {kind}" in " ".join(command)
    done = subprocess.run([*command, "-s"], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["stance"]["target"] == "the bridge"
    is_page = answer["reading"]["kept"] < answer["reading"]["characters"]
    assert is_page == (kind == "text/html"), "tags are taken out of a page only"


def test_the_print_holds_the_answer_and_not_the_form(page: Page) -> None:
    page.open()
    page.ask(CHINESE)
    page.wait_for("#answer")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert ZH in page.text("#answer")
    assert not page.text("form")
    assert not page.text("footer")


def test_the_lack_of_a_model_is_said(page: Page, tmp_path: Path) -> None:
    assert not page.text("#no-model")
    arguments = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
    with serving(tmp_path / "log", *arguments) as server:
        server.wait_until_ready()
        page.address = f"http://{server.host}:{server.port}"
        page.open()
        assert "未加载模型" in page.wait_for("#no-model")
        page.ask(CHINESE)
        page.wait_for("#answer")
        assert "no model loaded" in page.text("#made")


LIT = "#source .lit"


def sentence(page: Page, language: str) -> Any:
    """The first sentence of a digest that has sources."""
    digest = f"#stories .digest:lang({language}) .cites"
    return page.driver.find_element("css selector", digest)


def wait_until_lit(page: Page, *wanted: str) -> None:
    """Until just these sentences of the article are lit."""
    last = time.monotonic() + LIT_WITHIN_S
    while page.text(LIT) != " ".join(wanted):
        assert time.monotonic() < last, page.text(LIT)
        time.sleep(0.02)


CITED_CHINESE = (
    "青石镇议会周二投票决定在磨坊河上架桥。镇长称，早该新建一座，已经逾期。"
    "反对者认为，这笔钱应该用于学校。"
)
ENGLISH_SOURCES = (
    "The council of Ashford voted on Tuesday to build a new bridge over the Mill River.",
    "The mayor called it overdue.",
)
CHINESE_SOURCES = (
    "青石镇议会周二投票决定在磨坊河上架桥。",
    "镇长称，早该新建一座，已经逾期。",
)
CITED = [
    (ENGLISH, ENGLISH_SOURCES),
    (CITED_CHINESE, CHINESE_SOURCES),
    ("🌉 " + CITED_CHINESE, ("🌉 " + CHINESE_SOURCES[0], CHINESE_SOURCES[1])),
]


@pytest.fixture(params=CITED, ids=["en", "zh", "emoji"])
def cited(request: pytest.FixtureRequest, page: Page) -> tuple[Page, tuple[str, ...]]:
    """A page with an answer whose digests rest on the first two sentences of the article."""
    text, sources = request.param
    page.open()
    page.driver.execute_script("document.getElementById('text').value = arguments[0]", text)
    page.go_to("send")
    page.press("\ue007")
    page.wait_for("#answer")
    assert page.text("#source").strip() == text
    return page, sources


def test_pointing_at_a_sentence_lights_up_its_sources(cited: tuple[Page, tuple[str, ...]]) -> None:
    page, sources = cited
    for language in ("en", "zh"):
        webdriver.ActionChains(page.driver).move_to_element(sentence(page, language)).perform()
        wait_until_lit(page, *sources)
        webdriver.ActionChains(page.driver).move_to_element(
            page.driver.find_element("id", "status")
        ).perform()
        wait_until_lit(page)
    assert page.complaints() == []


@pytest.fixture(scope="module")
def without_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    arguments = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
    with serving(tmp_path_factory.mktemp("plain") / "log", *arguments) as server:
        server.wait_until_ready()
        yield f"http://{server.host}:{server.port}"


@pytest.mark.parametrize(
    ("text", "language", "fact", "source"),
    [
        (
            "The council of Ashford met. Its bridge will cost $12 million.",
            "zh",
            "1200万美元",
            "Its bridge will cost $12 million.",
        ),
        (
            "青石镇议会周二开会。新桥将耗资1200万美元。",
            "en",
            "$12 million",
            "新桥将耗资1200万美元。",
        ),
    ],
)
def test_pointing_at_a_key_fact_lights_up_its_sentence(
    page: Page, without_model: str, text: str, language: str, fact: str, source: str
) -> None:
    page.address = without_model
    page.open()
    page.ask(text)
    page.wait_for("#answer")
    digest = page.driver.find_element("css selector", f"#stories .digest:lang({language})")
    (wanted,) = (
        each for each in digest.find_elements("css selector", ".cites") if fact in each.text
    )
    webdriver.ActionChains(page.driver).move_to_element(wanted).perform()
    wait_until_lit(page, source)


def test_the_keyboard_lights_up_sources_and_keeps_them(cited: tuple[Page, tuple[str, ...]]) -> None:
    page, sources = cited
    for language in ("en", "zh"):
        wanted = sentence(page, language)
        while page.driver.switch_to.active_element != wanted:
            page.press("\ue004")
        wait_until_lit(page, *sources)
        page.press("\ue007")
        assert wanted.get_attribute("aria-pressed") == "true"
        page.press("\ue004")
        wait_until_lit(page, *sources)
        described = wanted.get_attribute("aria-describedby").split()
        assert [page.text(f"#{part}") for part in described] == list(sources)
    page.driver.execute_script("arguments[0].focus()", wanted)
    page.press("\ue00c")  # Escape
    wait_until_lit(page)
    assert wanted.get_attribute("aria-pressed") == "false"


def test_a_tap_lights_up_sources_until_the_next(cited: tuple[Page, tuple[str, ...]]) -> None:
    page, sources = cited
    driver = page.driver
    screen = {"width": NARROW, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    for language, lit in (("en", sources), ("zh", sources), ("zh", ())):
        place = driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'});"
            "const box = arguments[0].getClientRects()[0];"
            "return {x: box.x + box.width / 2, y: box.y + box.height / 2};",
            sentence(page, language),
        )
        for kind, points in (("touchStart", [place]), ("touchEnd", [])):
            event = {"type": kind, "touchPoints": points}
            driver.execute_cdp_cmd("Input.dispatchTouchEvent", event)
        wait_until_lit(page, *lit)
        seen = driver.execute_script(
            "const box = document.getElementById('source').getBoundingClientRect();"
            "return box.bottom <= innerHeight + 1 && box.top >= 0;"
        )
        assert seen, "the article is in sight while a digest is read"
    assert page.overflow() == 0


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_an_unsupported_sentence_is_marked(page: Page, text: str) -> None:
    page.open()
    page.ask(text)
    page.wait_for("#answer")
    assert not page.text("#stories .unsupported")
    invented = "The museum was closed for repairs."
    page.driver.execute_script(
        """
        const [text, invented] = arguments;
        const sentences = [{ text: invented, support: 0.1, sources: [] }];
        const digest = { text: invented, kind: "abstractive", sentences, left_out: [] };
        const checks = { unsupported_numbers: [], unsupported_names: [],
          unsupported_sentences: { en: [invented] } };
        const reading = { characters: 1, kept: 1, removed: [], coverage: 1, authors: [] };
        const engine = { name: "a", model: "b" }, timing = { total_ms: 1 };
        const story = { digests: { en: digest }, checks, stance: [] };
        const rest = { stories: [], warnings: [], language: "en" };
        show({ ...story, ...rest, engine, reading, timing }, text);
        """,
        text,
        invented,
    )
    assert page.text("#stories .unsupported") == invented
    marked = page.driver.find_element("css selector", ".hardly").get_attribute("aria-label")
    assert "hardly supports" in marked and "缺乏依据" in marked
    assert not page.text("#cited")
    assert violations(page.driver) == []
