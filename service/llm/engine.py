"""The engine that lets a causal language model write: from requests in words to a batch of tokens.

It reads every passage once and writes all answers together where the model's past can be forked
(batch.py), and takes the plain path where it can't (plain.py).
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from service import counts
from service.asking.prompts import load_prompts, stance_words
from service.digest import (
    LABELS,
    Answer,
    DigestAnswer,
    DigestTask,
    Finished,
    Request,
    StanceTask,
    Task,
    TaskAnswer,
)
from service.engine import Identity
from service.errors import BadInput, BadSetting, EngineFailed, NoRoom, NoText, TooLong
from service.facts import names
from service.facts.names import Glossary
from service.llm.answers import token_limit, whole_sentences
from service.llm.batch import Batch, Limits
from service.llm.calibration import Leanings, stance
from service.llm.capability import prepare, recordable
from service.llm.chat_template import with_template
from service.llm.cuda_graphs import Recorder, recorder_on
from service.llm.jobs import (
    Choose,
    Ended,
    Fork,
    Job,
    Outcome,
    Score,
    Scored,
    Write,
    Written,
)
from service.llm.loader import load
from service.llm.memory import free_bytes, is_out_of_memory, release
from service.llm.plain import PlainBatch
from service.llm.sampler import SECOND_TRY_PENALTY, chooser
from service.llm.spellings import spellings
from service.llm.tokenizer import Prompt, Tokens
from service.settings import Settings

log = logging.getLogger(__name__)

RESERVE = 512
"""Tokens of the context that are kept free for a title, a target and a list of names."""
SHORTEST_PASSAGE = 64
"""Tokens; a model that can read less at once is of no use."""
STORE_SHARE = 0.5
"""Of the free memory that the store may take; the rest is for what a pass computes and, on a GPU,
for recorded steps: together they work in the memory of the largest of them, one step's, and what
the driver keeps of each is bounded by their number alone (graphs.MOST_SHAPES). How much that is
has not been measured. Where it is too much, steps are eager again."""
LEANING = "leaning "
"""Begins the id of a job that asks for a prompt's own leaning; no request's id has a blank."""


@dataclass(slots=True)
class _Waiting:
    """A request at work: its prompts, one a task, and its outcomes once the batch has them.

    `alone`: a pass failed that it was in, so it is tried once more with nothing beside it.
    """

    request: Request
    prompts: list[Prompt]
    job: Job
    alone: bool = False
    outcomes: tuple[Outcome, ...] | None = None


class TransformersEngine:
    """Reads passages and answers their tasks with the model that `settings` names.

    Raises BadSetting when the model, its tokenizer or a prompt can't be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._glossary = Glossary.load(settings.names)
        lists = filter(None, (names.SHIPPED, settings.names))
        self._prompts = load_prompts(settings.prompts, lists)
        self._loaded = load(settings)
        self._tokens = Tokens(self._loaded.tokenizer)
        self._longest = self._longest_passage(settings.passage_tokens)
        self.batch = self._make_batch()
        self._waiting: dict[str, _Waiting] = {}
        self._suspects: deque[_Waiting] = deque()
        self._leanings = Leanings()
        self._asked: dict[tuple[int, ...], Job] = {}
        self._weighed: set[tuple[int, ...]] = set()
        self.identity = Identity(
            "transformers",
            self._loaded.name,
            self._loaded.revision,
            with_template(self._prompts.fingerprint, settings.chat_template),
            dtype=self._loaded.dtype,
            passage_tokens=self._longest,
            sampling=_sampling(settings),
            path=self.batch.path,
        )
        self.passage_limit: int | None = self._longest

    @property
    def words(self) -> int:
        """Words in the model's vocabulary."""
        return int(self._loaded.model.config.get_text_config().vocab_size)

    @property
    def open_requests(self) -> int:
        """Requests that were admitted and have not come back yet."""
        return len(self._waiting) + len(self._suspects)

    def measure(self, passage: str) -> int:
        """The length of `passage` in tokens."""
        return len(self._tokens.plain(passage))

    def admit(self, request: Request) -> None:
        """Take `request` in. A request of many tasks is taken when none waits."""
        if request.id in self._waiting:
            raise BadInput("a request with this id is at work already")
        if self._suspects or any(one.alone for one in self._waiting.values()):
            raise NoRoom("requests are tried one by one, after a pass that failed")
        if self._leanings_starve():
            raise NoRoom("a stance waits for its prompt's leaning, which is asked first")
        prompts = self._prompts_of(request)
        forks = tuple(
            self._fork(request, place, prompt, task)
            for place, (prompt, task) in enumerate(zip(prompts, request.tasks, strict=True))
        )
        passage = (*prompts[0].prefix_ids, *prompts[0].passage_ids) if prompts else ()
        self._begin(_Waiting(request, prompts, Job(request.id, passage, forks, request.abandoned)))

    def _begin(self, one: _Waiting) -> None:
        if one.job.forks:
            self._admit_job(one.job)
        else:
            one.outcomes = ()
        self._waiting[one.request.id] = one
        self._ask_leanings(one)

    def _admit_job(self, job: Job) -> None:
        try:
            self.batch.admit(job)
        except NoRoom:
            if self._waiting:
                raise
            # Only leanings are at work, for requests that were cancelled: those can wait.
            self.batch.cancel_all()
            self._weighed.clear()
            self.batch.admit(job)

    def step(self) -> list[Finished]:
        """Read a little and write a little; returns what finished.

        When a pass fails, all that was in it is tried once more, one by one; where memory ran out,
        less is read at once from then on.
        """
        self._try_next_alone()
        self._admit_leanings()
        try:
            ended = self.batch.step()
        except Exception as error:
            return self._part(error)
        for one in ended:
            self._note(one)
        return [one for one in map(self._finished, list(self._waiting.values())) if one]

    def _try_next_alone(self) -> None:
        if self._suspects and not self._waiting:
            try:
                self._begin(self._suspects[0])
            except NoRoom:  # what asks for leanings is still at work
                return
            self._suspects.popleft()

    def cancel(self, request_id: str) -> None:
        """Forget a request and free its room at once."""
        self.batch.cancel(request_id)
        self._waiting.pop(request_id, None)
        kept = [one for one in self._suspects if one.request.id != request_id]
        self._suspects = deque(kept)

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

    def _make_batch(self) -> Batch | PlainBatch:
        stored = self._stored()
        token_bytes = prepare(self._loaded.model, stored)
        if token_bytes is None:
            return PlainBatch(self._loaded, self._settings.batch_rows)
        limits = Limits(self._room(token_bytes), self._rows(), self._settings.read_tokens)
        recorder = self._recorder() if self._may_record(stored) else None
        # After the trials, which are batches as well: the gauges are to be those of this one.
        batch = Batch(self._loaded.model, self._loaded.stops, limits, dtype=stored)
        if recorder is not None:
            batch.record_steps(recorder)
        return batch

    def _may_record(self, stored: torch.dtype) -> bool:
        trial = self._recorder()
        return trial is not None and recordable(self._loaded.model, stored, trial)

    def _recorder(self) -> Recorder | None:
        """A new one each time: memory of a recorder whose recordings are gone is gone too."""
        return recorder_on(self._loaded.model.device) if self._settings.cuda_graphs else None

    def _rows(self) -> int:
        return max(self._settings.batch_rows, len(LABELS))

    def _stored(self) -> torch.dtype:
        """Half the bytes where the weights were rounded too; exact where they are exact."""
        if self._loaded.dtype == "int8":
            return torch.bfloat16
        dtype: torch.dtype = self._loaded.model.dtype
        return dtype

    def _room(self, token_bytes: int) -> int:
        """Tokens of the store: for all rows at their longest, as far as memory goes.

        Lowers the longest passage where two of that length would not fit.
        """
        free = free_bytes(self._loaded.model.device)
        most = int(free * STORE_SHARE) // max(1, token_bytes)
        self._longest = min(self._longest, most // 2 - RESERVE)
        if self._longest < SHORTEST_PASSAGE:
            raise BadSetting(
                f"model {self._loaded.name}: the free memory holds {most} tokens of what was read,"
                " too few for an article. Take a smaller model, or the extractive engine"
            )
        return min(most, self._rows() * (self._longest + RESERVE))

    def _fork(self, request: Request, place: int, prompt: Prompt, task: Task) -> Fork:
        if isinstance(task, DigestTask):
            choose = self._choose(prompt, task)
            watch = self._watch(request, place)
            return Write(prompt.suffix_ids, token_limit(task), choose, watch)
        return Score(prompt.suffix_ids, tuple(self._labels(request.language)))

    def _choose(self, prompt: Prompt, task: DigestTask) -> Choose | None:
        own = self._loaded.sampling if self._settings.sampling == "model" else None
        penalty = self._settings.repetition_penalty
        if task.fault:
            penalty = max(penalty, SECOND_TRY_PENALTY)
        return chooser(own, penalty, self._settings.seed, prompt.ids)

    def _watch(self, request: Request, place: int) -> Callable[[Sequence[int]], None]:
        watch, shown = request.watch, ""

        def show(ids: Sequence[int]) -> None:
            nonlocal shown
            request.begun()
            if watch is None:
                return
            text = self._tokens.text(ids)
            # After a failed pass the same words come once more: nobody sees them shrink.
            if not shown.startswith(text):
                shown = text
                watch(place, text)

        return show

    # Stances are freed from their prompt's own leaning.

    def _ask_leanings(self, one: _Waiting) -> None:
        """Ask for the leanings that `one` needs and that nobody knows or asks for yet."""
        for fork in one.job.forks:
            if isinstance(fork, Score) and fork.suffix not in self._leanings:
                prefix = one.prompts[0].prefix_ids
                self._asked.setdefault(fork.suffix, Job(f"{LEANING}{fork.suffix}", prefix, (fork,)))

    def _admit_leanings(self) -> None:
        for suffix, job in self._asked.items():
            if suffix not in self._weighed:
                try:
                    self.batch.admit(job)
                except NoRoom:
                    return
                self._weighed.add(suffix)

    def _leanings_starve(self) -> bool:
        """Whether an answer lacks a leaning that has found no room: new requests would take it."""
        lacking = any(one.outcomes for one in self._waiting.values())
        return lacking and any(suffix not in self._weighed for suffix in self._asked)

    def _note(self, one: Ended) -> None:
        if one.id in self._waiting:
            waiting = self._waiting[one.id]
            if one.outcomes is None:
                del self._waiting[one.id]
            waiting.outcomes = one.outcomes
        elif one.id.startswith(LEANING) and one.outcomes:
            (scored,), (fork,) = one.outcomes, one.job.forks
            assert isinstance(scored, Scored)
            self._leanings[fork.suffix] = scored.weights
            del self._asked[fork.suffix]
            self._weighed.discard(fork.suffix)

    def _finished(self, one: _Waiting) -> Finished | None:
        """The request's answer, once its outcomes and the leanings of its prompts are there."""
        if one.outcomes is None:
            return None
        answers: list[TaskAnswer] = []
        for prompt, outcome in zip(one.prompts, one.outcomes, strict=True):
            if isinstance(outcome, Written):
                answers.append(self._digest(outcome))
            elif prompt.suffix_ids in self._leanings:
                answers.append(stance(outcome.weights, self._leanings[prompt.suffix_ids]))
            else:
                self._ask_leanings(one)
                return None
        del self._waiting[one.request.id]
        return Finished(one.request.id, Answer(tuple(answers)))

    def _digest(self, written: Written) -> DigestAnswer:
        text = self._tokens.text(written.ids)
        if not written.complete:
            text = whole_sentences(text)
        return DigestAnswer(text, "abstractive", truncated=not written.complete)

    def _part(self, error: Exception) -> list[Finished]:
        """After a failed pass: nothing is left at work, for a pass that broke off leaves states
        that are half new. What failed alone has failed; the rest will be tried alone."""
        counts.engine_faults.labels("memory" if is_out_of_memory(error) else "error").inc()
        smaller = is_out_of_memory(error) and self.batch.shrink()
        lost = []
        for one in self._waiting.values():
            if one.alone and not smaller:
                lost.append(one)
            else:
                one.alone, one.outcomes = True, None
                self._suspects.append(one)
        self._waiting.clear()
        self.batch.cancel_all()
        self._asked.clear()
        self._weighed.clear()
        if is_out_of_memory(error):
            error = error.with_traceback(None)  # its frames hold the failed pass's tensors
        release(self._loaded.model.device)
        if lost:
            log.error("the model failed on a request", exc_info=error)
        why = (
            "there is not enough memory for it"
            if is_out_of_memory(error)
            else f"the model failed ({type(error).__name__})"
        )
        return [Finished(one.request.id, EngineFailed(why)) for one in lost]


def _sampling(settings: Settings) -> str:
    """All that decides which words are chosen, in a few words."""
    drawn = f"model, seed {settings.seed}" if settings.sampling == "model" else "greedy"
    penalty = settings.repetition_penalty
    return drawn if penalty == 1 else f"{drawn}, repetition penalty {penalty:g}"
