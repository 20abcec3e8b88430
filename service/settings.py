"""Settings, each declared once: name, default, bounds and meaning.

A setting `passage_tokens` is the flag `--passage-tokens` and the variable
`DIGLOT_PASSAGE_TOKENS`; click reads both, checks them, and names the variable in the help text.
docs/operating.md lists the same declarations (a test holds the two together).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from service.errors import BadSetting
from service.setting_types import HostsType, PathPrefixType, RateType

PREFIX = "DIGLOT_"
REMOTE_KEY = "DIGLOT_REMOTE_KEY"
"""The key for a remote model: a variable alone, because a flag would be in the process list."""
_OTHERS = {"DIGLOT_KERNEL_FLAGS", "DIGLOT_KERNEL_LEVEL", REMOTE_KEY}
_KUBERNETES = re.compile(PREFIX + r"(SERVICE_(HOST|PORT\w*)|PORT_\d+_(TCP|UDP)\w*)")
_PACKAGE = Path(__file__).resolve().parent
_INSTALLED_PROMPTS = _PACKAGE / "prompts"
SHIPPED_PROMPTS = _INSTALLED_PROMPTS if _INSTALLED_PROMPTS.is_dir() else _PACKAGE.parent / "prompts"
"""The prompts, the glossary and the lexicon that come with Diglot: inside the package once it is
installed, beside it in a checkout."""
Command = TypeVar("Command", bound=Callable[..., Any])


def setting(default: Any, meaning: str, type: Any = None) -> Any:
    """A field of Settings, with the click type that checks it and the sentence that explains it."""
    return field(default=default, metadata={"meaning": meaning, "type": type})


@dataclass(frozen=True, slots=True)
class Settings:
    engine: str = setting(
        "auto",
        "Who writes: a model, or the article's own sentences. auto takes transformers where the"
        " weights are on disk or can be fetched. remote sends every article to the server at"
        " --remote-url, and is never taken by auto.",
        click.Choice(["auto", "transformers", "extractive", "remote"]),
    )
    model: str = setting(
        "Qwen/Qwen3.5-2B",
        "Hub id of the model, or a folder in Hugging Face format, or a GGUF file; for the engine"
        " remote the server's name of it.",
    )
    hub: str = setting(
        "huggingface",
        "Hub that a model's id is looked up on; modelscope needs the package modelscope-hub.",
        click.Choice(["huggingface", "modelscope"]),
    )
    revision: str | None = setting(
        None, "Commit, tag or branch of the model on the hub; pin a commit in production."
    )
    chat_template: Path | None = setting(
        None,
        "File with a chat template (Jinja) to use instead of the model's own.",
        click.Path(exists=True, dir_okay=False, path_type=Path),
    )
    device: str = setting("auto", "Where the model runs.", click.Choice(["auto", "cpu", "cuda"]))
    dtype: str = setting(
        "auto",
        "Number format of the weights; auto is bfloat16 on a GPU and int8 on a CPU.",
        click.Choice(["auto", "int8", "float32", "bfloat16", "float16"]),
    )
    threads: int = setting(
        0, "CPU threads of the model; 0 takes every core.", click.IntRange(min=0)
    )
    passage_tokens: int = setting(
        8192, "Longest passage that the model reads at once, in tokens.", click.IntRange(min=256)
    )
    batch_rows: int = setting(
        0,
        "Most rows (tasks of articles) that the model writes at once; 0 takes 64 on a CPU and 256"
        " on a GPU.",
        click.IntRange(min=0),
    )
    read_tokens: int = setting(
        0,
        "About how many tokens are read between two words of the answers that are being written;"
        " in a service, deep in a long text, as many as take the same time. 0 takes 1024 on a CPU,"
        " in a service 512, and 4096 on a GPU.",
        click.IntRange(min=0),
    )
    cuda_graphs: bool = setting(
        True,
        "Whether a GPU's steps are recorded once and replayed (CUDA graphs); off, every operator is"
        " called anew.",
        click.BOOL,
    )
    sampling: str = setting(
        "greedy",
        "How words are chosen: the likeliest, so that answers repeat, or as the model's publisher"
        " draws them.",
        click.Choice(["greedy", "model"]),
    )
    seed: int = setting(0, "Where drawing words begins; the same seed draws the same words.")
    repetition_penalty: float = setting(
        1.0,
        "Keeps a digest from repeating its own words; 1 is off. A digest that is asked for again"
        " gets at least 1.1.",
        click.FloatRange(min=1.0, max=2.0),
    )
    remote_url: str | None = setting(
        None,
        "Base address of an OpenAI-compatible server, such as http://127.0.0.1:8080/v1; its key is"
        f" in {REMOTE_KEY}.",
    )
    remote_key_file: Path | None = setting(
        None,
        f"File with the key for the remote server, instead of {REMOTE_KEY}.",
        click.Path(dir_okay=False, path_type=Path),
    )
    remote_concurrency: int = setting(
        8, "Most requests that the remote server is sent at a time.", click.IntRange(1, 1_000)
    )
    remote_timeout_s: float = setting(
        120.0,
        "Seconds without a byte after which a request to the remote server is given up.",
        click.FloatRange(min=0.1),
    )
    remote_tries: int = setting(
        6,
        "How often a request is sent to the remote server before its article fails.",
        click.IntRange(1, 100),
    )
    remote_extra: str | None = setting(
        None,
        "JSON object of further fields for each request to the remote server; null takes one out.",
    )
    remote_prices: Path | None = setting(
        None,
        "File (TOML) with the prices of the remote server's tokens.",
        click.Path(dir_okay=False, path_type=Path),
    )
    remote_budget: float | None = setting(
        None,
        "The most that the remote server may cost, in the currency of the prices; then a run ends.",
        click.FloatRange(min=0, min_open=True),
    )
    batch_window_ms: int = setting(
        20,
        "How long the first of a batch waits for others, in milliseconds.",
        click.IntRange(min=0, max=10_000),
    )
    queue_limit: int = setting(
        256, "Most articles that wait or are at work; over it: 503.", click.IntRange(min=1)
    )
    queue_tokens: int = setting(
        1_000_000,
        "Most tokens of the articles that wait or are at work; over it: 503.",
        click.IntRange(min=1),
    )
    prompts: Path | None = setting(
        None,
        "Folder of prompts to use instead of the ones that come with Diglot.",
        click.Path(exists=True, file_okay=False, path_type=Path),
    )
    names: Path | None = setting(
        None,
        "Glossary of names (TSV) to add to prompts/names.tsv.",
        click.Path(exists=True, dir_okay=False, path_type=Path),
    )
    data: Path = setting(
        Path("~/.local/share/diglot"),
        "Folder of the API keys, batches and kept results; made where it is missing.",
        click.Path(file_okay=False, path_type=Path),
    )
    keep_results_mb: int = setting(
        256,
        "Megabytes of results that are kept, to be answered again; the oldest go. 0 keeps none.",
        click.IntRange(0, 1_000_000),
    )
    keep_batches_days: float = setting(
        7.0,
        "Days after its end that a batch is removed; 0 keeps all.",
        click.FloatRange(0, 36_500),
    )
    batches_mb: int = setting(
        10_000,
        "Megabytes that all batches may take on the disk, with results; over it: 507. 0: no bound.",
        click.IntRange(0, 100_000_000),
    )
    batches_mb_per_key: int = setting(
        5_000,
        "Megabytes that the batches of one key may take, with results; over it: 507. 0: no bound.",
        click.IntRange(0, 100_000_000),
    )
    share_results: bool = setting(
        False,
        "Whether a kept result is answered to every key; otherwise to the one that asked before.",
        click.BOOL,
    )
    require_key: str = setting(
        "auto",
        "Who needs an API key: auto, everybody once a key was made; always, everybody.",
        click.Choice(["auto", "always"]),
    )
    open_metrics: bool = setting(True, "Whether /metrics is answered without a key.", click.BOOL)
    rate_per_address: str | None = setting(
        None, "Most requests of one address, such as 600/minute; over it: 429.", RateType()
    )
    rate_per_key: str | None = setting(
        None, "Most requests with one key, such as 600/minute; over it: 429.", RateType()
    )
    proxies: int = setting(
        0,
        "How many proxies in front set X-Forwarded-For; 0 believes nobody.",
        click.IntRange(0, 10),
    )
    path_prefix: str | None = setting(
        None,
        "Path below which a proxy shows the service, such as /diglot; X-Forwarded-Prefix of known"
        " proxies says so too.",
        PathPrefixType(),
    )
    allowed_hosts: str | None = setting(
        None,
        "Names that the service may be called by, such as diglot.example; * allows all. On loopback"
        " without keys it answers to this machine's own names only.",
        HostsType(),
    )
    keep_alive_s: int = setting(
        75,
        "Seconds that an idle connection stays open; longer than a proxy in front keeps its own.",
        click.IntRange(1, 3_600),
    )
    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(8000, "Port to listen on.", click.IntRange(0, 65_535))
    http_threads: int = setting(
        64, "Threads that serve HTTP; each waits for one answer.", click.IntRange(min=1)
    )
    reading_processes: int = setting(
        2,
        "Most processes that read long articles, so that nothing else waits for them; of several,"
        " one is kept for articles under 100 KB. One takes about 300 MB from its first article on."
        " 0 reads them in threads.",
        click.IntRange(0, 64),
    )
    timeout_s: float = setting(
        600.0, "Longest time for one answer, in seconds; over it: 504.", click.FloatRange(min=0.1)
    )
    max_characters: int = setting(
        200_000, "Longest text that POST /summarize takes, in characters.", click.IntRange(min=1)
    )
    log_level: str = setting(
        "info", "How much is logged.", click.Choice(["debug", "info", "warning", "error"])
    )
    log_format: str = setting(
        "text",
        "Lines for people, or one JSON object a line for programs.",
        click.Choice(["text", "json"]),
    )
    lang: str = setting(
        "auto",
        "Language of what the terminal shows; auto is that of the locale.",
        click.Choice(["auto", "en", "zh"]),
    )

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise BadSetting(
                "model: the name is empty. Give a hub id, a folder or a GGUF file, or leave --model"
                " and DIGLOT_MODEL out for the default"
            )
        object.__setattr__(self, "data", self.data.expanduser())


def refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """Raise BadSetting for a variable that no setting has: a misspelt one would change nothing.

    What Kubernetes sets in every pod beside a service that is named diglot is let pass.
    """
    known = {PREFIX + f.name.upper() for f in fields(Settings)} | _OTHERS
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known and not _KUBERNETES.fullmatch(name):
            near = get_close_matches(name, known, 1, 0.75)
            meant = f"Did you mean {near[0]}?" if near else "docs/operating.md lists them all."
            raise BadSetting(f"There is no setting {name}. {meant}")


def options(*names: str) -> Callable[[Command], Command]:
    """Give a click command the flags of these settings, in this order."""
    declared: dict[str, Field[Any]] = {f.name: f for f in fields(Settings)}

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = _option(declared[name])(command)
        return command

    return decorate


def _option(declared: Field[Any]) -> Callable[[Command], Command]:
    return click.option(
        "--" + declared.name.replace("_", "-"),
        declared.name,
        default=declared.default,
        type=declared.metadata["type"],
        envvar=PREFIX + declared.name.upper(),
        show_envvar=True,
        show_default=declared.default is not None,
        help=declared.metadata["meaning"],
    )
