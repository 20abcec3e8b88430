"""One article's way through a plan, with every answer given by hand."""

from collections.abc import Generator
from typing import Any

import pytest

from service import metrics
from service.article import Article
from service.errors import EngineFailed, NoText
from service.pipeline.pipeline import plan
from service.pipeline.validation import FAULTS
from service.resources import Resources
from service.result import Result, Stance
from service.settings import Settings
from service.tasks import (
    Answer,
    DigestAnswer,
    DigestLanguage,
    DigestTask,
    Draft,
    EvidenceAnswer,
    EvidenceTask,
    Options,
    Origin,
    Request,
    StanceAnswer,
    StanceTask,
    TaskAnswer,
)
from tests.support.scripted import EN, ZH, ScriptedEngine, quoted, written
from tests.support.stories import BREAD_EN, HARBOUR_EN, OWLS_EN

ARTICLE_EN = Article(
    "The city council praised the tram plan on Tuesday. The tram plan will build 40 stops.\n"
    "It costs 12 million dollars. Residents strongly support the tram plan, the council said.\n"
    "The mayor called a new bridge overdue, and the council voted to build it.",
    title="Forty stops",
    source="trams.txt",
)
ARTICLE_ZH = Article(
    "市议会星期二通过了电车计划。该计划将新建40个车站，耗资1200万美元。\n"
    "居民大力支持电车计划，认为这是一项明智的决定。\n"
    "镇长表示早该建一座新桥，议会投票决定建桥。",
    title="四十个车站",
    source="电车.txt",
)
RESOURCES = Resources.load(Settings())


@pytest.mark.parametrize("article", [ARTICLE_EN, ARTICLE_ZH])
def test_characters_that_were_lost_are_counted_in_a_warning(article: Article) -> None:
    broken = article.text[:5] + "\ufffd" + article.text[5:] + "\ufffd"
    steps, request = begin(Article(broken, article.title))
    result = finish(steps, written(request))
    assert "2 characters of the text can't be read and were left out" in result.warnings


def begin(
    article: Article, options: Options | None = None, engine: ScriptedEngine | None = None
) -> tuple[Generator[Request, Answer, Result], Request]:
    steps = plan(article, options or Options(), engine or ScriptedEngine(), RESOURCES, id="1")
    return steps, next(steps)


def finish(steps: Generator[Request, Answer, Result], answer: Answer) -> Result:
    with pytest.raises(StopIteration) as stop:
        steps.send(answer)
    result = stop.value.value
    assert isinstance(result, Result)
    return result


def answers(*tasks: TaskAnswer) -> Answer:
    return Answer(tasks)


STANCE = StanceAnswer("favor", {"favor": 0.8, "against": 0.1, "none": 0.1})


@pytest.mark.parametrize("article", [ARTICLE_EN, ARTICLE_ZH], ids=["en", "zh"])
def test_everything_is_asked_at_once_and_ends_in_a_result(article: Article) -> None:
    steps, request = begin(article)
    assert request.tasks[:2] == (DigestTask("en"), DigestTask("zh"))
    assert isinstance(request.tasks[2], StanceTask)
    result = finish(steps, written(request))
    assert result.digests["en"].text == EN
    assert result.digests["zh"].text == ZH
    assert result.digests["zh"].script == "Hans"
    assert result.digests["en"].engine == "scripted"
    assert isinstance(result.stance, Stance)
    assert result.stance.target_source == "detected"
    assert result.source == article.source
    assert result.reading.characters == len(article.text)


@pytest.mark.parametrize(
    ("article", "target"), [(ARTICLE_EN, "the tram plan"), (ARTICLE_ZH, "电车计划")]
)
def test_evidence_is_the_articles_own_text(article: Article, target: str) -> None:
    steps, _ = begin(article, Options(targets=(target,)))
    result = finish(
        steps,
        answers(DigestAnswer(EN, "abstractive"), DigestAnswer(ZH, "abstractive"), STANCE),
    )
    assert isinstance(result.stance, Stance)
    assert result.stance.evidence
    for evidence in result.stance.evidence:
        assert article.text[evidence.start : evidence.end] == evidence.quote


def test_several_targets_give_a_list_in_their_order_each_once() -> None:
    steps, request = begin(ARTICLE_EN, Options(targets=("trams", "the council", "trams")))
    assert request.tasks[2:] == (StanceTask("trams"), StanceTask("the council"))
    result = finish(steps, written(request))
    assert isinstance(result.stance, list)
    assert [stance.target for stance in result.stance] == ["trams", "the council"]


def test_one_language_is_asked_for_and_given() -> None:
    steps, request = begin(ARTICLE_ZH, Options(languages=("zh",), length="short"))
    assert request.tasks[0] == DigestTask("zh", "short")
    result = finish(steps, answers(DigestAnswer(ZH, "abstractive"), STANCE))
    assert set(result.digests) == {"zh"}
    assert result.checks.languages_agree is None


def test_a_digest_comes_in_the_script_that_was_asked_for() -> None:
    steps, _ = begin(ARTICLE_ZH, Options(languages=("zh",), zh_script="Hant"))
    result = finish(steps, answers(DigestAnswer(ZH, "abstractive"), STANCE))
    assert result.digests["zh"].script == "Hant"
    assert "新橋" in result.digests["zh"].text
    assert result.stance.label_zh == "支持"  # type: ignore[union-attr]


BAD = [(ARTICLE_EN, ""), (ARTICLE_EN, ZH), (ARTICLE_ZH, "<think>hm</think>"), (ARTICLE_ZH, " ")]
GOOD_EN = "The council will build 40 stops for 12 million dollars, and residents support it."


@pytest.mark.parametrize(("article", "bad"), BAD)
def test_a_faulty_digest_is_asked_for_once_more_with_the_reason(article: Article, bad: str) -> None:
    steps, _ = begin(article, Options(languages=("en",)))
    again = steps.send(answers(DigestAnswer(bad, "abstractive"), STANCE))
    (task,) = again.tasks
    assert isinstance(task, DigestTask)
    assert task.fault in {words["en"] for words in FAULTS.values()}
    result = finish(steps, answers(DigestAnswer(GOOD_EN, "abstractive")))
    assert result.digests["en"].text == GOOD_EN
    assert result.digests["en"].kind == "abstractive"
    assert result.warnings == []


@pytest.mark.parametrize(
    ("article", "language", "bad"),
    [(ARTICLE_EN, "en", ""), (ARTICLE_EN, "en", ZH), (ARTICLE_ZH, "zh", "<think>hm</think>")],
)
def test_one_that_fails_again_is_replaced_and_warned_of(
    article: Article, language: Any, bad: str
) -> None:
    steps, _ = begin(article, Options(languages=(language,)))
    steps.send(answers(DigestAnswer(bad, "abstractive"), STANCE))
    result = finish(steps, answers(DigestAnswer(bad, "abstractive")))
    digest = result.digests[language]
    assert (digest.engine, digest.kind) == ("extractive", "extractive")
    assert digest.text.strip()
    assert f"{language} digest was replaced by an extractive one" in result.warnings[0]


@pytest.mark.parametrize(("article", "language"), [(ARTICLE_EN, "en"), (ARTICLE_ZH, "zh")])
def test_an_engine_that_breaks_on_the_second_try_fails_no_article_and_counts_no_refusal(
    article: Article, language: Any
) -> None:
    refused = metrics.digests_refused.labels(language, "empty")
    before = refused._value.get()
    steps, _ = begin(article, Options(languages=(language,)))
    steps.send(answers(DigestAnswer("", "abstractive"), STANCE))
    with pytest.raises(StopIteration) as stop:
        steps.throw(EngineFailed("broken"))
    result = stop.value.value
    assert result.digests[language].kind == "extractive"
    assert refused._value.get() == before + 1
    assert len(result.warnings) == 1
    assert f"the model's {language} digest was replaced" in result.warnings[0]


def test_only_the_faulty_digest_is_asked_for_again() -> None:
    steps, _ = begin(ARTICLE_EN)
    first = answers(DigestAnswer(GOOD_EN, "abstractive"), DigestAnswer(EN, "abstractive"), STANCE)
    again = steps.send(first)
    assert [task.language for task in again.tasks] == ["zh"]  # type: ignore[union-attr]
    result = finish(steps, answers(DigestAnswer("居民支持新建40个车站的电车计划。", "abstractive")))
    assert result.digests["en"].text == GOOD_EN
    assert "居民" in result.digests["zh"].text


@pytest.mark.parametrize(
    ("article", "language", "text"),
    [
        (ARTICLE_EN, "en", "The plan costs 99 million dollars and brings 40 stops."),
        (ARTICLE_ZH, "zh", "该计划耗资9900万美元，将新建40个车站。"),
    ],
)
def test_invented_figures_are_stopped_and_refusals_counted(
    article: Article, language: Any, text: str
) -> None:
    refused = metrics.digests_refused.labels(language, "figures")
    replaced = metrics.digests_replaced.labels(language)
    before = refused._value.get(), replaced._value.get()
    steps, _ = begin(article, Options(languages=(language,)))
    steps.send(answers(DigestAnswer(text, "abstractive"), STANCE))
    result = finish(steps, answers(DigestAnswer(text, "abstractive")))
    assert result.digests[language].kind == "extractive"
    assert result.checks.unsupported_numbers == []
    assert (refused._value.get(), replaced._value.get()) == (before[0] + 2, before[1] + 1)


@pytest.mark.parametrize("text", ["", " \n\t", "![]()\n![]()"])
def test_nothing_to_read_is_said_at_once(text: str) -> None:
    with pytest.raises(NoText):
        begin(Article(text))


LONG = {
    "en": "\n".join(
        f"The {place} line will get {n + 3} new stops by the spring. Its cost is {n + 21} million."
        for n, place in enumerate(("harbour", "valley", "university", "museum"))
    ),
    "zh": "\n".join(
        f"{place}线将在明年春天之前新建{n + 3}个车站，方便沿线居民出行。该线耗资{n + 21}百万元。"
        for n, place in enumerate(("港口", "山谷", "大学", "博物馆"))
    ),
}


OWN = {"en": Options(languages=("en",)), "zh": Options(languages=("zh",))}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_long_article_is_read_in_parts_and_all_of_it(language: str) -> None:
    engine = ScriptedEngine()
    engine.passage_limit = 120
    steps, request = begin(Article(LONG[language]), OWN[language], engine)
    parts = []
    while request.tasks == (DigestTask(language, "medium"),):
        assert engine.measure(request.document.text) <= 120
        parts.append(request.document.text)
        part_digest = {"en": "One line gets new stops.", "zh": "明年春天之前新建车站。"}[language]
        request = steps.send(answers(DigestAnswer(part_digest, "abstractive")))
    assert len(parts) > 1
    assert "\n".join(parts).split() == LONG[language].split()
    assert request.document.text == "\n".join([part_digest] * len(parts))
    result = finish(steps, quoted(request))
    assert result.reading.coverage == 1.0
    assert result.warnings == [f"the article is long: it was read in {len(parts)} parts"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_part_without_a_digest_is_told_from_a_replaced_digest(
    language: str,
) -> None:
    engine = ScriptedEngine()
    engine.passage_limit = 120
    steps, request = begin(Article(LONG[language]), OWN[language], engine)
    parts = {"en": "One line gets new stops.", "zh": "明年春天之前新建车站。"}
    # A figure of another part is none of this one: each is held against what was read of it.
    bad = {"en": "The museum line costs 999 million.", "zh": "博物馆线耗资999百万元。"}
    first = True
    while len(request.tasks) == 1:
        (task,) = request.tasks
        assert isinstance(task, DigestTask)
        request = steps.send(
            answers(DigestAnswer((bad if first else parts)[language], "abstractive"))
        )
        first = first and task.fault is None
    result = finish(steps, quoted(request))
    assert {digest.kind for digest in result.digests.values()} == {"abstractive"}
    long, replaced = result.warnings  # one each, however many rounds it took
    count = long.removeprefix("the article is long: it was read in ").removesuffix(" parts")
    assert replaced.startswith(f"of the {count} parts, 1 went on as the article's own sentences")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_model_that_rambles_about_the_parts_ends_all_the_same(
    language: DigestLanguage,
) -> None:
    engine = ScriptedEngine()
    engine.passage_limit = 120
    steps, request = begin(Article(LONG[language]), OWN[language], engine)
    while len(request.tasks) == 1:
        request = steps.send(answers(DigestAnswer(LONG[language] * 3, "keyfacts")))
    result = finish(steps, quoted(request))
    assert result.digests[language].kind == "abstractive"


GREY = {
    "en": "On Tuesday the council praised the tram plan with stops, which angry"
    " drivers and small shops fear badly.",
    "zh": "市议会通过电车计划，司机和店主担忧停车位不足。",
}
"""Digests of which the article supports too little to pass by its words, and enough not to fail."""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("share", "kind"), [(0.3, "abstractive"), (0.05, "extractive")])
def test_the_models_evidence_decides_where_words_do_not(
    language: DigestLanguage, share: float, kind: str
) -> None:
    article = {"en": ARTICLE_EN, "zh": ARTICLE_ZH}[language]
    steps, _ = begin(article, OWN[language])
    grey = DigestAnswer(GREY[language], "abstractive", log_prob=-40.5)
    request = steps.send(answers(grey, STANCE))
    assert request.tasks == (
        EvidenceTask(language, GREY[language], Origin(DigestTask(language), -40.5)),
    )
    if kind == "extractive":
        again = steps.send(answers(EvidenceAnswer(share)))
        assert again.tasks[0].fault == FAULTS["unfounded"][language]  # type: ignore[union-attr]
        steps.send(answers(grey))
    result = finish(steps, answers(EvidenceAnswer(share)))
    assert result.digests[language].kind == kind
    assert result.checks.evidence[language] == (share if kind == "abstractive" else None)


@pytest.mark.parametrize("outcome", [EvidenceAnswer(None), EngineFailed("no memory")])
def test_a_grey_digest_passes_where_the_engine_has_no_evidence(
    outcome: EvidenceAnswer | EngineFailed,
) -> None:
    steps, _ = begin(ARTICLE_EN, OWN["en"])
    steps.send(answers(DigestAnswer(GREY["en"], "abstractive"), STANCE))
    with pytest.raises(StopIteration) as stop:
        if isinstance(outcome, EvidenceAnswer):
            steps.send(answers(outcome))
        else:
            steps.throw(outcome)
    assert stop.value.value.digests["en"].kind == "abstractive"
    assert stop.value.value.checks.evidence == {"en": None}


def test_digests_of_an_article_in_a_third_language_are_weighed_by_the_model() -> None:
    article = Article(
        "Le conseil municipal a voté mardi le projet de tramway, avec 40 arrêts.\n" * 3
    )
    steps, _ = begin(article, OWN["en"])
    digest = "The town council voted for the tramway project with 40 stops on Tuesday."
    request = steps.send(answers(DigestAnswer(digest, "abstractive"), STANCE))
    assert request.tasks == (EvidenceTask("en", digest),)
    assert finish(steps, answers(EvidenceAnswer(0.4))).checks.evidence == {"en": 0.4}


def test_several_stories_get_a_digest_and_a_stance_each() -> None:
    article = Article("\n\n".join([HARBOUR_EN, BREAD_EN, OWLS_EN]))
    steps, request = begin(article, OWN["en"])
    passages = [request.document.text]
    for _ in range(2):
        request = steps.send(quoted(request))
        passages.append(request.document.text)
    result = finish(steps, quoted(request))
    assert [passage.split("\n")[0] for passage in passages] == [
        story.title for story in result.stories
    ]
    assert [story.kept for story in result.stories] == sorted(map(len, passages), reverse=True)
    assert result.digests == result.stories[0].digests
    assert result.stance == result.stories[0].stance
    assert "3 stories" in result.warnings[-1]


def test_a_whole_page_is_kept_together_when_asked() -> None:
    steps, request = begin(
        Article(f"{HARBOUR_EN}\n\n{BREAD_EN}"), Options(languages=("en",), whole_page=True)
    )
    assert "cranes" in request.document.text
    assert "bakery" in request.document.text
    assert finish(steps, quoted(request)).stories == []


def test_a_watcher_sees_the_drafts_and_each_new_attempt() -> None:
    seen: list[Draft] = []
    engine = ScriptedEngine()
    steps = plan(ARTICLE_ZH, Options(), engine, RESOURCES, id="1", watch=seen.append)
    request = next(steps)
    assert request.watch is not None
    request.watch(1, "电车")
    request.watch(2, "a stance is no draft")
    again = steps.send(
        answers(DigestAnswer(EN, "abstractive"), DigestAnswer(EN, "abstractive"), STANCE)
    )
    assert again.watch is not None
    again.watch(0, "Still")
    result = finish(steps, answers(DigestAnswer(EN, "abstractive")))
    assert seen == [
        Draft(0, "zh", 1, "电车"),
        Draft(0, "zh", 2, "Still"),
        Draft(0, "zh", 3, result.digests["zh"].text),
    ]


def test_the_parts_of_a_long_article_are_not_shown() -> None:
    engine = ScriptedEngine()
    engine.passage_limit = 60
    steps = plan(ARTICLE_EN, Options(), engine, RESOURCES, id="1", watch=lambda draft: None)
    request, parts = next(steps), 0
    while request.watch is None:
        parts += 1
        request = steps.send(answers(DigestAnswer("It costs 12 million dollars.", "abstractive")))
    assert parts > 1
    assert len(request.tasks) == 3
