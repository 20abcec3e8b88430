"""Several stories on one page, in both languages, and pages that are one story."""

import pytest

from service.article import Article
from service.cleaning import clean
from service.cleaning.segmentation import stories
from tests.support.stories import BREAD_EN, BREAD_ZH, HARBOUR_EN, HARBOUR_ZH, OWLS_EN, OWLS_ZH


def told(*parts: str) -> list[str]:
    found = stories(clean(Article("\n\n".join(parts))))
    return [(story.title or "") for story in found]


@pytest.mark.parametrize(
    ("parts", "longest"),
    [((HARBOUR_EN, BREAD_EN, OWLS_EN), "Harbour"), ((HARBOUR_ZH, BREAD_ZH, OWLS_ZH), "港口")],
)
def test_unrelated_stories_are_parted_and_the_longest_comes_first(
    parts: tuple[str, ...], longest: str
) -> None:
    titles = told(*parts)
    assert len(titles) == 3
    assert titles[0].startswith(longest)
    assert {title.split("\n")[0] for title in titles} == {part.split("\n")[0] for part in parts}


@pytest.mark.parametrize("parts", [(BREAD_EN, OWLS_EN), (BREAD_ZH, OWLS_ZH)])
def test_two_stories_are_parted(parts: tuple[str, ...]) -> None:
    assert len(told(*parts)) == 2


@pytest.mark.parametrize("page", [HARBOUR_EN, HARBOUR_ZH, BREAD_EN, BREAD_ZH])
def test_a_story_with_subheadings_stays_whole(page: str) -> None:
    reading = clean(Article(page))
    assert stories(reading) == [reading]


@pytest.mark.parametrize("mark", ["{}. ", "Part {}: ", "第{}章 ", "（{}）"])
@pytest.mark.parametrize(
    "parts", [(HARBOUR_EN, BREAD_EN, OWLS_EN), (HARBOUR_ZH, BREAD_ZH, OWLS_ZH)]
)
def test_numbered_sections_are_one_article(parts: tuple[str, ...], mark: str) -> None:
    numbered = (mark.format(number) + part for number, part in enumerate(parts, start=1))
    assert len(told(*numbered)) == 1


@pytest.mark.parametrize(
    ("parts", "labels"),
    [
        ((HARBOUR_EN, BREAD_EN), ("Background", "Next steps")),
        ((HARBOUR_ZH, BREAD_ZH), ("背景", "编者按")),
    ],
)
def test_a_label_heads_no_story(parts: tuple[str, ...], labels: tuple[str, ...]) -> None:
    bodies = (part.partition("\n")[2] for part in parts)
    assert len(told(*(f"{a}\n{b}" for a, b in zip(labels, bodies, strict=True)))) == 1


@pytest.mark.parametrize("parts", [(BREAD_EN, OWLS_EN), (BREAD_ZH, OWLS_ZH)])
def test_a_web_page_holds_one_article(parts: tuple[str, ...]) -> None:
    sections = (part.partition("\n") for part in parts)
    html = "".join(f"<h2>{heading}</h2><p>{body}</p>" for heading, _, body in sections)
    page = Article(f"<html><body><article>{html}</article></body></html>", markup="html")
    assert len(stories(clean(page))) == 1


@pytest.mark.parametrize("parts", [(HARBOUR_EN, BREAD_EN), (HARBOUR_ZH, BREAD_ZH)])
def test_together_the_stories_are_the_page(parts: tuple[str, ...]) -> None:
    article = Article("\n\n".join(parts))
    reading = clean(article)
    found = stories(reading)
    assert sorted("\n".join(story.text for story in found).split("\n")) == sorted(
        reading.text.split("\n")
    )
    for story in found:
        lines = story.text.split("\n")
        for sentence in story.sentences:
            assert sentence.text in lines[sentence.paragraph]
            assert article.text[sentence.start : sentence.end]
