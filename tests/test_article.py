"""A document is analysed once, however many ask."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from service.article import Article, Document
from service.cleaning import clean
from service.extractive.extractive_engine import ExtractiveEngine
from service.facts.names import Entry, Glossary
from service.pipeline.pipeline import plan
from service.resources import Resources
from service.settings import Settings
from service.tasks import Answer, Options
from service.text.script import is_pure

RESOURCES = Resources.load(Settings())
ENGLISH = (
    "The tram pays\n"
    "Meta must support the tram plan, which is a sensible idea. It costs $12 million.\n"
    "We should adopt the tram plan in 2026. The city council of Paris praised 40 new stops."
)
CHINESE = (
    "電車計劃划算\n"
    "市議會應當支持電車計劃，這是明智的安排。計劃耗資1200萬元。\n"
    "我們應該在2026年落實電車計劃。巴黎市議會稱讚四十個新車站。"
)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[tuple[str, str]]]:
    """The counts of splitting, converting, searching names and figures, and reading a stance."""
    counted: Counter[tuple[str, str]] = Counter()

    def count(owner: Any, name: str, text_of: Callable[..., str]) -> None:
        owner = sys.modules[owner] if isinstance(owner, str) else owner
        original = getattr(owner, name)

        def counting(*given: Any, **named: Any) -> Any:
            counted[name, text_of(*given)] += 1
            return original(*given, **named)

        monkeypatch.setattr(owner, name, counting)

    count("service.cleaning.compose", "spans", lambda paragraph: paragraph)
    count("service.text.sentences", "spans", lambda paragraph: paragraph)
    count("service.text.script", "convert", lambda config, text: text)
    count(Glossary, "find_names", lambda glossary, text, title=None: text)
    count("service.facts.numerals", "find_figures", lambda text, language=None: text)
    for owner in ("service.extractive.extractive_engine", "service.pipeline.result_builder"):
        count(owner, "read_stance", lambda document, target, resources: document.text)
    yield counted


def answer(text: str) -> None:
    engine = ExtractiveEngine(RESOURCES)
    steps = plan(Article(text), Options(), engine, RESOURCES, id="1")
    request = next(steps)
    engine.admit(request)
    (finished,) = engine.step()
    assert isinstance(finished.outcome, Answer)
    with pytest.raises(StopIteration) as stop:
        steps.send(finished.outcome)
    result = stop.value.value
    assert result.stance.label == "favor"
    assert result.stance.evidence
    assert {digest.kind for digest in result.digests.values()} == {"extractive", "keyfacts"}


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_a_whole_answer_analyses_the_article_once(
    calls: Counter[tuple[str, str]], text: str
) -> None:
    document = clean(Article(text))
    calls.clear()
    answer(text)
    title, *paragraphs = text.split("\n")
    for paragraph in paragraphs:
        assert calls["spans", paragraph] == 1
    assert calls["find_names", document.titled_text] == 1
    assert calls["find_figures", document.titled_text] == 1
    assert calls["read_stance", document.text] == 1
    assert calls["convert", document.text] == (text == CHINESE)
    sentences = "\n".join(sentence.text for sentence in document.sentences)
    assert not calls["convert", sentences]
    # Other searches are of digests and titles, never of the article again.
    assert all(
        paragraphs[0] not in searched or count == 1
        for (name, searched), count in calls.items()
        if name != "spans"  # a digest of so short an article is all of it, and is split too
    )
    assert title == document.title


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_analyses(text: str) -> None:
    document = clean(Article(text))
    assert is_pure(document.simplified, "Hans")
    assert len(document.simplified_sentences) == len(document.terms) == len(document.sentences) == 4
    whole = document.titled_text
    assert whole[document.text_start :] == document.text
    assert [whole[figure.start : figure.end] for figure in document.figures] == [
        figure.text for figure in document.figures
    ]
    names = document.names(RESOURCES.glossary)
    assert {name.key for name in names} >= {"Paris"}
    assert all(whole[name.start : name.end] == name.surface for name in names)
    other = Glossary([Entry(("Lutetia", "Paris"), ("巴黎",), ("巴黎",), "place")])
    assert document.names(other) != names


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_a_part_is_a_document_of_its_own_under_the_same_title(text: str) -> None:
    document = clean(Article(text))
    line = text.split("\n")[2]
    part = document.part(line)
    assert (part.title, part.language, part.kept) == (document.title, document.language, len(line))
    assert [sentence.text for sentence in part.sentences] == [
        sentence.text for sentence in document.sentences[2:]
    ]
    assert {figure.text for figure in part.figures} < {figure.text for figure in document.figures}


@pytest.mark.parametrize(
    ("text", "language"), [("A bridge. It is new.", "en"), ("一座桥。它很新。", "zh-Hans")]
)
def test_a_clean_text_makes_a_document(text: str, language: str) -> None:
    document = Document.of(text)
    assert document.language == language
    assert "".join(sentence.text for sentence in document.sentences) == text.replace(" It", "It")


@pytest.mark.parametrize(
    "text", ["圖書館\0開放。讀者來了。\n市長說好。", "A library\0opens. Readers came."]
)
def test_a_nul_hides_nothing_behind_it(text: str) -> None:
    document = Document.of(text)
    simplified = document.simplified_sentences
    assert len(simplified) == len(document.sentences)
    assert [len(each) for each in simplified] == [len(each.text) for each in document.sentences]
    assert all(is_pure(each, "Hans") for each in simplified)


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_a_sentence_begins_where_the_text_has_it(text: str) -> None:
    document = clean(Article(text))
    for sentence, start in zip(document.sentences, document.sentence_starts, strict=True):
        assert document.text.startswith(sentence.text, start)


@pytest.mark.parametrize(
    ("title", "text", "sentences"),
    [
        ("Fares rise", "Trams cost more. Buses don't.\nOwls hoot.", 3),
        (None, "Trams cost more. Buses don't.", 2),
        ("票价上涨", "电车更贵。公交车没有。\n猫头鹰叫。", 3),
        ("票价上涨", "", 0),
    ],
)
def test_each_place_lies_in_one_sentence_or_the_title(
    title: str | None, text: str, sentences: int
) -> None:
    document = replace(Document.of(text), title=title)
    whole = document.titled_text
    spans = [document.sentence_span(offset) for offset in range(len(whole))]
    found = list(dict.fromkeys(spans))
    assert len(found) == sentences + bool(title)
    assert "".join(whole[start:end] for start, end in found) == whole
    assert all(start <= offset < end for offset, (start, end) in enumerate(spans))


@pytest.mark.parametrize("text", ["The café shut. It was old.", "圖書館開放。讀者來了。"])
def test_sentences_that_the_text_has_in_other_words_are_simplified_too(text: str) -> None:
    document = Document.of(text)
    other = replace(document, text=text.replace(" ", "").replace("。", "！"))
    assert other.simplified_sentences == document.simplified_sentences


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (CHINESE, "zh")])
def test_a_digest_is_analysed_once_however_often_it_is_judged(text: str, language: str) -> None:
    document = Document.of(text)
    digest = document.digest("Paris", language)
    assert document.digest("Paris", language) is digest
    assert document.digest("Paris", language).open_figures is digest.open_figures
    assert document.digest("Lyon", language) is not digest
    assert {document.digest("Paris", each).language for each in ("en", "zh")} == {"en", "zh"}
