"""State of one plan: the page, its options and resources, and its stories' answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from service.article import Article, Document
from service.engine import Identity
from service.resources import Resources
from service.tasks import (
    DigestAnswer,
    DigestLanguage,
    DigestTask,
    Draft,
    Options,
    Task,
    TaskAnswer,
    TokenUse,
)

Watch = Callable[[Draft], None]


@dataclass(frozen=True, slots=True)
class Target:
    """A stance's target: given by the asker, or the article's main subject."""

    text: str
    source: Literal["given", "detected"]


@dataclass(slots=True)
class PipelineContext:
    """One article on its way; `document` is the whole page."""

    id: str
    article: Article
    document: Document
    options: Options
    identity: Identity
    resources: Resources
    warnings: list[str] = field(default_factory=list)
    use: TokenUse | None = None
    """Of all answers so far."""

    def count(self, use: TokenUse | None) -> None:
        """Add what an answer took."""
        if use is not None:
            self.use = self.use + use if self.use else use


@dataclass(frozen=True, slots=True)
class StoryAnswers:
    """One story of a page with its digests and stances; most pages are one story.

    `read` counts the characters of the story that the engine was given.
    """

    document: Document
    digests: Mapping[DigestLanguage, DigestAnswer]
    stances: Mapping[Target, TaskAnswer]
    read: int


@dataclass(frozen=True, slots=True)
class Drafts:
    """Passes the drafts of one story on to `tell`; a higher `attempt` replaces the one before."""

    tell: Watch | None = None
    story: int = 0

    def watch(self, attempt: int, tasks: Sequence[Task]) -> "TaskWatch | None":
        """The callback for an engine that works on `tasks`; None without a watcher."""
        if self.tell is None:
            return None
        return TaskWatch(self.tell, self.story, attempt, tuple(tasks))

    def replace(self, attempt: int, language: DigestLanguage, text: str) -> None:
        if self.tell is not None:
            self.tell(Draft(self.story, language, attempt, text))


@dataclass(frozen=True, slots=True)
class TaskWatch:
    """Tells `tell` how the digests among `tasks` grow; can be sent to another process."""

    tell: Watch
    story: int
    attempt: int
    tasks: tuple[Task, ...]

    def __call__(self, index: int, text: str) -> None:
        task = self.tasks[index]
        if isinstance(task, DigestTask):
            self.tell(Draft(self.story, task.language, self.attempt, text))
