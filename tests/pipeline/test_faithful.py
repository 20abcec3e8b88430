"""The article's own sentences in place of a paraphrase: translated one by one, checked, cited."""

from collections.abc import Generator, Mapping, Sequence

import pytest

from service import metrics
from service.article import Article
from service.errors import EngineFailed
from service.extractive.extractive_engine import ExtractiveEngine
from service.pipeline.pipeline import plan
from service.resources import Resources
from service.result import Result
from service.settings import Settings
from service.tasks import (
    Answer,
    DigestAnswer,
    DigestLanguage,
    Options,
    Request,
    StanceTask,
    TranslationTask,
)
from tests.support.scripted import ScriptedEngine
from tests.support.translations import EN, FR, TRUE, ZH, Translator

RESOURCES = Resources.load(Settings())
FAITHFUL = Options(style="faithful")
FOREIGN: Sequence[tuple[Article, DigestLanguage, DigestLanguage]] = [
    (EN, "en", "zh"),
    (ZH, "zh", "en"),
]


def run(
    article: Article,
    options: Options,
    wrong: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Result, list[Request]]:
    """The result of an article with the engine that knows the true translations, and what it was
    asked."""
    translator = Translator(article, RESOURCES, wrong or {})
    steps = plan(article, options, ScriptedEngine(), RESOURCES, id="1")
    return drive(steps, translator)


def drive(
    steps: Generator[Request, Answer, Result], translator: Translator
) -> tuple[Result, list[Request]]:
    asked = [next(steps)]
    try:
        while True:
            asked.append(steps.send(translator.answer(asked[-1])))
    except StopIteration as stop:
        result: Result = stop.value
        return result, asked


def sentences_of(article: Article) -> list[str]:
    return [original for original in TRUE if original in article.text]


@pytest.mark.parametrize(("article", "own", "other"), FOREIGN)
def test_the_faithful_style_is_own_sentences_and_their_translation(
    article: Article, own: DigestLanguage, other: DigestLanguage
) -> None:
    result, asked = run(article, FAITHFUL)
    assert result.digests[own].kind == "extractive"
    translated = result.digests[other]
    assert (translated.kind, translated.engine) == ("translated", "scripted")
    originals = sentences_of(article)
    assert [sentence.text for sentence in translated.sentences] == [
        TRUE[original][other] for original in originals
    ]
    assert all(sentence.text in translated.text for sentence in translated.sentences)
    assert translated.left_out == []
    assert result.warnings == []
    # No paraphrase was asked for, and all the sentences at once.
    assert all(isinstance(task, StanceTask) for task in asked[0].tasks)
    assert len(asked) == 2


@pytest.mark.parametrize(("article", "own", "other"), FOREIGN)
def test_each_translated_sentence_cites_its_original(
    article: Article, own: DigestLanguage, other: DigestLanguage
) -> None:
    result, _ = run(article, FAITHFUL)
    for sentence in result.digests[other].sentences:
        (source,) = sentence.sources
        assert TRUE[article.text[source.start : source.end]][other] == sentence.text
        assert sentence.support is not None and sentence.support > 0.3


@pytest.mark.parametrize(("article", "own", "other"), FOREIGN)
def test_a_digest_that_fails_twice_is_replaced_by_a_translation(
    article: Article, own: DigestLanguage, other: DigestLanguage
) -> None:
    result, asked = run(article, Options())
    assert result.digests[other].kind == "translated"
    assert result.digests[own].kind == "extractive"
    assert (
        f"the model's {other} digest was replaced by a translation of its sentences: it was empty"
        in result.warnings
    )
    assert len(asked) == 3


def test_an_article_in_a_third_language_is_translated_into_both_in_one_round() -> None:
    result, asked = run(FR, FAITHFUL)
    for language in ("en", "zh"):
        digest = result.digests[language]
        assert digest.kind == "translated"
        assert len(digest.sentences) == len(sentences_of(FR))
        assert {sentence.support for sentence in digest.sentences} == {None}
    assert set(result.digests) == {"en", "zh"}
    assert {task.language for task in asked[1].tasks if isinstance(task, TranslationTask)} == {
        "en",
        "zh",
    }
    assert len(asked) == 2


FIRST_ZH, FIRST_EN = sentences_of(ZH)[0], sentences_of(EN)[0]
WRONG = [
    (ZH, "en", FIRST_ZH, "Yunting said on December 1 that tram line 2 will open on May 19, 2026."),
    (ZH, "en", FIRST_ZH, "云汀市交通局宣布，电车2号线将通车。"),
    (ZH, "en", FIRST_ZH, ""),
    (ZH, "en", FIRST_ZH, "The museum of the harbour was closed on December 1 after a fire in line 2"
     " on May 18, 2026."),
    (ZH, "en", sentences_of(ZH)[2], "Tim Cook's Tesla will provide the batteries for the trams."),
    (EN, "zh", FIRST_EN, "云汀市12月1日宣布，电车2号线将于2026年5月19日通车。"),
    (EN, "zh", FIRST_EN, "Yunting announced on December 1 that line 2 will open on May 18, 2026."),
    (EN, "zh", FIRST_EN, ""),
    (EN, "zh", sentences_of(EN)[2], "库克的公司特斯拉将为电车提供电池。"),
]  # fmt: skip


@pytest.mark.parametrize(("article", "language", "original", "bad"), WRONG)
def test_a_wrong_translation_is_asked_for_again_alone(
    article: Article, language: DigestLanguage, original: str, bad: str
) -> None:
    result, asked = run(article, FAITHFUL, {original: [bad]})
    (task,) = asked[2].tasks
    assert isinstance(task, TranslationTask) and task.again
    digest = result.digests[language]
    assert [each.text for each in digest.sentences] == [
        TRUE[each][language] for each in sentences_of(article)
    ]
    assert result.warnings == []


@pytest.mark.parametrize(("article", "language", "original", "bad"), WRONG)
def test_one_that_is_wrong_twice_is_left_out_and_that_is_said(
    article: Article, language: DigestLanguage, original: str, bad: str
) -> None:
    refused = metrics.translations_refused.labels
    before = sum(refused(language, gate)._value.get() for gate in ("figures", "names", "empty"))
    result, asked = run(article, FAITHFUL, {original: [bad, bad]})
    assert len(asked) == 3
    digest = result.digests[language]
    assert digest.kind == "translated"
    assert len(digest.sentences) == len(sentences_of(article)) - 1
    (source,) = digest.left_out
    assert article.text[source.start : source.end] == original
    (warning,) = result.warnings
    assert warning.startswith(f"of the 4 sentences to translate for the {language} digest, 1 ")
    after = sum(refused(language, gate)._value.get() for gate in ("figures", "names", "empty"))
    assert after - before in (0, 2)  # the other gates are counted elsewhere


@pytest.mark.parametrize(("article", "own", "other"), FOREIGN)
def test_a_translator_that_is_wrong_half_of_the_time_is_not_trusted(
    article: Article, own: DigestLanguage, other: DigestLanguage
) -> None:
    bad = {original: ["", ""] for original in sentences_of(article)[:2]}
    result, _ = run(article, FAITHFUL, bad)
    assert result.digests[other].kind == "keyfacts"
    assert f"could not be translated for the {other} digest" in result.warnings[0]


@pytest.mark.parametrize(("article", "own", "other"), FOREIGN)
def test_without_one_true_translation_there_are_key_facts(
    article: Article, own: DigestLanguage, other: DigestLanguage
) -> None:
    result, asked = run(article, FAITHFUL, {each: ["", ""] for each in sentences_of(article)})
    digest = result.digests[other]
    assert (digest.kind, digest.engine) == ("keyfacts", "extractive")
    assert f"could not be translated for the {other} digest" in result.warnings[0]
    assert len(asked) == 3


@pytest.mark.parametrize(("article", "own", "other"), FOREIGN)
def test_an_engine_that_breaks_on_the_translation_fails_no_article(
    article: Article, own: DigestLanguage, other: DigestLanguage
) -> None:
    steps = plan(article, FAITHFUL, ScriptedEngine(), RESOURCES, id="1")
    translator = Translator(article, RESOURCES, {})
    steps.send(translator.answer(next(steps)))
    steps.throw(EngineFailed("broken"))
    with pytest.raises(StopIteration) as stop:
        steps.throw(EngineFailed("broken"))
    assert stop.value.value.digests[other].kind == "keyfacts"


def test_an_answer_of_another_kind_is_the_engines_fault() -> None:
    steps = plan(ZH, FAITHFUL, ScriptedEngine(), RESOURCES, id="1")
    translator = Translator(ZH, RESOURCES, {})
    request = steps.send(translator.answer(next(steps)))
    with pytest.raises(EngineFailed, match="something else"):
        steps.send(Answer(tuple(DigestAnswer("", "abstractive") for _ in request.tasks)))


@pytest.mark.parametrize("article", [EN, ZH])
def test_without_a_model_nothing_is_translated(article: Article) -> None:
    engine = ExtractiveEngine(RESOURCES)
    steps = plan(article, FAITHFUL, engine, RESOURCES, id="1")
    answer = engine.answer(next(steps))
    assert isinstance(answer, Answer)
    with pytest.raises(StopIteration) as stop:
        steps.send(answer)
    kinds = {digest.kind for digest in stop.value.value.digests.values()}
    assert kinds == {"extractive", "keyfacts"}


def test_a_chinese_translation_comes_in_the_script_that_was_asked_for() -> None:
    result, _ = run(EN, Options(style="faithful", zh_script="Hant"))
    digest = result.digests["zh"]
    assert "電車2號線" in digest.text
    assert "電車2號線" in digest.sentences[0].text


def test_the_extractive_engine_says_that_it_does_not_translate() -> None:
    engine = ExtractiveEngine(RESOURCES)
    steps = plan(ZH, FAITHFUL, ScriptedEngine(), RESOURCES, id="1")
    request = steps.send(Translator(ZH, RESOURCES, {}).answer(next(steps)))
    assert isinstance(engine.answer(request), EngineFailed)
    assert all(isinstance(task, TranslationTask) for task in request.tasks)
