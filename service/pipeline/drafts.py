"""Who watches a digest being written: an asker who is told of every draft, or nobody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.tasks import DigestLanguage, DigestTask, Draft, Task

Watch = Callable[[Draft], None]


@dataclass(frozen=True, slots=True)
class Drafts:
    """The drafts of one story. A higher `attempt` begins anew: the digest before was refused."""

    tell: Watch | None = None
    story: int = 0

    def watch(self, attempt: int, tasks: Sequence[Task]) -> Callable[[int, str], None] | None:
        """What an engine that works on `tasks` calls; None when nobody watches."""
        tell = self.tell
        if tell is None:
            return None

        def told(place: int, text: str) -> None:
            task = tasks[place]
            if isinstance(task, DigestTask):
                tell(Draft(self.story, task.language, attempt, text))

        return told

    def replace(self, attempt: int, language: DigestLanguage, text: str) -> None:
        if self.tell is not None:
            self.tell(Draft(self.story, language, attempt, text))
