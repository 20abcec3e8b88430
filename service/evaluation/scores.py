"""The field's measures of digests and stances, over Results and references.

ROUGE-1/2/L is the F-measure of Lin (2004), by Google's `rouge-score`. A text without spaces has no
words to count, so Chinese is scored twice: by characters, as the Chinese benchmarks do (LCSTS), and
by words as jieba splits them. Stance is the mean F1 of favor and against (SemEval-2016 task 6).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from statistics import mean
from typing import Any

from service.tasks import DigestLanguage, Label
from service.text.han import HAN
from service.text.script import is_pure, to_script

ROUGE = ("rouge1", "rouge2", "rougeL")
_HAN_OR_WORD = re.compile(rf"[a-z0-9.]+|[{HAN}]")

Tokenize = Callable[[str], list[str]]


def characters(text: str) -> list[str]:
    """Han characters of either script one by one; Latin words and numbers whole."""
    return _HAN_OR_WORD.findall(to_script(text, "Hans").lower())


def words(text: str) -> list[str]:
    """Chinese words as jieba splits them; punctuation left out."""
    from service.text.segmenter import segmenter

    parted = segmenter().lcut(to_script(text, "Hans").lower())
    return [word for word in parted if any(letter.isalnum() for letter in word)]


def rouge(pairs: Sequence[tuple[str, str]], tokenize: Tokenize | None = None) -> dict[str, float]:
    """Mean ROUGE F-measures over pairs of (reference, digest).

    Without `tokenize` the texts are English: stemmed words, as rouge-score has them.
    """
    from rouge_score.rouge_scorer import RougeScorer
    from rouge_score.tokenizers import Tokenizer

    class ByFunction(Tokenizer):  # type: ignore[misc]
        def tokenize(self, text: str) -> Any:
            assert tokenize is not None
            return tokenize(text)

    scorer = (
        RougeScorer(ROUGE, tokenizer=ByFunction())
        if tokenize
        else RougeScorer(ROUGE, use_stemmer=True)
    )
    found = [scorer.score(reference, digest) for reference, digest in pairs]
    return {name: mean(score[name].fmeasure for score in found) for name in ROUGE}


def stance_f1(pairs: Iterable[tuple[Label, Label]]) -> float:
    """The mean of the F1 of favor and of against, over pairs of (truth, answer).

    A label that is neither in the truth nor among the answers has no F1 and is left out.
    """
    pairs = list(pairs)
    scores = [_f1(pairs, label) for label in ("favor", "against")]
    return mean([score for score in scores if score is not None] or [0.0])


def _f1(pairs: Sequence[tuple[Label, Label]], label: Label) -> float | None:
    right = sum(truth == answer == label for truth, answer in pairs)
    told = sum(answer == label for _, answer in pairs)
    true = sum(truth == label for truth, _ in pairs)
    return 2 * right / (told + true) if told + true else None


def is_pure_language(text: str, language: DigestLanguage, script: Any) -> bool:
    """Whether a digest is in its language and, if Chinese, in one script."""
    from service.text.language import detect

    if detect(text).split("-", 1)[0] != language:
        return False
    return language == "en" or is_pure(text, script)


def share(flags: Iterable[bool]) -> float | None:
    """The part that is true, or None of nothing."""
    flags = list(flags)
    return sum(flags) / len(flags) if flags else None


def precision(supported: Iterable[tuple[int, int]]) -> float | None:
    """Over pairs of (found, unsupported) a digest: the part that the articles support."""
    pairs: list[tuple[int, int]] = list(supported)
    found = sum(count for count, _ in pairs)
    return 1 - sum(bad for _, bad in pairs) / found if found else None
