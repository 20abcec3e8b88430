"""Glossary, lexicon and prompts: loaded once, and known by one fingerprint."""

import hashlib
from dataclasses import dataclass
from typing import Self

from service.facts.names import Glossary
from service.resources.lexicon import Lexicon
from service.resources.prompts import Prompts, load_prompts
from service.settings import Settings

METHOD = "9"
"""Raised when the same text would get another digest or stance, so that kept results are redone."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything that the pipeline and its engine look things up in."""

    glossary: Glossary
    lexicon: Lexicon
    prompts: Prompts

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Raises BadSetting when the glossary, the lexicon or a prompt is malformed."""
        return cls(Glossary.load(settings.names), Lexicon.load(), load_prompts(settings.prompts))

    @property
    def fingerprint(self) -> str:
        """`sha256:…` of all that words an answer beside the model: equal for equal files."""
        parts = (self.glossary, self.lexicon, self.prompts)
        written = "\n".join((METHOD, *(part.fingerprint for part in parts)))
        return "sha256:" + hashlib.sha256(written.encode()).hexdigest()
