"""What every plan looks things up in, read once at the start."""

from dataclasses import dataclass
from typing import Self

from service.facts.names import Glossary
from service.pipeline.prompts import Prompts, load_prompts
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Library:
    glossary: Glossary
    prompts: Prompts

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Raises BadSetting when the glossary or a prompt of the user's own is malformed."""
        return cls(Glossary.load(settings.names), load_prompts(settings.prompts))
