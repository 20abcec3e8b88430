"""Stories that several articles tell, made of their Results: articles, stances and facts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from service.facts.names import Glossary
from service.result import Checks, Digest, Evidence, Facts, Result, Stance, Story
from service.stories.fact_keys import is_telling
from service.stories.fact_table import FactRow, fact_table
from service.stories.grouping import StoryIndex
from service.tasks import Kind, Label

_LONGEST_TITLE = 80
"""Characters of a title that is the beginning of a digest."""


class _StoryPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoryArticle(_StoryPart):
    """An article of a story, or the one story of a page that belongs to it."""

    id: str = Field(description="The id of its Result.")
    part: int = Field(description="The index in the Result's `stories`; 0 where it has none.")
    source: str | None
    title: str | None
    language: str
    published: str | None


class FactMention(_StoryPart):
    article: int = Field(description="The index of the article in the story.")
    text: str = Field(description="The figure in the article's own words.")
    start: int | None = Field(description="Offset of its sentence in the article's text.")
    end: int | None


class StoryFact(_StoryPart):
    kind: str
    unit: str | None
    values: list[int | float]
    about: list[str] = Field(description="The words around it, the nearest first.")
    mentions: list[FactMention]
    contradicts: list[int] = Field(
        default=[], description="Indices of the facts that can't be true together with this one."
    )


class StoryStance(_StoryPart):
    """The stance of one article toward one target."""

    article: int
    target: str = Field(description="One spelling for all articles that mean the same.")
    label: Label
    label_zh: str
    evidence: list[Evidence] = []


class BriefSentence(_StoryPart):
    text: str
    articles: list[int] = Field(
        description="Indices of the articles whose digests state it, the first three."
    )


class Brief(_StoryPart):
    """A digest of the digests of a story's articles."""

    text: str
    kind: Kind
    engine: str
    sentences: list[BriefSentence] = []
    left_out: list[str] = Field(
        default=[], description="Sentences that a model wrote and no article of the story states."
    )


class NewsStory(_StoryPart):
    id: str
    title: str
    articles: list[StoryArticle]
    stances: list[StoryStance]
    facts: list[StoryFact] = Field(
        description="The figures of several articles, and those that contradict one another."
    )
    briefs: dict[str, Brief] = Field(default={}, description="By language; none for one article.")
    fingerprint: str | None = Field(default=None, description="Of the brief.")


@dataclass(frozen=True, slots=True)
class Told:
    """A Result, or one of its stories, as a part of a story that several articles tell."""

    result: Result
    part: int

    @property
    def _story(self) -> Result | Story:
        return self.result.stories[self.part] if self.result.stories else self.result

    @property
    def title(self) -> str | None:
        return self._story.title

    @property
    def facts(self) -> Facts:
        return self._story.facts

    @property
    def digests(self) -> dict[str, Digest]:
        return self._story.digests

    @property
    def checks(self) -> Checks:
        return self._story.checks

    @property
    def stances(self) -> list[Stance]:
        stance = self._story.stance
        return stance if isinstance(stance, list) else [stance]


@dataclass(frozen=True, slots=True)
class Group:
    """A story and the parts of Results that it was made of, in the order of its articles."""

    story: NewsStory
    members: Sequence[Told]

    def with_briefs(self, briefs: dict[str, Brief], fingerprint: str) -> Self:
        """The same with `briefs`; `fingerprint` is of what they were made of."""
        story = self.story.model_copy(update={"briefs": briefs, "fingerprint": fingerprint})
        return replace(self, story=story)


def tell(results: Sequence[Result], glossary: Glossary) -> list[Group]:
    """Group results by story: those of most articles first, else in the order of the results."""
    index = StoryIndex()
    told = list(_parts(results))
    for each in told:
        index.add(each.facts, each.result.id if each.result.stories else None)
    groups = [_group([told[number] for number in members], glossary) for members in index.stories]
    return sorted(groups, key=lambda group: -len(group.members))


def _parts(results: Sequence[Result]) -> Iterator[Told]:
    for result in results:
        for part in range(max(1, len(result.stories))):
            yield Told(result, part)


def _group(members: Sequence[Told], glossary: Glossary) -> Group:
    story = NewsStory(
        id=f"{members[0].result.id}-{members[0].part}",
        title=_title(members),
        articles=[_article(each) for each in members],
        stances=list(_stances(members, glossary)),
        facts=_facts(fact_table([each.facts for each in members])) if len(members) > 1 else [],
    )
    return Group(story, members)


def _title(members: Sequence[Told]) -> str:
    """The first title, else the first words of a digest."""
    for each in members:
        if each.title:
            return each.title
    digests = (digest.text for digest in members[0].digests.values() if digest.kind != "keyfacts")
    return next(digests, members[0].result.source or members[0].result.id)[:_LONGEST_TITLE]


def _article(told: Told) -> StoryArticle:
    result = told.result
    return StoryArticle(
        id=result.id,
        part=told.part,
        source=result.source,
        title=told.title,
        language=result.language,
        published=result.reading.published,
    )


def _stances(members: Sequence[Told], glossary: Glossary) -> Iterator[StoryStance]:
    for index, each in enumerate(members):
        for stance in each.stances:
            entry = glossary.entry(stance.target)
            yield StoryStance(
                article=index,
                target=entry.key if entry else stance.target,
                label=stance.label,
                label_zh=stance.label_zh,
                evidence=stance.evidence,
            )


def _facts(rows: Sequence[FactRow]) -> list[StoryFact]:
    """The rows that compare articles, with the indices of `contradicts` among these."""
    kept = [
        index
        for index, row in enumerate(rows)
        if row.contradicts or (len(row.articles) > 1 and is_telling(row.figure))
    ]
    place = {row: index for index, row in enumerate(kept)}
    return [
        StoryFact(
            kind=row.figure.kind,
            unit=row.figure.unit,
            values=row.figure.values,
            about=row.figure.about,
            mentions=[
                FactMention(
                    article=mention.article,
                    text=mention.figure.text,
                    start=mention.figure.start,
                    end=mention.figure.end,
                )
                for mention in row.mentions
            ],
            contradicts=[place[other] for other in row.contradicts],
        )
        for row in (rows[index] for index in kept)
    ]
