"""Model files on this disk: whether a folder or a GGUF file is complete, and its revision.

Imports neither torch nor transformers.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from service.errors import BadSetting

SAMPLE_BYTES = 1 << 20

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)
_LFS_POINTER = b"version https://git-lfs"
_OLD_GGML = (b"lmgg", b"fmgg", b"tjgg")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A complete model on this disk.

    `revision`: the commit of a model from the hub; for a folder or a file, a hash of samples.
    `gguf`: the single file that holds the model, for a model in GGUF format. `adapter`: the folder
    of a LoRA adapter that is to be merged into the model.
    """

    folder: Path
    revision: str | None
    gguf: Path | None = None
    adapter: Path | None = None

    def __str__(self) -> str:
        return str(self.gguf or self.folder)


def is_local(model: str) -> bool:
    """Whether `model` names a folder or a file: it exists, or no hub id can be spelt like it."""
    return (
        Path(model).expanduser().exists()
        or _HUB_ID.fullmatch(model) is None
        or model[0] == "."
        or model.lower().endswith(".gguf")
    )


def public_name(model: str) -> str:
    """The model's name without this machine's path."""
    if not is_local(model):
        return model
    path = Path(model).expanduser()
    # A file keeps the name it was named by: in a download cache it may be a link to a hash.
    return path.name if path.is_file() else path.resolve().name


def local_files(path: Path, name: str) -> ModelFiles:
    """The model in the folder or file at `path`. Raises BadSetting when it can't work."""
    file = path if path.is_file() else gguf_in(path)
    fault = gguf_fault(file) if file else folder_fault(path)
    if fault:
        raise BadSetting(f"model {name}: {fault}")
    if file:
        return ModelFiles(file.parent, _sample_hash([file]), file)
    files = sorted([*path.glob("*.safetensors"), *path.glob("*.json")])
    return ModelFiles(path, _sample_hash(files))


def adapter_revision(folder: Path) -> str:
    """The revision of an adapter in a folder. Raises BadSetting where it is not a file yet."""
    if fault := _first_pointer(folder):
        raise BadSetting(f"model {folder.name}: {fault}")
    return _sample_hash(sorted(folder.glob("adapter_*")))


def gguf_in(folder: Path) -> Path | None:
    """The GGUF file of a folder that holds exactly one, and no other weights."""
    files = _ggufs(folder)
    return files[0] if len(files) == 1 and not any(folder.glob("*.safetensors*")) else None


def _ggufs(folder: Path) -> list[Path]:
    """The GGUF files of models in `folder`, without the image projectors (mmproj) beside them."""
    return sorted(file for file in folder.glob("*.gguf") if "mmproj" not in file.name.lower())


def gguf_fault(path: Path) -> str | None:
    """The reason, from its first bytes, why the file at `path` can't be a GGUF model."""
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
    if first.startswith(_LFS_POINTER):
        return _pointer_fault(path)
    return (
        "this file is no GGUF file. Give a folder in Hugging Face format, a GGUF file, or a hub id"
    )


def folder_fault(folder: Path) -> str | None:
    """The reason why the model in `folder` can't be loaded; None when it is complete."""
    if not folder.is_dir():
        return f"there is no such {'file' if folder.suffix == '.gguf' else 'folder'}"
    return (
        _several_ggufs(folder)
        or _first_pointer(folder)  # before the files are read
        or _config_fault(folder)
        or _weights_fault(folder)
        or _tokenizer_fault(folder)
    )


def _several_ggufs(folder: Path) -> str | None:
    files = _ggufs(folder)
    if len(files) < 2 or any(folder.glob("*.safetensors*")):
        return None
    names = ", ".join(file.name for file in files[:3])
    return f"the folder holds {len(files)} GGUF files ({names}…); give the path of one"


def _config_fault(folder: Path) -> str | None:
    if (folder / "config.json").is_file():
        return None
    if any(folder.glob("*mmproj*.gguf")):
        return "the folder holds only a part for pictures (mmproj), and no model beside it"
    return "the folder has no config.json, so it holds no model in Hugging Face format"


def _weights_fault(folder: Path) -> str | None:
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


def _tokenizer_fault(folder: Path) -> str | None:
    if any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json")):
        return None
    return None if any(folder.glob("*.model")) else "the folder has no tokenizer (tokenizer.json)"


def _first_pointer(folder: Path) -> str | None:
    """A message about the first file that is still a Git LFS pointer, as in a fresh clone."""
    files = [*sorted(folder.glob("*.json")), *sorted(folder.glob("*.safetensors"))]
    for path in files:
        if path.stat().st_size < 1024 and path.read_bytes().startswith(_LFS_POINTER):
            return _pointer_fault(path)
    return None


def _pointer_fault(path: Path) -> str:
    return f"{path.name} is a Git LFS pointer and not the file itself; run `git lfs pull`"


def _sample_hash(files: list[Path]) -> str:
    """A hash that tells a retrained model from the one before it, without reading gigabytes.

    Training changes nearly every number, so a piece from the middle of each file is enough; a
    GGUF file also gives its beginning, because its header says how the weights are read.
    """
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        with path.open("rb") as file:
            if path.suffix not in {".safetensors", ".json"}:
                digest.update(file.read(SAMPLE_BYTES))
            file.seek(max(0, size // 2 - SAMPLE_BYTES // 2))
            digest.update(f"{path.name}\n{size}\n".encode() + file.read(SAMPLE_BYTES))
    return f"sha256:{digest.hexdigest()}"
