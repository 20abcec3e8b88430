"""Where a model's weights are: in a folder or a GGUF file, in the hub's cache, or on the hub.

Imports neither torch nor transformers, so that the choice of an engine is quick and light.
"""

import errno
import hashlib
import json
import re
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from service.errors import BadSetting
from service.settings import Settings

HUB_PATIENCE_S = 3.0
SAMPLE = 1 << 20  # bytes

# Only what is needed to run the model: no .bin (a pickle runs code), no other formats' copies.
FETCHED = [
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "vocab.json",
    "merges.txt",
    "*.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
]
NOT_FETCHED = ["*/*", "consolidated*"]

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)
_POINTER = b"version https://git-lfs"
_OLD_GGML = (b"lmgg", b"fmgg", b"tjgg")


@dataclass(frozen=True, slots=True)
class Weights:
    """A complete model on this disk.

    `revision` is the commit where it came from the hub; of a folder or a file it is a hash of
    samples. `gguf` is the file that holds all of the model, where it is one.
    """

    folder: Path
    revision: str | None
    gguf: Path | None = None

    def __str__(self) -> str:
        return str(self.gguf or self.folder)


def is_local(model: str) -> bool:
    """Whether `model` means a folder or a file: one that exists, or a name that no hub id has."""
    return (
        Path(model).expanduser().exists()
        or _HUB_ID.fullmatch(model) is None
        or model[0] == "."
        or model.lower().endswith(".gguf")
    )


def public_name(model: str) -> str:
    """The model's name without the path of this machine."""
    if not is_local(model):
        return model
    path = Path(model).expanduser()
    # A file goes by the name that was given: in a store it may be a link to a hash.
    return path.name if path.is_file() else path.resolve().name


def find(settings: Settings) -> Weights | None:
    """The weights on this disk, or None when they would have to be fetched from the hub.

    Raises BadSetting for a folder or a file that can't work.
    """
    if is_local(settings.model):
        return _in_path(Path(settings.model).expanduser(), public_name(settings.model))
    folder_in_cache = _cached(settings)
    if folder_in_cache is None or missing_from(folder_in_cache):
        return None
    return Weights(folder_in_cache, folder_in_cache.name)


def _in_path(path: Path, name: str) -> Weights:
    file = path if path.is_file() else gguf_in(path)
    wrong = wrong_with_file(file) if file else missing_from(path)
    if wrong:
        raise BadSetting(f"model {name}: {wrong}")
    if file:
        return Weights(file.parent, _sample([file]), file)
    files = sorted([*path.glob("*.safetensors"), *path.glob("*.json")])
    return Weights(path, _sample(files))


def gguf_in(folder: Path) -> Path | None:
    """The GGUF file of a folder that holds one and no other weights."""
    files = _ggufs(folder)
    return files[0] if len(files) == 1 and not any(folder.glob("*.safetensors*")) else None


def _ggufs(folder: Path) -> list[Path]:
    """The GGUF files of models in `folder`, without the parts for pictures that lie beside them."""
    return sorted(file for file in folder.glob("*.gguf") if "mmproj" not in file.name.lower())


def wrong_with_file(path: Path) -> str | None:
    """Why the file at `path` can't be a model in GGUF format, by its first bytes."""
    try:
        with path.open("rb") as file:
            first = file.read(32)
    except OSError as error:
        return f"the file can't be read ({error.strerror})"
    version = int.from_bytes(first[4:8], "little")
    if first[:4] == b"GGUF" and version & 0xFFFF == 0 and version:
        return "the file is big-endian GGUF, and Diglot reads little-endian only"
    if first[:4] == b"GGUF" and version in {2, 3}:
        return None
    if first[:4] == b"GGUF" or first[:4] in _OLD_GGML:
        return "the file is of a GGML format older than GGUF 2; convert the model anew"
    if first.startswith(_POINTER):
        return _pointer(path)
    return (
        "this file is no GGUF file. Give a folder in Hugging Face format, a GGUF file, or a hub id"
    )


def _pointer(path: Path) -> str:
    return f"{path.name} is a Git LFS pointer and not the file itself; run `git lfs pull`"


def _sample(files: list[Path]) -> str:
    """Tells a retrained model from the one before it, without reading gigabytes.

    Training changes nearly every number, so a piece out of the middle of each file will do; of a
    GGUF file also its beginning, which says how it is read.
    """
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        with path.open("rb") as file:
            if path.suffix not in {".safetensors", ".json"}:
                digest.update(file.read(SAMPLE))
            file.seek(max(0, size // 2 - SAMPLE // 2))
            digest.update(f"{path.name}\n{size}\n".encode() + file.read(SAMPLE))
    return f"sha256:{digest.hexdigest()}"


def missing_from(folder: Path) -> str | None:
    """Why `folder` holds no model that can be loaded; None when all files are there."""
    if not folder.is_dir():
        return f"there is no such {'file' if folder.suffix == '.gguf' else 'folder'}"
    return (
        _several_ggufs(folder)
        or _no_config(folder)
        or _missing_weights(folder)
        or _no_tokenizer(folder)
        or _pointers(folder)
    )


def _several_ggufs(folder: Path) -> str | None:
    files = _ggufs(folder)
    if len(files) < 2 or any(folder.glob("*.safetensors*")):
        return None
    names = ", ".join(file.name for file in files[:3])
    return f"the folder holds {len(files)} GGUF files ({names}…); give the path of one"


def _no_tokenizer(folder: Path) -> str | None:
    if any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json")):
        return None
    return None if any(folder.glob("*.model")) else "the folder has no tokenizer (tokenizer.json)"


def _pointers(folder: Path) -> str | None:
    """The first file that is still a Git LFS pointer, so that a clone says what it needs."""
    files = [*sorted(folder.glob("*.json")), *sorted(folder.glob("*.safetensors"))]
    for path in files:
        if path.stat().st_size < 1024 and path.read_bytes().startswith(_POINTER):
            return _pointer(path)
    return None


def _no_config(folder: Path) -> str | None:
    if (folder / "config.json").is_file():
        return None
    if (folder / "adapter_config.json").is_file():
        return (
            "the folder holds a LoRA adapter and not a model; merge it into its base model"
            " (peft's merge_and_unload) and give that folder"
        )
    if any(folder.glob("*mmproj*.gguf")):
        return "the folder holds only a part for pictures (mmproj), and no model beside it"
    return "the folder has no config.json, so it holds no model in Hugging Face format"


def _missing_weights(folder: Path) -> str | None:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, LookupError, TypeError, AttributeError, OSError):
            return f"{index.name} can't be read"
        absent = sorted(shard for shard in shards if not (folder / shard).is_file())
        if absent:
            return f"{len(absent)} of {len(shards)} weight files are missing, first {absent[0]}"
        return None
    if (folder / "model.safetensors").is_file():
        return None
    if any(folder.glob("*.bin")):
        return (
            "the folder holds weights as .bin only. A .bin file can run code, so Diglot reads"
            " safetensors alone: convert the model, or take one that comes as safetensors"
        )
    return "the folder has no weights (model.safetensors)"


def _cached(settings: Settings) -> Path | None:
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(
            settings.model,
            revision=settings.revision,
            allow_patterns=FETCHED,
            ignore_patterns=NOT_FETCHED,
            local_files_only=True,
        )
    except (OSError, ValueError):  # not there, or not whole
        return None
    return Path(folder)


def why_not_fetchable(settings: Settings, patience_s: float = HUB_PATIENCE_S) -> str | None:
    """Why the weights can't be fetched now; None when the hub answers that it has them.

    The question runs in a thread of its own that is left behind after `patience_s` seconds: a
    hanging name server or a silent proxy outlives every timeout of an HTTP client.
    """
    from huggingface_hub import constants

    if constants.is_offline_mode():
        return "HF_HUB_OFFLINE is set"
    answers: list[str | None] = []
    asking = threading.Thread(
        target=lambda: answers.append(_ask_hub(settings, patience_s)), daemon=True
    )
    asking.start()
    asking.join(patience_s)
    return answers[0] if answers else f"the hub did not answer within {patience_s:g} seconds"


def _ask_hub(settings: Settings, timeout_s: float) -> str | None:
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(settings.model, revision=settings.revision, timeout=timeout_s)
    except Exception as error:  # whatever it was, the weights can't be had now
        return _explain(error, settings)
    names = [file.rfilename for file in info.siblings or []]
    if not any(name.endswith(".safetensors") and "/" not in name for name in names):
        if any(name.endswith(".gguf") for name in names):
            return "the model's weights are GGUF files; download one and give its path as the model"
        return "the model has no weights as safetensors"
    return None


def fetch(settings: Settings, patience_s: float = 10.0) -> Weights:
    """Bring the weights onto this disk (a broken download goes on where it stopped).

    Shows progress on stderr, as lines where that is no terminal. Raises BadSetting that says what
    stands in the way, within `patience_s` seconds when the hub does not answer at all.
    """
    if is_local(settings.model):
        found = find(settings)
        assert found is not None  # a folder is there or find has raised
        return found
    if why := why_not_fetchable(settings, patience_s):  # quickly: a download would try for minutes
        raise BadSetting(f"model {settings.model}: the weights are not on this disk, and {why}")
    from huggingface_hub import snapshot_download

    from service.llm.fetched import Logged

    try:
        folder = Path(
            snapshot_download(
                settings.model,
                revision=settings.revision,
                allow_patterns=FETCHED,
                ignore_patterns=NOT_FETCHED,
                tqdm_class=None if sys.stderr.isatty() else Logged,
            )
        )
    except Exception as error:
        raise BadSetting(f"model {settings.model}: {_explain(error, settings)}") from error
    if wrong := missing_from(folder):
        raise BadSetting(f"model {settings.model}: {wrong.replace('the folder', 'it')}")
    return Weights(folder, folder.name)


def _explain(error: Exception, settings: Settings) -> str:
    """What the person who chose the model can do about a failed download."""
    from huggingface_hub import errors

    known: list[tuple[type[Exception], str]] = [  # subclasses before their bases
        (errors.GatedRepoError, "it is gated: accept its licence on the hub and set HF_TOKEN"),
        (errors.RevisionNotFoundError, f"it has no revision {settings.revision}"),
        (errors.RepositoryNotFoundError, "the hub has no such model, and there is no such folder"),
        (errors.HFValidationError, "this is neither a hub id nor a folder nor a file"),
        (errors.OfflineModeIsEnabled, "HF_HUB_OFFLINE is set"),
        (PermissionError, "the cache can't be written to; set HF_HOME to a folder that can"),
    ]
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full; set HF_HOME to a larger one"
    for kind, text in known:
        if isinstance(error, kind):
            return text
    return f"the hub can't be reached ({type(error).__name__})"
