"""The words that ask a model for its answers: one small file per task and language.

An instruction is written in the language that it asks for, and stands after the article, so that
all tasks of one article begin with the same tokens. A line that holds {names} is left out where
there are no names to give. A translation is asked for without the article; its file holds examples,
each a message and an answer in its last line, and the message that asks.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from service.article import Document
from service.errors import BadSetting
from service.facts.names import Glossary
from service.settings import SHIPPED_PROMPTS
from service.tasks import (
    DIGEST_SIZE,
    LABELS,
    LABELS_ZH,
    DigestLanguage,
    DigestTask,
    EvidenceTask,
    Label,
    StanceTask,
    TranslationTask,
)

SHIPPED = SHIPPED_PROMPTS

# The marks around the article. Part of the fingerprint, because they word the prompt too.
BEFORE_ARTICLE = "<article>\n"
AFTER_ARTICLE = "\n</article>\n\n"

LONGEST_FILE = 20_000  # characters; a prompt is a few sentences
MAX_NAMES = 12
"""Names that a prompt lists, the most frequent first; each costs about ten tokens."""
PERSON_WEIGHT = 10
"""A person or a firm counts as this many places, because models know the names of countries."""
_PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
_NEEDED: Mapping[str, frozenset[str]] = {
    "again.en.txt": frozenset({"fault"}),
    "again.zh.txt": frozenset({"fault"}),
    "digest.en.txt": frozenset({"length"}),
    "digest.zh.txt": frozenset({"length"}),
    "stance.en.txt": frozenset({"target"}),
    "stance.zh.txt": frozenset({"target"}),
    "translate.en.txt": frozenset({"text"}),
    "translate.zh.txt": frozenset({"text"}),
}
_MAY_HOLD: Mapping[str, frozenset[str]] = {
    "digest.en.txt": frozenset({"names"}),
    "digest.zh.txt": frozenset({"names"}),
}
_SENTENCE = "{text}"
_BLANK_LINE = re.compile(r"\n\s*\n")
_NAMES_LINE = re.compile(r"\n*[^\n]*\{names\}[^\n]*")
_LABELS: Mapping[DigestLanguage, Mapping[Label, str]] = {
    "en": {label: label for label in LABELS},
    "zh": LABELS_ZH,
}


class Turn(NamedTuple):
    """A message and its answer."""

    message: str
    answer: str


@dataclass(frozen=True, slots=True)
class Prompts:
    """The checked prompts. `fingerprint` changes when any word of any of them does."""

    texts: Mapping[str, str]
    fingerprint: str

    def instruction(
        self,
        task: DigestTask | StanceTask | EvidenceTask,
        passage_language: str,
        names: Mapping[str, str] | None = None,
    ) -> str:
        """The instruction for `task`, filled in; a stance is asked in the passage's language.

        `names` maps names of the passage to their spelling in the digest's language. They and the
        target go in as they are: text of the asker, not to be expanded again.
        """
        match task:
            case DigestTask(language=language):
                spelt = "; ".join(f"{one} = {other}" for one, other in (names or {}).items())
                asked = self._fill(f"digest.{language}.txt", length=str(size(task)), names=spelt)
                if task.fault is None:
                    return asked
                return f"{asked}\n{self._fill(f'again.{language}.txt', fault=task.fault)}"
            case EvidenceTask(language=language):
                return self.instruction(DigestTask(language), passage_language)
            case StanceTask(target=target):
                language = stance_language(passage_language)
                return self._fill(f"stance.{language}.txt", target=target)

    def translation(self, task: TranslationTask) -> tuple[tuple[Turn, ...], str]:
        """The examples of a translation, and the message that asks for it, its sentence as it is.

        Shown as earlier turns of the conversation they teach a model without a sense for
        instructions to go on with it, and are a custom that chat models know.
        """
        *examples, last = _paragraphs(self.texts[f"translate.{task.language}.txt"])
        turns = tuple(Turn(*example.rsplit("\n", 1)) for example in examples)
        return turns, last.replace(_SENTENCE, task.text)

    def _fill(self, name: str, **values: str) -> str:
        text = self.texts[name]
        if not values.get("names"):
            text = _NAMES_LINE.sub("", text).strip()
        return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def size(task: DigestTask) -> int:
    """The size that a digest is asked to have: words in English, characters in Chinese."""
    return DIGEST_SIZE[task.language][task.length]


def stance_language(passage_language: str) -> DigestLanguage:
    """Chinese for a Chinese passage, else English."""
    return "zh" if passage_language.lower().split("-")[0] == "zh" else "en"


def stance_words(passage_language: str) -> Mapping[Label, str]:
    """The words that the model may answer a stance prompt with."""
    return _LABELS[stance_language(passage_language)]


def spellings(document: Document, language: DigestLanguage, glossary: Glossary) -> dict[str, str]:
    """Names as the passage writes them, and their usual form in the digest's `language`.

    Small models guess these. Only names that change script are listed: a Chinese digest of a
    Chinese passage needs no list.
    """
    usual_forms: dict[str, str] = {}
    weights: Counter[str] = Counter()
    for name in document.names(glossary):
        if name.start < document.text_start:
            continue
        usual = name.en if language == "en" else name.zh_hans
        foreign = name.surface.isascii() == (language == "zh")
        if usual is None or not foreign or usual.isascii() != (language == "en"):
            continue
        usual_forms.setdefault(name.surface, usual)
        weights[name.surface] += 1 if name.kind == "place" else PERSON_WEIGHT
    return {surface: usual_forms[surface] for surface, _ in weights.most_common(MAX_NAMES)}


def load_prompts(folder: Path | None = None) -> Prompts:
    """The prompts of `folder`, and Diglot's own for every file that it does not hold.

    Raises BadSetting when a file is unknown, unreadable or empty, when a placeholder is missing
    or unknown, or when a stance prompt does not name every label.
    """
    if folder is not None:
        _refuse_unknown_files(folder)
    texts = {name: _read(name, folder) for name in sorted(_NEEDED)}
    for name, text in texts.items():
        _check(name, text)
    return Prompts(texts, _fingerprint(texts))


def _refuse_unknown_files(folder: Path) -> None:
    """A file with a mistyped name would be ignored silently."""
    if not folder.is_dir():
        raise BadSetting(f"prompts: there is no folder {folder.name}")
    unknown = sorted(path.name for path in folder.glob("*.txt") if path.name not in _NEEDED)
    if unknown:
        known = ", ".join(sorted(_NEEDED))
        raise BadSetting(f"prompts: {unknown[0]} is no prompt that Diglot asks; it knows {known}")


def _read(name: str, folder: Path | None) -> str:
    own = None if folder is None else folder / name
    path = own if own is not None and own.is_file() else SHIPPED / name
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"prompts: {name} can't be read as UTF-8 text") from error
    if not text or len(text) > LONGEST_FILE:
        raise BadSetting(f"prompts: {name} must hold between 1 and {LONGEST_FILE:,} characters")
    return text


def _check(name: str, text: str) -> None:
    found = {placeholder[1] for placeholder in _PLACEHOLDER.finditer(text)}
    for placeholder in sorted(found - _NEEDED[name] - _MAY_HOLD.get(name, frozenset())):
        raise BadSetting(f"prompts: {name} holds the unknown placeholder {{{placeholder}}}")
    for placeholder in sorted(_NEEDED[name] - found):
        raise BadSetting(f"prompts: {name} lacks the placeholder {{{placeholder}}}")
    task, language, _ = name.split(".")
    if task == "translate":
        _check_turns(name, _paragraphs(text))
    if task == "stance":
        words = _LABELS["zh" if language == "zh" else "en"].values()
        for word in words:
            if word not in text:
                raise BadSetting(f"prompts: {name} does not name the label {word}")


def _paragraphs(text: str) -> list[str]:
    return _BLANK_LINE.split(text.strip())


def _check_turns(name: str, paragraphs: list[str]) -> None:
    """Each example has a line that asks and a line that answers; the last paragraph asks."""
    *examples, last = paragraphs
    for number, example in enumerate(examples, 1):
        if _SENTENCE in example or "\n" not in example:
            raise BadSetting(
                f"prompts: {name}: paragraph {number} must be a message and, in a line, its answer"
            )
    if _SENTENCE not in last:
        raise BadSetting(f"prompts: {name}: the last paragraph must hold {_SENTENCE}")


def _fingerprint(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    parts = [BEFORE_ARTICLE, AFTER_ARTICLE]
    for name in sorted(texts):
        parts += [name, texts[name]]
    for encoded in (part.encode() for part in parts):
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return f"sha256:{digest.hexdigest()}"
