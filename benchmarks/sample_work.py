"""Prompts from the sample articles, and a float32 model to continue them, from two loaders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.engines import ROOT
from service.llm.loader import Loaded, load
from service.settings import Settings

ARTICLES = ("01-metro-extension", "04-stadium-bond", "12-marathon-heat", "14-dark-sky-village")


@dataclass(frozen=True, slots=True)
class Work:
    """Prompts from the sample articles for a model in float32 on the CPU."""

    folder: Path
    rows: int
    prompt_tokens: int
    new_tokens: int
    threads: int

    def __str__(self) -> str:
        return (
            f"{self.rows} prompts of up to {self.prompt_tokens} tokens, {self.new_tokens} new ones,"
            f" {self.threads} threads"
        )

    def prompts(self, step: int = 0) -> list[list[int]]:
        """Token ids of the articles, joined in a different order for each row, and cut off.

        Of every four rows the first has `prompt_tokens`, and each further one `step` fewer.
        """
        tokenizer = AutoTokenizer.from_pretrained(self.folder)
        texts = [(ROOT / "seeds" / f"{name}.txt").read_text() for name in ARTICLES]
        prompts = []
        for row in range(self.rows):
            skipped, turn = divmod(row, len(texts))
            ids = tokenizer("\n\n".join(texts[turn:] + texts[:turn]))["input_ids"]
            prompts.append(ids[skipped:][: self.prompt_tokens - step * turn])
        return prompts

    def load(self) -> Loaded:
        """The model as Diglot loads it."""
        return load(
            Settings(model=str(self.folder), dtype="float32", device="cpu", threads=self.threads)
        )

    def load_plain(self) -> Any:
        """The model as transformers loads it."""
        torch.set_num_threads(self.threads)
        return AutoModelForCausalLM.from_pretrained(self.folder, dtype=torch.float32).eval()
