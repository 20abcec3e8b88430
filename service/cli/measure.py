"""`bench`, `evaluate` and `check`: measures of the model, of digests, and of others' digests."""

import logging
from pathlib import Path
from typing import Any

import click

from service import logs
from service.cli.flags import MODEL_SETTINGS, json_option, write_json
from service.cli.group import clear_errors, main
from service.settings import Settings, options

CHECK_SETTINGS = (
    "engine", "model", "revision", "chat_template", "device", "dtype", "threads", "prompts",
    "names", "max_characters", "log_level",
)  # fmt: skip


@main.command()
@click.option("--articles", default=16, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--article-tokens",
    default=1000,
    show_default=True,
    type=click.IntRange(min=1),
    help="Length of each article.",
)
@click.option(
    "--digest-tokens",
    default=96,
    show_default=True,
    type=click.IntRange(min=1),
    help="Length of each of its two digests.",
)
@json_option("measures")
@options(*MODEL_SETTINGS, "log_level")
@clear_errors
def bench(
    articles: int, article_tokens: int, digest_tokens: int, file: Path | None, **flags: Any
) -> int:
    """Measure the model on this machine: articles per hour, rates, memory.

    The articles are random tokens, so the quality of the digests is not measured.
    """
    from service.engine_factory import require_torch
    from service.folder import progress

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    require_torch()
    from service.llm.bench import measure

    measures = measure(settings, articles, article_tokens, digest_tokens).as_json()
    progress.show_measures(measures)
    write_json(file, measures)
    return 0


@main.command()
@click.argument("cases", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option("measures")
@options(*MODEL_SETTINGS, "prompts", "names", "log_level")
@clear_errors
def evaluate(cases: Path, file: Path | None, **flags: Any) -> int:
    """Measure digests and stances over CASES.jsonl: ROUGE, faithfulness, purity, F1.

    One JSON object a line: {"text", "title"?, "targets"?, "references"?: {"en"?, "zh"?},
    "stances"?}, one label (favor, against, none) for each target.
    """
    from service.engine_factory import load_engine
    from service.evaluation.evaluate import evaluate, read_cases
    from service.folder import progress
    from service.serving.service import Service

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    logging.getLogger("absl").setLevel(logging.WARNING)  # rouge-score says which tokenizer it takes
    found_cases = read_cases(cases)
    service = Service(settings, load_engine)
    service.open(quiet=True)
    measures = evaluate(found_cases, service)
    progress.show_measures(measures)
    write_json(file, measures)
    return 1 if measures["failed"] else 0


@main.command()
@click.argument("pairs", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option("totals")
@options(*CHECK_SETTINGS)
@clear_errors
def check(pairs: Path, file: Path | None, **flags: Any) -> int:
    """Judge whether articles bear out digests that were written elsewhere.

    PAIRS.jsonl holds one JSON object a line: {"text", "title"?, "digests": {"en"?, "zh"?}}. The
    verdicts come on stdout, one line of JSON for each, and their totals on stderr. No model is
    needed; one that is named (--model, or --engine transformers) is asked where words don't decide.
    """
    from service.evaluation.pairs import as_line, check_pairs, read_pairs, totals
    from service.folder import progress
    from service.resources import Resources

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    found = read_pairs(pairs, settings.max_characters)
    results = []
    for result in check_pairs(found, Resources.load(settings), _weigh(settings)):
        click.echo(as_line(result))
        results.append(result)
    counted = totals(results)
    progress.show_measures(counted, to_stderr=True)
    write_json(file, counted)
    return 0


def _weigh(settings: Settings) -> Any:
    """The model's judgement, where one is named; the default model is not loaded for a check."""
    if settings.engine == "extractive" or (
        settings.engine != "transformers" and settings.model == Settings().model
    ):
        return None
    from service.engine_factory import load_engine
    from service.serving.service import Service

    service = Service(settings, load_engine)
    service.open(quiet=True)
    service.wait()
    return service.weigh
