"""Tasks, requests and answers: the questions about a passage, and what comes back.

These types are the seam between the plan, the worker and the engines. They know no model,
no HTTP and no file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from service.article import Document
from service.errors import BadInput, DiglotError
from service.text.script import Script

DigestLanguage = Literal["en", "zh"]
Length = Literal["short", "medium", "long"]
Kind = Literal["abstractive", "translated", "extractive", "keyfacts"]
Style = Literal["abstractive", "faithful"]
Label = Literal["favor", "against", "none"]
StanceMethod = Literal["probabilities", "answer", "lexicon"]
"""The way to a label: a model's probabilities of the labels, the label that a model answered with,
or the words of the article."""

MOST_TARGETS = 8
LONGEST_TARGET = 200  # characters
LANGUAGES: tuple[DigestLanguage, ...] = ("en", "zh")
LABELS: tuple[Label, ...] = ("favor", "against", "none")
LABELS_ZH: Mapping[Label, str] = {"favor": "支持", "against": "反对", "none": "中立"}

# The length of a digest: words in English, characters in Chinese. A Chinese character says
# about as much as half an English word (FLORES: 1.9 characters a word).
DIGEST_SIZE: Mapping[DigestLanguage, Mapping[Length, int]] = {
    "en": {"short": 40, "medium": 80, "long": 160},
    "zh": {"short": 80, "medium": 160, "long": 320},
}


@dataclass(frozen=True, slots=True)
class Options:
    """The asker's options. An empty `targets` asks for the stance toward the main subject."""

    targets: tuple[str, ...] = ()
    languages: tuple[DigestLanguage, ...] = ("en", "zh")
    length: Length = "medium"
    zh_script: Script = "Hans"
    whole_page: bool = False
    """Keep a page of several stories together."""
    style: Style = "abstractive"
    """`faithful`: the article's own sentences, and their translation, in place of a paraphrase."""

    def __post_init__(self) -> None:
        """Raises BadInput for what no engine can answer, whichever face it came through."""
        if not self.languages:
            raise BadInput("at least one language must be asked for: en or zh")
        if len(self.targets) > MOST_TARGETS:
            raise BadInput(f"at most {MOST_TARGETS} targets can be asked for")
        if not all(0 < len(target.strip()) <= LONGEST_TARGET for target in self.targets):
            raise BadInput(f"a target must have 1 to {LONGEST_TARGET} characters")


@dataclass(frozen=True, slots=True)
class DigestTask:
    """`fault` says, in the digest's language, why the last answer could not be used."""

    language: DigestLanguage
    length: Length = "medium"
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class StanceTask:
    """Asks for the stance toward `target`, which the asker named unless it was `detected`."""

    target: str
    detected: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """A digest's origin: the task that the engine wrote it for, and its log-probability, as in
    DigestAnswer.
    """

    task: DigestTask
    log_prob: float


@dataclass(frozen=True, slots=True)
class EvidenceTask:
    """Asks for the share of `digest`, a text in `language`, that its document makes likelier.

    `origin`: its origin, where the engine itself wrote it. Raises BadInput for a blank digest.
    """

    language: DigestLanguage
    digest: str
    origin: Origin | None = None

    def __post_init__(self) -> None:
        if not self.digest.strip():
            raise BadInput("a blank digest has no evidence")


@dataclass(frozen=True, slots=True)
class TranslationTask:
    """One sentence to be written in `language`.

    A request of such tasks holds no others, and its document is not read. `again`: the last
    answer could not be used.
    """

    language: DigestLanguage
    text: str
    again: bool = False


Task = DigestTask | StanceTask | EvidenceTask | TranslationTask


def _never() -> bool:
    return False


def _unheard() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Request:
    """A document and the tasks asked of it; the engine reads the document once.

    `abandoned` tells, from any thread and at any moment, that nobody waits for the answer any more:
    an engine in the middle of a long step looks, and drops what is abandoned.
    `watch` is called, from the worker's thread, while the text of a digest grows: with the task's
    index in `tasks` and all of the text so far. `begun` is called when a word of a digest is there,
    the first time and maybe again. Both must be quick and must not raise.
    A request without tasks needs no engine: its plan asks for its turn to go on.
    """

    id: str
    document: Document
    tasks: tuple[Task, ...]
    abandoned: Callable[[], bool] = _never
    watch: Callable[[int, str], None] | None = None
    begun: Callable[[], None] = _unheard


@dataclass(frozen=True, slots=True)
class Draft:
    """A digest that is being written, as the client sees it: unchecked.

    `story` counts a page's stories from 0, the longest first. `attempt` counts from 1; a higher
    one begins anew. `text` is all of the text so far.
    """

    story: int
    language: DigestLanguage
    attempt: int
    text: str


@dataclass(frozen=True, slots=True)
class CitedText:
    """A part of a digest that rests on the sentence `source` of the article: the translation of
    that sentence, or a key fact that it states.
    """

    text: str
    source: int


@dataclass(frozen=True, slots=True)
class DigestAnswer:
    """A digest as the engine wrote it; `truncated` when it ran into its limit of tokens.

    `log_prob`: of as much of the text as an EvidenceTask weighs, as it was written; None where the
    engine does not know it. `evidence`: the model's own for it, as in EvidenceAnswer, where it was
    asked for.
    Of a translated one and of key facts, `sentences` are what it is made of. `left_out` are the
    numbers of the article's sentences that were chosen for it and whose translation could not be
    used.
    """

    text: str
    kind: Kind
    truncated: bool = False
    # The last digits are those of the sums of a batch, and make no other digest.
    log_prob: float | None = field(default=None, compare=False)
    evidence: float | None = None
    sentences: tuple[CitedText, ...] = ()
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TranslationAnswer:
    """A sentence as the engine translated it; empty when the engine did not come to its end."""

    text: str


@dataclass(frozen=True, slots=True)
class StanceEvidence:
    """The sentence `index` speaks for the target (`weight` over zero) or against it (under)."""

    index: int
    weight: float
    quoted: bool
    speaker: str | None


@dataclass(frozen=True, slots=True)
class StanceAnswer:
    """The label with the highest score; the scores of all labels sum to one.

    By the method `answer` the label that was answered has the score one.
    `evidence` is what the lexicon found in the request's document, in the order of its sentences;
    None from an engine that does not read with the lexicon.
    """

    label: Label
    scores: Mapping[Label, float]
    evidence: tuple[StanceEvidence, ...] | None = None
    method: StanceMethod = "probabilities"


@dataclass(frozen=True, slots=True)
class EvidenceAnswer:
    """`share`: how much of the digest's surprise (its negative log-probability) the document takes
    away. 1 is all of it; 0 and less is what a digest of something else gets. None from an engine
    that has no probabilities.
    """

    share: float | None


TaskAnswer = DigestAnswer | StanceAnswer | EvidenceAnswer | TranslationAnswer


@dataclass(frozen=True, slots=True)
class TokenUse:
    """Tokens that a model read and wrote; `cost` in the currency of the prices, None without."""

    prompt_tokens: int
    completion_tokens: int
    cost: float | None = None

    def __add__(self, other: "TokenUse") -> "TokenUse":
        costs = [use.cost for use in (self, other) if use.cost is not None]
        return TokenUse(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            sum(costs) if costs else None,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer a task, in the order of the request's tasks.

    `use`: None from an engine whose tokens cost nothing.
    """

    tasks: tuple[TaskAnswer, ...]
    use: TokenUse | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A request that left the engine: with its answer, or with the error that ended it."""

    request_id: str
    outcome: Answer | DiglotError
