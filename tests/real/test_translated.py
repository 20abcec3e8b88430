"""Translated sentences of a real, bad translator: none that passes has a wrong figure or name.

Gemma 3 270M makes many errors. What its sentences have to say is written down here by hand, apart
from the checks that let them pass.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from service.article import Article, Document
from service.checks.translation import translation_faults
from service.llm.llm_engine import LLMEngine
from service.pipeline.localized import localized
from service.pipeline.pipeline import plan
from service.resources import Resources
from service.result import Result
from service.settings import Settings
from service.tasks import Answer, DigestLanguage, Options, Request, TranslationTask
from tests.support.translations import EN, ZH

pytestmark = [pytest.mark.real_models, pytest.mark.timeout(900)]
RESOURCES = Resources.load(Settings())

# Of each sentence the figures and names that its translation has to have, in any spelling.
CHINESE: Mapping[str, Sequence[str]] = {
    "The city of Yunting announced on December 1 that tram line 2 will open on May 18, 2026.": (
        "12 ?月 ?1 ?[日号]", "2026 ?年 ?5 ?月 ?18 ?[日号]", "2 ?号|二号",
    ),
    "The line is 21 kilometres long, has 15 stations and cost 14.3 billion yuan in all.": (
        "21 ?(?:公里|千米)", "15", "143 ?亿",
    ),
    "Elon Musk's company Tesla will supply the batteries of the trams.": ("马斯克", "特斯拉"),
    "About 35,000 residents will take the line to work every day.": ("3.5 ?万|35,?000",),
    "In 2024 the company earned US$2.5 billion, 12% more than a year earlier.": (
        "2024", "25 ?亿 ?美元", "12 ?%|百分之十二",
    ),
    "The bank cut 1,200 jobs in London last week.": ("1,?200", "伦敦"),
    "Apple sold 230 million phones in 2023.": ("苹果", "2.3 ?亿", "2023"),
}  # fmt: skip
ENGLISH: Mapping[str, Sequence[str]] = {
    "云汀市交通局12月1日宣布，电车2号线将于2026年5月18日通车。": (
        "December 1|1 December", "May 18|18 May", "2026", r"\b2\b|two|second",
    ),
    "全线长21公里，设15座车站，总投资143亿元。": (
        r"\b21\b", r"\b15\b|fifteen", "14.3 billion",
    ),
    "马斯克的特斯拉将为电车提供电池。": ("Musk", "Tesla"),
    "约3.5万名居民每天将乘坐这条线路上班。": ("35,000",),
    "2024年该公司盈利25亿美元，同比增长12%。": ("2024", "2.5 billion", r"12 ?(?:%|per ?cent)"),
    "上周该银行在伦敦裁员1200人。": ("1,?200", "London"),
    "苹果公司2023年售出2.3亿部手机。": ("Apple", "230 million", "2023"),
}  # fmt: skip
ASKED: Mapping[DigestLanguage, Mapping[str, Sequence[str]]] = {"zh": CHINESE, "en": ENGLISH}


@pytest.fixture(scope="module")
def engine(gemma3_turns: Path) -> LLMEngine:
    return LLMEngine(Settings(engine="transformers", model=str(gemma3_turns)), RESOURCES)


def answer(engine: LLMEngine, request: Request) -> Answer:
    engine.admit(request)
    while not (finished := engine.step()):
        pass
    outcome = finished[0].outcome
    assert isinstance(outcome, Answer), outcome
    return outcome


def lacking(text: str, wanted: Sequence[str]) -> list[str]:
    return [each for each in wanted if not re.search(each, text)]


def passed(engine: LLMEngine, language: DigestLanguage) -> Iterator[tuple[str, str]]:
    """The sentences in `language` that pass the checks, with their originals."""
    originals = {text: Document.of(text) for text in ASKED[language]}
    tasks = tuple(
        TranslationTask(language, localized(text, document, language, RESOURCES.glossary))
        for text, document in originals.items()
    )
    request = Request("1", Document.of("\n".join(originals)), tasks)
    prompt = RESOURCES.prompts.texts[f"translate.{language}.txt"]
    for (original, document), each in zip(
        originals.items(), answer(engine, request).tasks, strict=True
    ):
        text = getattr(each, "text")  # noqa: B009
        faults = list(translation_faults(text, language, document, RESOURCES.glossary, prompt))
        print(original, "|", text, "|", faults)
        if not faults:
            yield original, text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_sentence_that_passes_has_a_wrong_figure_or_name(
    engine: LLMEngine, language: DigestLanguage
) -> None:
    translations = list(passed(engine, language))
    assert translations, "nothing passed, so that nothing was tested"
    assert {
        text: lacking(text, ASKED[language][original])
        for original, text in translations
        if lacking(text, ASKED[language][original])
    } == {}


@pytest.mark.parametrize(("article", "other"), [(EN, "zh"), (ZH, "en")])
def test_a_faithful_digest_has_its_sentences_or_key_facts(
    engine: LLMEngine, article: Article, other: DigestLanguage
) -> None:
    steps = plan(article, Options(style="faithful"), engine, RESOURCES, id="1")
    request, result = next(steps), None
    while result is None:
        try:
            request = steps.send(answer(engine, request))
        except StopIteration as stop:
            result = stop.value
    assert isinstance(result, Result)
    digest = result.digests[other]
    print(digest)
    assert digest.kind in ("translated", "keyfacts")
    if digest.kind == "keyfacts":  # each names the sentence that states it, and translates none
        return
    for sentence in digest.sentences:
        (source,) = sentence.sources
        original = article.text[source.start : source.end]
        assert lacking(sentence.text, ASKED[other][original]) == []
