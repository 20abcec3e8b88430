"""The engine that lets a causal language model write: static batches over `generate`."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from service.asking.prompts import load_prompts, stance_words
from service.digest import (
    LABELS,
    Answer,
    DigestAnswer,
    DigestTask,
    Finished,
    Request,
    StanceAnswer,
    StanceTask,
    Task,
    TaskAnswer,
)
from service.engine import Identity
from service.engines.transformers.answers import token_limit, whole_sentences
from service.engines.transformers.batching import batches
from service.engines.transformers.loading import load
from service.engines.transformers.memory import is_out_of_memory, release, token_budget
from service.engines.transformers.scoring import Question, score
from service.engines.transformers.spellings import spellings
from service.engines.transformers.tokens import Prompt, Tokens
from service.engines.transformers.writing import Row, Written, write
from service.errors import BadInput, BadSetting, EngineFailed, NoRoom, NoText, TooLong
from service.facts import names
from service.facts.names import Glossary
from service.settings import Settings

log = logging.getLogger(__name__)

RESERVE = 512
"""Tokens of the context that are kept free for a title, a target and a list of names."""
SHORTEST_PASSAGE = 64
"""Tokens; a model that can read less at once is of no use."""


@dataclass(slots=True)
class _Job:
    """A request at work: one prompt a task, and the answers so far."""

    request: Request
    prompts: list[Prompt]
    answers: dict[int, TaskAnswer] = field(default_factory=dict)


class TransformersEngine:
    """Reads passages and answers their tasks with the model that `settings` names.

    Raises BadSetting when the model, its tokenizer or a prompt can't be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._glossary = Glossary.load(settings.names)
        lists = filter(None, (names.SHIPPED, settings.names))
        self._prompts = load_prompts(settings.prompts, lists)
        self._loaded = load(settings)
        self._tokens = Tokens(self._loaded.tokenizer)
        self._batch_rows = settings.batch_rows
        self._jobs: dict[str, _Job] = {}
        self._cancelled: set[str] = set()
        self._longest = self._longest_passage(settings.passage_tokens)
        self.identity = Identity(
            "transformers",
            self._loaded.name,
            self._loaded.revision,
            self._prompts.fingerprint,
            dtype=str(self._loaded.model.dtype).removeprefix("torch."),
            passage_tokens=self._longest,
        )
        self.passage_limit: int | None = self._longest

    def measure(self, passage: str) -> int:
        """The length of `passage` in tokens."""
        return len(self._tokens.plain(passage))

    def admit(self, request: Request) -> None:
        """Take `request` in: one row a task. A request of many tasks is taken when none waits."""
        self._forget_cancelled()
        if request.id in self._jobs:
            raise BadInput("a request with this id is at work already")
        rows = sum(len(job.prompts) for job in self._jobs.values())
        if self._jobs and rows + len(request.tasks) > self._batch_rows:
            raise NoRoom("the engine is full")
        self._jobs[request.id] = _Job(request, self._prompts_of(request))

    def step(self) -> list[Finished]:
        """Answer everything that was admitted."""
        self._forget_cancelled()
        finished = self._settle(list(self._jobs.values()))
        gone = self._cancelled & self._jobs.keys()
        self._jobs.clear()
        self._cancelled.clear()
        return [one for one in finished if one.request_id not in gone]

    def cancel(self, request_id: str) -> None:
        """Forget a request; one that is being written ends at its next token.

        May be called from any thread, during a step too.
        """
        if request_id in self._jobs:
            self._cancelled.add(request_id)

    def _forget_cancelled(self) -> None:
        for request_id in list(self._cancelled):
            self._jobs.pop(request_id, None)
        self._cancelled.clear()

    def _longest_passage(self, wanted: int) -> int:
        if self._loaded.context is None:
            return wanted
        tasks: list[Task] = [DigestTask("en", "long"), DigestTask("zh", "long"), StanceTask("")]
        around = max(
            len(self._prompt((), task, Request("", "", language, None, ())))
            + self._answer_limit(task)
            for task in tasks
            for language in ("en", "zh")
        )
        limit = min(wanted, self._loaded.context - around - RESERVE)
        if limit < SHORTEST_PASSAGE:
            raise BadSetting(
                f"model {self._loaded.name}: its context of {self._loaded.context} tokens is too"
                " small for an article, the prompt and the answer"
            )
        return limit

    def _prompts_of(self, request: Request) -> list[Prompt]:
        if not request.passage.strip():
            raise NoText("the passage is empty")
        size = self.measure(request.passage)
        if size > self._longest:
            raise TooLong(f"the passage has {size} tokens; the model reads {self._longest} at once")
        title = f"{request.title}\n\n" if request.title else ""
        passage = self._tokens.plain(title + request.passage)
        prompts = [self._prompt(passage, task, request) for task in request.tasks]
        for prompt, task in zip(prompts, request.tasks, strict=True):
            if self._loaded.context and (
                len(prompt) + self._answer_limit(task) > self._loaded.context
            ):
                raise TooLong("the passage, its title and its target are too long together")
        return prompts

    def _prompt(self, passage: Sequence[int], task: Task, request: Request) -> Prompt:
        spelt = {}
        if isinstance(task, DigestTask):
            spelt = spellings(request.passage, request.title, task.language, self._glossary)
        instruction = self._prompts.instruction(task, request.language, spelt)
        return self._tokens.prompt(passage, instruction)

    def _answer_limit(self, task: Task) -> int:
        if isinstance(task, DigestTask):
            return token_limit(task)
        return max(len(answer) for language in ("en", "zh") for answer in self._labels(language))

    def _labels(self, language: str) -> list[tuple[int, ...]]:
        words = stance_words(language)
        return [self._tokens.plain(words[label]) for label in LABELS]

    def _settle(self, jobs: list[_Job]) -> list[Finished]:
        """Answer `jobs` together; where that fails, in halves (memory) or each alone."""
        error = self._attempt(jobs, self._batch_rows)
        if error is None:
            return [self._finished(job) for job in jobs]
        if len(jobs) > 1:
            middle = len(jobs) // 2
            parts = [jobs[:middle], jobs[middle:]]
            if not is_out_of_memory(error):
                parts = [[job] for job in jobs]
            return [finished for part in parts for finished in self._settle(part)]
        if is_out_of_memory(error):
            error = self._attempt(jobs, 1)
        if error is None:
            return [self._finished(jobs[0])]
        log.error("the model failed on a request", exc_info=error)
        why = (
            "there is not enough memory for it"
            if is_out_of_memory(error)
            else f"the model failed ({type(error).__name__})"
        )
        return [Finished(jobs[0].request.id, EngineFailed(why))]

    def _attempt(self, jobs: list[_Job], rows: int) -> Exception | None:
        try:
            self._write_digests(jobs, rows)
            self._score_stances(jobs, rows)
        except Exception as error:
            failed = error
        else:
            return None
        if is_out_of_memory(failed):
            # The frames of the failed pass hold its tensors.
            failed = failed.with_traceback(None)
        release(self._loaded.model.device)
        return failed

    def _finished(self, job: _Job) -> Finished:
        places = range(len(job.request.tasks))
        # What was abandoned on the way may have been cut off in the middle.
        if job.request.abandoned() or not all(place in job.answers for place in places):
            return Finished(job.request.id, EngineFailed("the request was cancelled"))
        return Finished(job.request.id, Answer(tuple(job.answers[place] for place in places)))

    def _open(self, jobs: list[_Job], kind: type[Task]) -> list[tuple[_Job, int]]:
        """The tasks of this kind that still wait for an answer."""
        return [
            (job, place)
            for job in jobs
            for place, task in enumerate(job.request.tasks)
            if isinstance(task, kind) and place not in job.answers
        ]

    def _write_digests(self, jobs: list[_Job], most: int) -> None:
        open_tasks = self._open(jobs, DigestTask)
        rows = [self._row(job, place) for job, place in open_tasks]
        costs = [len(row.ids) + row.limit for row in rows]
        for planned in batches(costs, token_budget(self._loaded.model), most):
            batch = [index for index in planned if not rows[index].abandoned()]
            if not batch:
                continue
            written = write(self._loaded, [rows[index] for index in batch])
            for index, one in zip(batch, written, strict=True):
                job, place = open_tasks[index]
                job.answers[place] = self._digest(one)

    def _row(self, job: _Job, place: int) -> Row:
        task = job.request.tasks[place]
        return Row(job.prompts[place].ids, self._answer_limit(task), self._is_cancelled(job))

    def _is_cancelled(self, job: _Job) -> Callable[[], bool]:
        return lambda: job.request.abandoned() or job.request.id in self._cancelled

    def _digest(self, written: Written) -> DigestAnswer:
        text = self._tokens.text(written.ids)
        if not written.complete:
            text = whole_sentences(text)
        return DigestAnswer(text, "abstractive", truncated=not written.complete)

    def _score_stances(self, jobs: list[_Job], most: int) -> None:
        open_tasks = self._open(jobs, StanceTask)
        questions = [
            Question(job.prompts[place].ids, self._labels(job.request.language))
            for job, place in open_tasks
        ]
        costs = [len(question.ids) * len(LABELS) for question in questions]
        for planned in batches(costs, token_budget(self._loaded.model), most):
            batch = [index for index in planned if not self._is_cancelled(open_tasks[index][0])()]
            if not batch:
                continue
            scored = score(self._loaded, [questions[index] for index in batch], most)
            for index, shares in zip(batch, scored, strict=True):
                job, place = open_tasks[index]
                scores = dict(zip(LABELS, shares, strict=True))
                label = max(LABELS, key=lambda label: scores[label])
                job.answers[place] = StanceAnswer(label, scores)
