"""Accuracy: each engine's error against the published float32 weights, in English and Chinese.

    python -m benchmarks.accuracy --english FILE --chinese FILE [--model FOLDER] [--sentences 200]

The files hold one sentence per line. Ten sentences at a time are joined into a text, English ones
with a blank and Chinese ones without, and every text is read alone from its first token (after the
beginning-of-text token, where the model's tokenizer adds one). The logits after every token but
the last are compared with those of plain transformers in float32: the mean KL divergence in nats,
the share of tokens with the same most likely next token, the perplexity of the text by both, and
the median of the logits' relative error, |l - l32| / |l32 - mean(l32)|.

Without --model both real models are used (python -m benchmarks.real_models). Each engine runs in
its own process, one after another. Exit status 1 when an engine failed.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import machine
from benchmarks.closeness import Closeness, table, windows
from benchmarks.compare import CACHE, commit
from benchmarks.engines import ENGINES as TIMED
from benchmarks.engines import Engine, Failed, convert, run
from benchmarks.logits import Texts, file_of
from benchmarks.real_models import MODELS, Unavailable, model_folder

SENTENCES_A_TEXT = 10
PEER = "llama-cpp-q8"
OWN = "benchmarks.own_logits"
PLAIN = Engine("plain-fp32", "transformers in float32", OWN, flags=("--way", "plain"))


def _diglot(dtype: str) -> Engine:
    flags = ("--way", "diglot", "--dtype", dtype)
    return Engine(f"diglot-{dtype}", f"this project, {dtype}", OWN, flags=flags)


def _peer(name: str, module: str) -> Engine:
    timed = TIMED[name]
    return Engine(name, timed.about, module, timed.environment, timed.suffix)


ENGINES = {
    engine.name: engine
    for engine in (
        *map(_diglot, ("int8", "bfloat16", "float32")),
        _peer(PEER, "benchmarks.peers.llama_cpp_logits"),
        _peer("openvino-int8", "benchmarks.peers.openvino_logits"),
        Engine(
            "simulated-q8",
            "Q8_0 in transformers, where llama.cpp does not know a model",
            OWN,
            flags=("--way", "simulated-q8"),
        ),
    )
}
USUAL = [name for name in ENGINES if name != "simulated-q8"]


def main() -> int:
    args = _arguments()
    results: list[dict[str, Any]] = []
    failures: list[str] = []
    for folder in _folders(args, failures):
        for language in ("en", "zh"):
            texts = _texts(folder, language, args)
            if not texts:
                continue
            figures, failed = compare(folder, texts, args.engines, args.cache, args.threads)
            title = f"{folder.name}, {language}, {sum(map(len, texts))} tokens"
            print(f"\n{title}\n\n{table(figures, PEER)}", flush=True)
            failures += [f"{title}: {why}" for why in failed]
            results.append({"model": folder.name, "language": language, "engines": figures})
    for why in failures:
        print(f"FAILED {why}")
    if args.json:
        record = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": commit(),
            "machine": machine.facts(),
            "sentences": args.sentences,
            "skip": args.skip,
            "results": results,
            "failures": failures,
        }
        args.json.write_text(json.dumps(record, indent=1) + "\n")
    return int(bool(failures))


def compare(
    folder: Path, texts: Texts, names: list[str], cache: Path, threads: int
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Measure each engine with the model in `folder` on `texts`; returns figures and failures.

    Needs 8 bytes of disk per token and vocabulary entry while it runs.
    """
    figures: dict[str, dict[str, float]] = {}
    failed: list[str] = []
    with _logits(PLAIN, folder, texts, cache, threads) as reference:
        for name in names:
            _say(f"{folder.name}: {name}")
            try:
                with _logits(ENGINES[name], folder, texts, cache, threads) as other:
                    figures[name] = _figures(texts, reference, other)
                    _say(json.dumps(figures[name]))
            except Failed as error:
                failed.append(f"{name}: {error}")
    return figures, failed


@contextmanager
def _logits(
    engine: Engine, folder: Path, texts: Texts, cache: Path, threads: int
) -> Iterator[Path]:
    """A temporary folder with the engine's logits of each text. Raises Failed."""
    ready = convert(engine, folder, _kept_as(folder), cache)
    out = Path(tempfile.mkdtemp(prefix="logits-", dir=cache))
    try:
        file = out / "texts.json"
        file.write_text(json.dumps(texts))
        command: list[object] = [ready.python, "-m", engine.module, *engine.flags]
        command += ["--model", ready.model, "--texts", file, "--out", out, "--threads", threads]
        log = cache / "logs" / f"logits-{engine.name}.log"
        run(command, log, {"OMP_NUM_THREADS": str(threads)})
        yield out
    finally:
        shutil.rmtree(out)


def _kept_as(folder: Path) -> str:
    """A cache name for files that are derived from these weights."""
    files = sorted(folder.glob("*.safetensors"))
    state = [(str(file.resolve()), file.stat().st_mtime_ns) for file in files]
    return f"{folder.name}-{sha256(repr(state).encode()).hexdigest()[:8]}"


def _figures(texts: Texts, reference: Path, other: Path) -> dict[str, float]:
    closeness = Closeness()
    for index, ids in enumerate(texts):
        both = (np.load(file_of(one, index), mmap_mode="c") for one in (reference, other))
        closeness.add(ids, *map(torch.from_numpy, both))
    return closeness.figures()


def _folders(args: argparse.Namespace, failures: list[str]) -> list[Path]:
    if args.model:
        return [folder.resolve() for folder in args.model]
    folders = []
    for name, model in MODELS.items():
        try:
            folders.append(model_folder(f"{name}-turns" if model.turns else name))
        except Unavailable as error:
            failures.append(str(error))
    return folders


def _texts(folder: Path, language: str, args: argparse.Namespace) -> Texts:
    """The token ids of the texts; empty where this model or this run does not use them."""
    from transformers import AutoTokenizer

    file = args.english if language == "en" else args.chinese
    if file is None or (language == "zh" and folder.name in ENGLISH_ONLY):
        return []
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    lines = file.read_text(encoding="utf-8").splitlines()[args.skip :][: args.sentences]
    return [tokenizer(text).input_ids for text in windows(lines, SENTENCES_A_TEXT, language)]


ENGLISH_ONLY = {"smollm2-135m"}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description=__doc__,
        epilog="Engines: " + "; ".join(f"{name} ({e.about})" for name, e in ENGINES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--english", type=Path, help="a file with a sentence a line")
    add("--chinese", type=Path, help="likewise; left out for SmolLM2, which has no Chinese")
    add("--model", type=Path, action="append", help="a folder with a chat template; repeatable")
    add("--engines", type=_names, default=USUAL, help="with commas; default: all but the last")
    add("--sentences", type=int, default=200)
    add("--skip", type=int, default=0, help="sentences at the beginning of each file")
    add("--threads", type=int, default=machine.cores())
    add("--cache", type=Path, default=CACHE, help="keeps environments, models and logs")
    add("--json", type=Path)
    args = parser.parse_args()
    if not (args.english or args.chinese):
        parser.error("--english or --chinese is needed")
    args.cache = args.cache.resolve()
    args.cache.mkdir(parents=True, exist_ok=True)
    return args


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in ENGINES]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(ENGINES)}")
    return names


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
