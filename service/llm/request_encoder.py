"""Request encoder: from a request in text to prompts, branches and samplers in tokens."""

from collections.abc import Callable, Sequence

from service.article import Document
from service.errors import BadInput, TooLong
from service.llm.answers import token_limit, translation_limit
from service.llm.chat_template import with_template
from service.llm.loader import Loaded
from service.llm.sampler import SECOND_TRY_PENALTY, token_sampler
from service.llm.token_request import Branch, Generate, Loglikelihood, SampleToken
from service.llm.tokenizer import Prompt, Tokens
from service.resources import Resources
from service.resources.prompts import spellings, stance_words
from service.settings import Settings
from service.tasks import (
    LABELS,
    DigestTask,
    EvidenceTask,
    Request,
    StanceTask,
    Task,
    TranslationTask,
)

SCORED_TOKENS = 128
"""Of a digest so many tokens are scored: enough to tell, whatever a checked digest's length."""


class RequestEncoder:
    """Encodes requests with the prompts and the glossary of `resources`."""

    def __init__(self, settings: Settings, resources: Resources, loaded: Loaded) -> None:
        self._settings = settings
        self._context, self._sampling = loaded.context, loaded.sampling
        self._resources = resources
        self.tokens = Tokens(loaded.tokenizer)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the resources and of the user's own chat template."""
        return with_template(self._resources.fingerprint, self._settings.chat_template)

    def prompts(self, request: Request) -> list[Prompt]:
        """A prompt for each task; they are equal up to the end of the passage.

        Raises TooLong where a prompt and its answer exceed the model's context.
        """
        sentences = [task for task in request.tasks if isinstance(task, TranslationTask)]
        others = [task for task in request.tasks if not isinstance(task, TranslationTask)]
        if sentences and others:
            raise BadInput("a request for translations holds other tasks too")
        prompts = self._translation_prompts(sentences)
        prompts += self._passage_prompts(request.document, others)
        for prompt, task in zip(prompts, request.tasks, strict=True):
            if self._context and len(prompt) + self._answer_tokens(task) > self._context:
                raise TooLong("the passage, its title and its target are too long together")
        return prompts

    def _passage_prompts(
        self, document: Document, tasks: Sequence[DigestTask | StanceTask | EvidenceTask]
    ) -> list[Prompt]:
        title = f"{document.title}\n\n" if document.title else ""
        passage = self.tokens.plain(title + document.text)
        return [self._prompt(passage, task, document) for task in tasks]

    def _translation_prompts(self, tasks: Sequence[TranslationTask]) -> list[Prompt]:
        """The prompts of sentences; into one language they share the examples."""
        parts = [self._resources.prompts.translation(task) for task in tasks]
        prompts = [self.tokens.conversation(turns, message) for turns, message in parts]
        if len({turns for turns, _ in parts}) == 1:
            return prompts
        return [self.tokens.without_prefix(each) for each in prompts]

    def branch(self, request: Request, index: int, prompt: Prompt) -> Branch | None:
        """The branch that answers task `index` after the passage; None where it is known."""
        task = request.tasks[index]
        if isinstance(task, DigestTask):
            on_tokens = self._watcher(request, index)
            sample = self._sampler(prompt, task)
            return Generate(
                prompt.suffix_ids,
                token_limit(task),
                sample,
                on_tokens,
                scored_tokens=SCORED_TOKENS,
            )
        if isinstance(task, TranslationTask):
            sample = self._sampler(prompt, task)
            limit = self._answer_tokens(task)
            return Generate(prompt.suffix_ids, limit, sample, ends=self._has_a_line)
        if isinstance(task, EvidenceTask) and task.origin:
            return None
        return Loglikelihood(prompt.suffix_ids, self._continuations(request, task))

    def prior_branch(self, request: Request, index: int, prompt: Prompt) -> Loglikelihood | None:
        """The branch that scores the same after an empty passage; None for what is written."""
        task = request.tasks[index]
        if isinstance(task, DigestTask | TranslationTask):
            return None
        ids = (*prompt.prefix_ids, *prompt.suffix_ids)
        return Loglikelihood(ids, self._continuations(request, task), shares_prefix=False)

    def _continuations(
        self, request: Request, task: StanceTask | EvidenceTask
    ) -> tuple[tuple[int, ...], ...]:
        if isinstance(task, EvidenceTask):
            return (self.scored_tokens(task.digest),)
        return tuple(self.labels(request.document.language))

    def scored_tokens(self, digest: str) -> tuple[int, ...]:
        """The tokens of a digest that its evidence is measured by."""
        return self.tokens.answer(digest)[:SCORED_TOKENS]

    def labels(self, language: str) -> list[tuple[int, ...]]:
        """The tokens of LABELS."""
        words = stance_words(language)
        return [self.tokens.answer(words[label]) for label in LABELS]

    def most_tokens_around(self) -> int:
        """Tokens of the longest prompt without a passage, a title or names, plus its answer."""
        tasks = (DigestTask("en", "long"), DigestTask("zh", "long"), StanceTask(""))
        return max(
            len(self._prompt((), task, Document("", (), None, language)))
            + self._answer_tokens(task)
            for task in tasks
            for language in ("en", "zh")
        )

    def _prompt(
        self,
        passage: Sequence[int],
        task: DigestTask | StanceTask | EvidenceTask,
        document: Document,
    ) -> Prompt:
        if isinstance(task, EvidenceTask) and task.origin:
            task = task.origin.task  # so that the document is all that makes a difference
        names = {}
        if isinstance(task, DigestTask):
            names = spellings(document, task.language, self._resources.glossary)
        instruction = self._resources.prompts.instruction(task, document.language, names)
        return self.tokens.prompt(passage, instruction)

    def _answer_tokens(self, task: Task) -> int:
        if isinstance(task, DigestTask):
            return token_limit(task)
        if isinstance(task, EvidenceTask):
            return SCORED_TOKENS
        if isinstance(task, TranslationTask):
            return translation_limit(len(self.tokens.plain(task.text)))
        return max(len(label) for language in ("en", "zh") for label in self.labels(language))

    def _sampler(self, prompt: Prompt, task: DigestTask | TranslationTask) -> SampleToken | None:
        sampling = self._sampling if self._settings.sampling == "model" else None
        penalty = self._settings.repetition_penalty
        if task.again if isinstance(task, TranslationTask) else task.fault:
            penalty = max(penalty, SECOND_TRY_PENALTY)
        return token_sampler(sampling, penalty, self._settings.seed, prompt.ids)

    def _has_a_line(self, ids: Sequence[int]) -> bool:
        """Whether the last of `ids` ends a line that holds an answer: a translation is one line."""
        return self.tokens.ends_line(ids[-1]) and bool(self.tokens.text(ids))

    def _watcher(self, request: Request, index: int) -> Callable[[Sequence[int]], None]:
        def on_tokens(ids: Sequence[int]) -> None:
            request.begun()
            if request.watch is not None:
                request.watch(index, self.tokens.text(ids))

        return on_tokens
