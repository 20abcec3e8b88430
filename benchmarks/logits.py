"""Command line of the programs that compute logits: texts as token ids in, one file per text out.

It needs only numpy, because peers run in their own environments.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

Texts = list[list[int]]
Work = Callable[[Path, Texts, argparse.Namespace], Iterable[Any]]
"""Model, texts and flags in; for each text its logits, (tokens, words), in order."""


def run(work: Work, **more: Any) -> None:
    """Run the command line; `more`: the program's own flags and their defaults."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--texts", type=Path, required=True, help="JSON: lists of token ids")
    parser.add_argument("--out", type=Path, required=True, help="a folder that exists")
    parser.add_argument("--threads", type=int, required=True)
    for name, default in more.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    args = parser.parse_args()
    texts: Texts = json.loads(args.texts.read_text())
    for index, logits in enumerate(work(args.model, texts, args)):
        values = np.asarray(logits, dtype=np.float32)
        assert len(values) == len(texts[index]), "not the logits of every token"
        np.save(file_of(args.out, index), values)


def file_of(folder: Path, index: int) -> Path:
    """The path of a text's logits."""
    return folder / f"{index:04}.npy"
