"""The sample articles with the real models, the whole way, beside llama.cpp with the same files.

    python -m benchmarks.seeds [--models smollm2-135m,gemma3-270m] [--rounds 3] [--only seeds/01-…]

`python -m service digest seeds` runs as a user would run it: reading, checks, repairs and all. The
clock starts when the model is loaded. Then llama.cpp gets the very prompts that Diglot's engine
got, as token ids, and writes as many tokens after each (the longest label where Diglot scores a
stance); each passage is read once, and it knows from the start what Diglot asked for again. It has
nothing to clean, check or decide. Both run in turn, round after round; medians.

Last, one article alone after another one that warms the engine: seconds to the first token and to
the end. SmolLM2 writes English digests only; Gemma, a base model, is asked through this project's
own chat template. Both models are fetched where they are missing. Exit status 1 when a run failed.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.compare import CACHE
from benchmarks.engines import ENGINES, HERE, ROOT, Failed, environment, run
from benchmarks.real_models import MODELS, Unavailable, gguf_file, model_folder

SEEDS = ROOT / "seeds"
ALONE = SEEDS / "01-metro-extension.txt"
WARM = SEEDS / "02-later-school-bell.txt"
LANGUAGES = {"smollm2-135m": "en", "gemma3-270m": "en,zh"}
PEERS = [name for name, engine in ENGINES.items() if engine.environment == "llama-cpp"]


def main() -> int:
    args = _arguments()
    results: dict[str, Any] = {}
    failed = False
    for name in args.models:
        try:
            results[name] = {
                "together": _beside(name, [args.seeds], None, args),
                "alone": _beside(name, [args.only], args.warm, args),
            }
            print(_report(name, **results[name]), flush=True)
        except (Failed, Unavailable) as error:
            failed = True
            print(f"{name}: FAILED {error}", flush=True)
    if args.json:
        record = {"machine": machine.facts(), "threads": args.threads, "models": results}
        args.json.write_text(json.dumps(record, indent=1) + "\n")
    return int(failed)


def _beside(
    name: str, paths: list[Path], warm: Path | None, args: argparse.Namespace
) -> dict[str, list[dict[str, Any]]]:
    """Rounds of Diglot on `paths`, and of llama.cpp on what it recorded."""
    rounds: dict[str, list[dict[str, Any]]] = {"diglot": [], "llama.cpp": []}
    for number in range(1, args.rounds + 1):
        _say(f"{name}: round {number} of {args.rounds}")
        record = args.cache / "logs" / f"seeds-{name}.json"
        rounds["diglot"].append(_diglot(name, paths, warm, record, args))
        rounds["llama.cpp"].append(_llama_cpp(name, record, args))
    return rounds


def _diglot(
    name: str, paths: list[Path], warm: Path | None, record: Path, args: argparse.Namespace
) -> dict[str, Any]:
    folder = model_folder(f"{name}-turns" if MODELS[name].turns else name)
    command: list[object] = [HERE, "-m", "benchmarks.watched", "--json", record]
    command += ["--warm", warm] if warm else []
    command += ["digest", *paths, "--model", folder, "--languages", LANGUAGES[name]]
    command += ["--threads", args.threads, *args.flags.split()]
    record.unlink(missing_ok=True)
    run(command, args.cache / "logs" / f"seeds-{name}-diglot.log")
    result: dict[str, Any] = json.loads(record.read_text())
    return {key: value for key, value in result.items() if key != "passages"}


def _llama_cpp(name: str, record: Path, args: argparse.Namespace) -> dict[str, Any]:
    peer = ENGINES[args.peer]
    assert peer.environment is not None
    python = environment(peer.environment, args.cache)
    out = args.cache / "logs" / f"seeds-{name}-peer.json"
    command: list[object] = [python, "-m", peer.module, *peer.flags, "--model", gguf_file(name)]
    command += ["--recorded", record, "--json", out, "--wave", args.wave]
    command += ["--threads", args.threads]
    log = args.cache / "logs" / f"seeds-{name}-peer.log"
    run(command, log, {"OMP_NUM_THREADS": str(args.threads)})
    result: dict[str, Any] = json.loads(out.read_text())
    return {key: value for key, value in result.items() if key != "first_tokens"}


def _report(
    name: str, together: dict[str, list[dict[str, Any]]], alone: dict[str, list[dict[str, Any]]]
) -> str:
    """Markdown: the articles together, then the one alone."""
    ours, peer = together["diglot"], together["llama.cpp"]
    seconds = _median(ours, "seconds"), _median(peer, "seconds")
    articles = ours[0]["articles"]
    thin = sum(one["thin_steps"] for one in ours) / max(1, sum(one["steps"] for one in ours))
    lines = [
        f"\n{name}: {articles} articles, path {ours[0]['path']}, {ours[0]['dtype']}\n",
        "| | articles an hour | tokens read | tokens written |",
        "| --- | --- | --- | --- |",
        f"| Diglot | {articles / seconds[0] * 3600:.0f} | {_median(ours, 'tokens_read'):.0f} "
        f"| {_median(ours, 'tokens_written'):.0f} |",
        f"| llama.cpp | {articles / seconds[1] * 3600:.0f} | {_median(peer, 'tokens_read'):.0f} "
        f"| {_median(peer, 'tokens_written'):.0f} |",
        f"\nDiglot / llama.cpp: {seconds[1] / seconds[0]:.2f} (3 is aimed at). Steps that wrote "
        f"fewer than half of {ours[0]['rows']} rows: {thin:.0%}",
        "\n| one article alone | to the first token | to the answer |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| {engine} | {_median(runs, 'first_token_s'):.2f} s | {_median(runs, 'seconds'):.2f} s |"
        for engine, runs in alone.items()
    ]
    return "\n".join(lines)


def _median(runs: list[dict[str, Any]], name: str) -> float:
    return statistics.median(one[name] for one in runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.seeds",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--models", type=lambda text: text.split(","), default=list(MODELS))
    add("--seeds", type=Path, default=SEEDS, help="a file or a folder of articles")
    add("--only", type=Path, default=ALONE, help="the article that is digested alone")
    add("--warm", type=Path, default=WARM, help="and the one that is digested before it")
    add("--flags", default="", help="more flags of `digest`, as one word: '--length short'")
    add("--peer", choices=PEERS, default=PEERS[0], help="the way that llama.cpp is run")
    add("--rounds", type=int, default=3)
    add("--wave", type=int, default=4, help="articles that llama.cpp holds at once")
    add("--threads", type=int, default=machine.cores())
    add("--cache", type=Path, default=CACHE, help="keeps environments, models and logs")
    add("--json", type=Path)
    args = parser.parse_args()
    if unknown := [name for name in args.models if name not in MODELS]:
        parser.error(f"{', '.join(unknown)}: not one of {', '.join(MODELS)}")
    args.cache = args.cache.resolve()
    (args.cache / "logs").mkdir(parents=True, exist_ok=True)
    return args


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
