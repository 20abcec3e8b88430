"""Task answers: the digests and stances that a remote model writes, and how each was asked for."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from service.article import Document
from service.errors import RemoteFailed, TooLong
from service.extractive.stance import read_stance
from service.llm.answers import first_line, token_limit, translation_limit, whole_sentences
from service.remote import labels
from service.remote.chat_prompt import about_tokens, message, plain
from service.remote.failures import Filtered
from service.remote.prompt_scores import share
from service.remote.remote_model import RemoteModel
from service.resources import Resources
from service.tasks import (
    DigestAnswer,
    DigestTask,
    EvidenceAnswer,
    EvidenceTask,
    StanceTask,
    Task,
    TaskAnswer,
    TokenUse,
    TranslationAnswer,
    TranslationTask,
)

LABEL_TOKENS = 16
"""Most tokens of a label, bare or in a JSON object."""
ALTERNATIVES = {"logprobs": True, "top_logprobs": 5}
"""The number of alternatives is the most that every provider gives."""
KEPT_PRIORS = 1024
NOTHING = TokenUse(0, 0)


class TaskAnswers:
    """Asks `model`; many threads may at a time."""

    def __init__(self, model: RemoteModel, resources: Resources) -> None:
        self._model, self._resources = model, resources
        self._lock = threading.Lock()
        self._priors: OrderedDict[str, Sequence[float] | None] = OrderedDict()
        self._has_alternatives = True
        self._scores_prompts = model.is_self_hosted

    def answer(
        self,
        document: Document,
        shown: str,
        task: Task,
        is_abandoned: Callable[[], bool],
        watch: Callable[[str], None],
    ) -> tuple[TaskAnswer, TokenUse]:
        """The answer to `task`; `shown` is the passage, `watch` is given a growing digest's text.

        A text that the server refuses by its rules on content gets an empty digest or translation,
        which no gate lets pass, and the stance of the lexicon. Raises what RemoteModel.ask raises
        otherwise.
        """
        if isinstance(task, EvidenceTask):
            return self._evidence(document, shown, task, is_abandoned)
        try:
            if isinstance(task, TranslationTask):
                return self._translation(task, is_abandoned)
            asked = message(shown, task, document, self._resources)
            if isinstance(task, DigestTask):
                return self._digest(asked, task, is_abandoned, watch)
            return self._stance(asked, document, task, is_abandoned)
        except Filtered:
            return self._refused(document, task), NOTHING

    def _refused(
        self, document: Document, task: DigestTask | StanceTask | TranslationTask
    ) -> TaskAnswer:
        if isinstance(task, TranslationTask):
            return TranslationAnswer("")
        if isinstance(task, DigestTask):
            return DigestAnswer("", "abstractive")
        return read_stance(document, task.target, self._resources)

    def _evidence(
        self,
        document: Document,
        shown: str,
        task: EvidenceTask,
        is_abandoned: Callable[[], bool],
    ) -> tuple[TaskAnswer, TokenUse]:
        """The model's own evidence, where the server scores prompts; tried until it does not."""
        if not self._scores_prompts:
            return EvidenceAnswer(None), NOTHING
        asked = DigestTask(task.language)
        digest, use, found = plain(task.digest.strip()), NOTHING, []
        for each in (shown, ""):
            prompt = message(each, asked, document, self._resources)
            try:
                log_prob, more = self._model.score(prompt, digest, is_abandoned)
            except (RemoteFailed, TooLong, Filtered):
                log_prob, more = None, NOTHING
            use += more
            if log_prob is None:
                self._scores_prompts = False
                return EvidenceAnswer(None), use
            found.append(log_prob)
        return EvidenceAnswer(share(*found)), use

    def _translation(
        self, task: TranslationTask, is_abandoned: Callable[[], bool]
    ) -> tuple[TaskAnswer, TokenUse]:
        _, asked = self._resources.prompts.translation(task)  # a served model needs no examples
        limit = translation_limit(about_tokens(task.text))
        written = self._model.ask(plain(asked), limit, {}, is_abandoned)
        return TranslationAnswer(first_line(written.text, not written.is_cut)), written.use

    def _digest(
        self,
        asked: str,
        task: DigestTask,
        is_abandoned: Callable[[], bool],
        watch: Callable[[str], None],
    ) -> tuple[TaskAnswer, TokenUse]:
        written = self._model.ask(asked, token_limit(task), {}, is_abandoned, watch)
        text = whole_sentences(written.text) if written.is_cut else written.text
        return DigestAnswer(text, "abstractive", truncated=written.is_cut), written.use

    def _stance(
        self,
        asked: str,
        document: Document,
        task: StanceTask,
        is_abandoned: Callable[[], bool],
    ) -> tuple[TaskAnswer, TokenUse]:
        """By probabilities where the server gives them, else by an answer, else by the lexicon."""
        language, use = document.language, NOTHING
        if self._has_alternatives and self._model.takes("logprobs"):
            written = self._model.ask(asked, LABEL_TOKENS, ALTERNATIVES, is_abandoned)
            use += written.use
            posterior = labels.probabilities(written.alternatives, language)
            if posterior is not None:
                prior, more = self._prior(document, task, is_abandoned)
                return labels.calibrated(posterior, prior), use + more
            self._has_alternatives = written.alternatives is not None
            if found := labels.answered(written.text, language):
                return found, use
        constrained = {"response_format": labels.schema(language)}
        written = self._model.ask(asked, LABEL_TOKENS, constrained, is_abandoned)
        found = labels.answered(written.text, language)
        return found or read_stance(document, task.target, self._resources), use + written.use

    def _prior(
        self, document: Document, task: StanceTask, is_abandoned: Callable[[], bool]
    ) -> tuple[Sequence[float] | None, TokenUse]:
        """The labels' probabilities after an empty passage, which are the prompt's own bias."""
        asked = message("", task, document, self._resources)
        with self._lock:
            if asked in self._priors:
                self._priors.move_to_end(asked)
                return self._priors[asked], NOTHING
        written = self._model.ask(asked, LABEL_TOKENS, ALTERNATIVES, is_abandoned)
        prior = labels.probabilities(written.alternatives, document.language)
        with self._lock:
            self._priors[asked] = prior
            while len(self._priors) > KEPT_PRIORS:
                self._priors.popitem(last=False)
        return prior, written.use
