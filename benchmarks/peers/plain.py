"""transformers as its documentation shows it: `generate` in float32, one prompt a task."""

import argparse
import time
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM

from benchmarks.job import Job, Outcome, run

# Decoding is bound by reading the weights, which more rows share.
ROWS = 16


class Clock:
    """A stopping criterion that stops nothing: it notes when the first token was there."""

    def __init__(self) -> None:
        self.first: float | None = None

    def __call__(self, ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        if self.first is None:
            self.first = time.perf_counter()
        return torch.zeros(ids.shape[0], dtype=torch.bool)


def work(folder: Path, job: Job, given: argparse.Namespace) -> Outcome:
    torch.set_num_threads(given.threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    model.generation_config = transformers.GenerationConfig(do_sample=False, pad_token_id=0)
    generate(model, [[1, 2, 3]], 2)
    prompts = [
        (place, article.beginning + task.instruction, task.tokens)
        for place, article in enumerate(job.prompts(model.config.vocab_size))
        for task in article.tasks
    ]
    # Rows of a batch end together, so answers of one length go together.
    order = sorted(range(len(prompts)), key=lambda index: (prompts[index][2], prompts[index][0]))
    first_tokens = [0] * len(prompts)
    reading = writing = 0.0
    written = later = 0
    begun = time.perf_counter()
    for batch in batches(order, [tokens for _, _, tokens in prompts], given.rows):
        tokens = prompts[batch[0]][2]
        ids, read_s, write_s = generate(model, [prompts[index][1] for index in batch], tokens)
        reading, writing = reading + read_s, writing + write_s
        written, later = written + ids.numel(), later + ids[:, 1:].numel()
        for index, row in zip(batch, ids.tolist(), strict=True):
            first_tokens[index] = row[0]
    seconds = time.perf_counter() - begun
    read = sum(len(ids) for _, ids, _ in prompts)
    return Outcome(
        articles=job.articles,
        seconds=seconds,
        tokens_read=read,
        tokens_written=written,
        prefill_tokens_per_s=read / reading,
        decode_tokens_per_s=later / writing,
        first_tokens=first_tokens,
        versions={"torch": torch.__version__, "transformers": transformers.__version__},
    )


def batches(order: list[int], tokens: list[int], rows: int) -> list[list[int]]:
    """Neighbours of `order` that write the same number of tokens, `rows` at most together."""
    found: list[list[int]] = []
    for index in order:
        last = found[-1] if found else []
        if last and len(last) < rows and tokens[last[0]] == tokens[index]:
            last.append(index)
        else:
            found.append([index])
    return found


def generate(model: Any, rows: list[list[int]], tokens: int) -> tuple[torch.Tensor, float, float]:
    """The ids written, seconds until the first one, seconds after it."""
    longest = max(map(len, rows))
    ids = torch.tensor([[0] * (longest - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    clock = Clock()
    begun = time.perf_counter()
    with torch.inference_mode():
        all_ids = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=tokens,
            stopping_criteria=transformers.StoppingCriteriaList([clock]),
        )
    ended = time.perf_counter()
    assert clock.first is not None
    return all_ids[:, longest:], clock.first - begun, ended - clock.first


if __name__ == "__main__":
    run(work, rows=ROWS)
