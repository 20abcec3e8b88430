"""LLM engine: answers requests with a causal language model, from text to tokens and back.

Where the model supports prefix sharing, a passage is prefilled once and all its answers are decoded
together (generator.py); otherwise the engine takes the fallback path (fallback.py).
"""

import gc
from collections.abc import Sequence
from dataclasses import dataclass

from service import metrics
from service.engine import Identity
from service.errors import BadInput, EngineFailed, NoText, TooLong
from service.llm.answers import first_line, whole_sentences
from service.llm.calibration import PriorCache, evidence, stance
from service.llm.capacity import make_generator, passage_limit
from service.llm.loader import load
from service.llm.memory import is_out_of_memory, release, trim
from service.llm.request_encoder import RequestEncoder
from service.llm.token_request import (
    Branch,
    FinishedRequest,
    Generated,
    Loglikelihood,
    Outcome,
    Scored,
    TokenRequest,
)
from service.resources import Resources
from service.settings import Settings
from service.tasks import (
    Answer,
    DigestAnswer,
    EvidenceTask,
    Finished,
    Request,
    Task,
    TaskAnswer,
    TranslationAnswer,
    TranslationTask,
)


@dataclass(slots=True)
class _Pending:
    """A request in progress.

    `branches`: what answers each task; None where its log-probability is known. `prior_branches`:
    what scores each task around an empty passage; None for a digest. `priors`: those that are
    known. `scored`: those that the request's last branches score themselves.
    """

    tasks: tuple[Task, ...]
    branches: list[Branch | None]
    prior_branches: list[Loglikelihood | None]
    priors: dict[Loglikelihood, Sequence[float]]
    scored: list[Loglikelihood]


class LLMEngine:
    """Answers the tasks of passages with the model that `settings` names.

    Raises BadSetting when the model, its tokenizer or a prompt can't be used.
    """

    def __init__(
        self, settings: Settings, resources: Resources | None = None, *, interactive: bool = False
    ) -> None:
        """`resources`: those that the caller has loaded already; None loads them.

        `interactive`: a step deep in a long text takes no longer than one at its start, for the
        sake of short texts beside it, at the expense of throughput.
        """
        self._loaded = load(settings)
        self.encoder = RequestEncoder(settings, resources or Resources.load(settings), self._loaded)
        limit = passage_limit(settings, self._loaded, self.encoder.most_tokens_around())
        capacity = make_generator(settings, self._loaded, limit, interactive)
        self.generator, self._limit = capacity.generator, capacity.passage_tokens
        self._pending: dict[str, _Pending] = {}
        self._answered: list[Finished] = []
        self.priors = PriorCache()
        self.identity = Identity(
            "transformers",
            self._loaded.name,
            self._loaded.revision,
            self.encoder.fingerprint,
            dtype=self._loaded.dtype,
            passage_tokens=self._limit,
            sampling=_sampling(settings),
            parameters=self._loaded.parameters,
            path=self.generator.path,
        )
        self.passage_limit: int | None = self._limit
        # Keep the collector from visiting a million objects that live as long as the engine; those
        # of an engine before this one are no longer kept from it.
        gc.unfreeze()
        trim()  # the trials left freed memory
        gc.freeze()

    @property
    def vocabulary(self) -> int:
        """Tokens in the model's vocabulary."""
        return int(self._loaded.model.config.get_text_config().vocab_size)

    def measure(self, passage: str) -> int:
        """The length of `passage` in tokens."""
        return len(self.encoder.tokens.plain(passage))

    def admit(self, request: Request) -> None:
        """Admit `request`, with a branch for each prior that its tasks need and that is unknown.

        Raises NoRoom, and NoText, TooLong or BadInput where the request can't be answered.
        """
        if request.id in self._pending:
            raise BadInput("a request with this id is at work already")
        self._refuse_unreadable(request.document.text)
        prompts = self.encoder.prompts(request)
        tasks = list(enumerate(prompts))
        own = [self.encoder.branch(request, index, prompt) for index, prompt in tasks]
        priors = [self.encoder.prior_branch(request, index, prompt) for index, prompt in tasks]
        needed = dict.fromkeys(branch for branch in priors if branch is not None)
        known = {each: prior for each in needed if (prior := self.priors.get(each)) is not None}
        unknown = [branch for branch in needed if branch not in known]
        branches = [branch for branch in own if branch is not None]
        prefix = (*prompts[0].prefix_ids, *prompts[0].passage_ids) if branches else ()
        asked = TokenRequest(request.id, prefix, (*branches, *unknown), request.abandoned)
        pending = _Pending(request.tasks, own, priors, known, unknown)
        if asked.branches:
            self.generator.admit(asked)
        else:
            self._answered.append(Finished(request.id, self._answers(pending, ())))
        self._pending[request.id] = pending

    def _refuse_unreadable(self, passage: str) -> None:
        if not passage.strip():
            raise NoText("the passage is empty")
        size = self.measure(passage)
        if size > self._limit:
            raise TooLong(f"the passage has {size} tokens; the model reads {self._limit} at once")

    def step(self) -> list[Finished]:
        """Prefill a little and decode a little; return the requests that finished.

        When memory runs out, the engine shrinks and restarts everything in progress. Raises
        EngineFailed when a forward pass fails otherwise, and then forgets every request.
        """
        try:
            results = self.generator.step()
        except Exception as error:
            self._recover(error)
            return []
        finished, self._answered = self._answered, []
        finished += [each for each in map(self._finished, results) if each is not None]
        for each in finished:
            self._pending.pop(each.request_id, None)
        return finished

    def cancel(self, request_id: str) -> None:
        """Forget a request and free its part of the KV cache at once."""
        self.generator.cancel(request_id)
        self._pending.pop(request_id, None)
        self._answered = [each for each in self._answered if each.request_id != request_id]

    def _finished(self, result: FinishedRequest) -> Finished | None:
        pending = self._pending.pop(result.id)
        if result.outcomes is None:  # abandoned
            return None
        own = len(result.outcomes) - len(pending.scored)
        for branch, outcome in zip(pending.scored, result.outcomes[own:], strict=True):
            assert isinstance(outcome, Scored)
            pending.priors[branch] = outcome.log_probs
            self.priors.put(branch, outcome.log_probs)
        return Finished(result.id, self._answers(pending, result.outcomes[:own]))

    def _answers(self, pending: _Pending, outcomes: Sequence[Outcome]) -> Answer:
        """The answers of all tasks. `outcomes`: of those of their branches that were asked."""
        asked = iter(outcomes)
        all_outcomes = [
            _known(task) if branch is None else next(asked)
            for task, branch in zip(pending.tasks, pending.branches, strict=True)
        ]
        priors = [
            None if branch is None else pending.priors[branch] for branch in pending.prior_branches
        ]
        answers = map(self._answer, pending.tasks, all_outcomes, priors)
        return Answer(tuple(answers))

    def _answer(self, task: Task, outcome: Outcome, prior: Sequence[float] | None) -> TaskAnswer:
        if isinstance(outcome, Generated):
            text = self.encoder.tokens.text(outcome.ids)
            if isinstance(task, TranslationTask):
                return TranslationAnswer(first_line(text, outcome.complete))
            if not outcome.complete:
                text = whole_sentences(text)
            log_prob = self._log_prob(text, outcome)
            return DigestAnswer(text, "abstractive", not outcome.complete, log_prob)
        assert prior is not None
        if isinstance(task, EvidenceTask):
            return evidence(outcome.log_probs[0], prior[0])
        return stance(outcome.log_probs, prior)

    def _log_prob(self, text: str, outcome: Generated) -> float | None:
        """The log-probability of the tokens of a written digest that are weighed as evidence.

        None where they are others than those that were generated, as after a thought, or where
        the generator did not score them.
        """
        ids = self.encoder.scored_tokens(text)
        is_scored = len(ids) <= len(outcome.log_probs) and (*outcome.ids[: len(ids)],) == ids
        return sum(outcome.log_probs[: len(ids)]) if ids and is_scored else None

    def _recover(self, error: Exception) -> None:
        """Shrink and restart when memory ran out; else forget every request and raise."""
        no_memory = is_out_of_memory(error)
        if no_memory:
            error = error.with_traceback(None)  # its frames hold the failed pass's tensors
        shrunk = no_memory and self.generator.shrink()
        if shrunk:
            metrics.engine_faults.labels("memory").inc()
            self.generator.restart()
        else:
            self.generator.cancel_all()
            self._pending.clear()
            self._answered.clear()
        release(self._loaded.model.device)
        if not shrunk:
            why = f"the model failed ({type(error).__name__})"
            raise EngineFailed("there is not enough memory for it" if no_memory else why) from error


def _known(task: Task) -> Scored:
    """The outcome of a task whose log-probability was known before."""
    assert isinstance(task, EvidenceTask) and task.origin
    return Scored([task.origin.log_prob])


def _sampling(settings: Settings) -> str:
    """A short description of everything that decides which tokens are chosen."""
    method = f"model, seed {settings.seed}" if settings.sampling == "model" else "greedy"
    penalty = settings.repetition_penalty
    return method if penalty == 1 else f"{method}, repetition penalty {penalty:g}"
