from pathlib import Path

import pytest

from service.article import Document
from service.errors import EngineFailed, NoRoom
from service.extractive.extractive_engine import MOST_ADMITTED, ExtractiveEngine
from service.resources import Resources
from service.settings import Settings
from service.tasks import Answer, DigestAnswer, DigestTask, Request, StanceAnswer, StanceTask

RESOURCES = Resources.load(Settings())
ENGLISH = "The town will build a library. It costs $12 million. The mayor signed on Monday."
CHINESE = "该镇将建一座图书馆。造价1200万元。镇长周一签字。"
HANT = "該鎮將建一座圖書館。造價1200萬元。鎮長週一簽字。"


@pytest.mark.parametrize(
    ("passage", "passage_language", "kinds"),
    [
        (ENGLISH, "en", ("extractive", "keyfacts")),
        (CHINESE, "zh-Hans", ("keyfacts", "extractive")),
        (HANT, "zh-Hant", ("keyfacts", "extractive")),
    ],
)
def test_own_sentences_in_its_own_language_and_key_facts_in_the_other(
    passage: str, passage_language: str, kinds: tuple[str, str]
) -> None:
    engine = ExtractiveEngine(RESOURCES)
    tasks = (DigestTask("en"), DigestTask("zh"))
    engine.admit(Request("a", Document.of(passage, passage_language), tasks))
    ((finished),) = engine.step()
    assert isinstance(finished.outcome, Answer)
    digests = [each for each in finished.outcome.tasks if isinstance(each, DigestAnswer)]
    assert tuple(each.kind for each in digests) == kinds
    assert all(each.text.strip() for each in digests)
    own = digests[kinds.index("extractive")].text
    assert own.replace(" ", "") == passage.replace(" ", "")


@pytest.mark.parametrize(
    ("passage", "language", "target", "label"),
    [
        ("The tram is a reckless waste of money. We must reject it.", "en", "the tram", "against"),
        ("電車是明智的安排，我們應當盡快批准。", "zh-Hant", "電車", "favor"),
    ],
)
def test_stance(passage: str, language: str, target: str, label: str) -> None:
    engine = ExtractiveEngine(RESOURCES)
    engine.admit(Request("a", Document.of(passage, language), (StanceTask(target),)))
    ((finished),) = engine.step()
    assert isinstance(finished.outcome, Answer)
    (answer,) = finished.outcome.tasks
    assert isinstance(answer, StanceAnswer)
    assert answer.label == label


def test_an_article_that_breaks_the_engine_fails_alone(caplog: pytest.LogCaptureFixture) -> None:
    engine = ExtractiveEngine(RESOURCES)
    for place in ("before", "after"):
        engine.admit(Request(place, Document.of(ENGLISH, "en"), (DigestTask("en"),)))
        if place == "before":
            broken = Request("broken", Document.of(ENGLISH, "en"), (DigestTask("en", "huge"),))  # type: ignore[arg-type]
            engine.admit(broken)
    outcomes = {finished.request_id: finished.outcome for finished in engine.step()}
    assert isinstance(outcomes["broken"], EngineFailed)
    assert isinstance(outcomes["before"], Answer)
    assert isinstance(outcomes["after"], Answer)
    assert "failed on a passage" in caplog.text


def test_the_queue_is_bounded_and_a_step_answers_all_of_it() -> None:
    engine = ExtractiveEngine(RESOURCES)
    for number in range(MOST_ADMITTED):
        engine.admit(Request(str(number), Document.of(ENGLISH, "en"), ()))
    with pytest.raises(NoRoom):
        engine.admit(Request("more", Document.of(CHINESE, "zh-Hans"), ()))
    answered = [finished.request_id for finished in engine.step()]
    assert answered == [str(number) for number in range(MOST_ADMITTED)]


def test_the_fingerprint_covers_the_asker_s_names(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("Harlow Bay\t哈洛湾\t哈洛灣\tplace\n", "utf-8")
    plain, more = (
        ExtractiveEngine(RESOURCES),
        ExtractiveEngine(Resources.load(Settings(names=path))),
    )
    assert plain.identity.prompts != more.identity.prompts
    assert plain.identity == ExtractiveEngine(RESOURCES).identity


@pytest.mark.parametrize(
    ("passage", "tokens"), [("", 0), ("four", 1), ("fours", 2), ("四个汉字", 4), ("AI模型", 3)]
)
def test_measure(passage: str, tokens: int) -> None:
    assert ExtractiveEngine(RESOURCES).measure(passage) == tokens
