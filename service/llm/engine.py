"""The engine that answers with a causal language model: text to tokens, and tokens to text.

It reads a passage once and writes all of its answers together where the model's past can be forked
(generator.py), and takes the fallback path where it can't (fallback.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service import metrics
from service.engine import Identity
from service.errors import BadInput, EngineFailed, NoText, TooLong
from service.llm.answers import whole_sentences
from service.llm.calibration import PriorCache, stance
from service.llm.capacity import make_generator, passage_limit
from service.llm.loader import load
from service.llm.memory import is_out_of_memory, release
from service.llm.request_encoder import RequestEncoder
from service.llm.sequence import FinishedRequest, Generated, Outcome, TokenRequest
from service.settings import Settings
from service.tasks import Answer, DigestAnswer, Finished, Request, TaskAnswer


@dataclass(slots=True)
class _Pending:
    """A request at work.

    `prompts_alone`: each task's prompt without the passage, of stances. `priors`: what is known of
    those; `asked`: those that the request asks for itself, behind its tasks' branches.
    """

    prompts_alone: list[tuple[int, ...] | None]
    priors: dict[tuple[int, ...], Sequence[float]]
    asked: list[tuple[int, ...]]


class TransformersEngine:
    """Reads passages and answers their tasks with the model that `settings` names.

    Raises BadSetting when the model, its tokenizer or a prompt can't be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._loaded = load(settings)
        self.encoder = RequestEncoder(settings, self._loaded)
        limit = passage_limit(settings, self._loaded, self.encoder.most_tokens_around())
        capacity = make_generator(settings, self._loaded, limit)
        self.generator, self._longest = capacity.generator, capacity.passage_tokens
        self._pending: dict[str, _Pending] = {}
        self._answered: list[Finished] = []
        self.priors = PriorCache()
        self.identity = Identity(
            "transformers",
            self._loaded.name,
            self._loaded.revision,
            self.encoder.fingerprint,
            dtype=self._loaded.dtype,
            passage_tokens=self._longest,
            sampling=_sampling(settings),
            path=self.generator.path,
        )
        self.passage_limit: int | None = self._longest

    @property
    def vocabulary(self) -> int:
        """Tokens in the model's vocabulary."""
        return int(self._loaded.model.config.get_text_config().vocab_size)

    def measure(self, passage: str) -> int:
        """The length of `passage` in tokens."""
        return len(self.encoder.tokens.plain(passage))

    def admit(self, request: Request) -> None:
        """Take `request` in, with the priors that its stances need and nobody knows yet.

        Raises NoRoom, and NoText, TooLong or BadInput where it can't be answered.
        """
        if request.id in self._pending:
            raise BadInput("a request with this id is at work already")
        self._refuse_unreadable(request.passage)
        prompts = self.encoder.prompts(request)
        branches = [self.encoder.branch(request, n, prompt) for n, prompt in enumerate(prompts)]
        alone = [self.encoder.prior_branch(request, n, prompt) for n, prompt in enumerate(prompts)]
        needed = {prior.suffix: prior for prior in alone if prior is not None}
        known = {ids: prior for ids in needed if (prior := self.priors.get(ids)) is not None}
        asked = {ids: branch for ids, branch in needed.items() if ids not in known}
        if branches:
            prefix = (*prompts[0].prefix_ids, *prompts[0].passage_ids)
            all_branches = (*branches, *asked.values())
            self.generator.admit(TokenRequest(request.id, prefix, all_branches, request.abandoned))
        else:
            self._answered.append(Finished(request.id, Answer(())))
        prompts_alone = [prior.suffix if prior else None for prior in alone]
        self._pending[request.id] = _Pending(prompts_alone, known, list(asked))

    def _refuse_unreadable(self, passage: str) -> None:
        if not passage.strip():
            raise NoText("the passage is empty")
        size = self.measure(passage)
        if size > self._longest:
            raise TooLong(f"the passage has {size} tokens; the model reads {self._longest} at once")

    def step(self) -> list[Finished]:
        """Prefill a little and decode a little; returns what finished.

        Where memory runs out, less is computed at once from then on, and what was at work begins
        again. Raises EngineFailed when a pass fails otherwise: all that was admitted is forgotten.
        """
        try:
            ended = self.generator.step()
        except Exception as error:
            self._recover(error)
            return []
        finished, self._answered = self._answered, []
        finished += [each for each in map(self._finished, ended) if each is not None]
        for each in finished:
            self._pending.pop(each.request_id, None)
        return finished

    def cancel(self, request_id: str) -> None:
        """Forget a request and free its room at once."""
        self.generator.cancel(request_id)
        self._pending.pop(request_id, None)
        self._answered = [each for each in self._answered if each.request_id != request_id]

    def _finished(self, ended: FinishedRequest) -> Finished | None:
        pending = self._pending.pop(ended.id)
        if ended.outcomes is None:  # abandoned
            return None
        count = len(pending.prompts_alone)
        for ids, outcome in zip(pending.asked, ended.outcomes[count:], strict=True):
            assert not isinstance(outcome, Generated)
            pending.priors[ids] = outcome.log_probs
            self.priors.put(ids, outcome.log_probs)
        answers = [
            self._answer(outcome, pending.priors[ids] if ids else None)
            for outcome, ids in zip(ended.outcomes[:count], pending.prompts_alone, strict=True)
        ]
        return Finished(ended.id, Answer(tuple(answers)))

    def _answer(self, outcome: Outcome, prior: Sequence[float] | None) -> TaskAnswer:
        if isinstance(outcome, Generated):
            text = self.encoder.tokens.text(outcome.ids)
            if not outcome.complete:
                text = whole_sentences(text)
            return DigestAnswer(text, "abstractive", truncated=not outcome.complete)
        assert prior is not None
        return stance(outcome.log_probs, prior)

    def _recover(self, error: Exception) -> None:
        """Begin again with less at once where memory ran out; else forget everything and raise."""
        no_memory = is_out_of_memory(error)
        if no_memory:
            error = error.with_traceback(None)  # its frames hold the failed pass's tensors
        smaller = no_memory and self.generator.shrink()
        if smaller:
            metrics.engine_faults.labels("memory").inc()
            self.generator.restart()
        else:
            self.generator.cancel_all()
            self._pending.clear()
            self._answered.clear()
        release(self._loaded.model.device)
        if not smaller:
            why = f"the model failed ({type(error).__name__})"
            raise EngineFailed("there is not enough memory for it" if no_memory else why) from error


def _sampling(settings: Settings) -> str:
    """All that decides which tokens are chosen, in a few words."""
    drawn = f"model, seed {settings.seed}" if settings.sampling == "model" else "greedy"
    penalty = settings.repetition_penalty
    return drawn if penalty == 1 else f"{drawn}, repetition penalty {penalty:g}"
