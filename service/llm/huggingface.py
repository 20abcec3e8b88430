"""The Hugging Face hub, or a mirror of it (HF_ENDPOINT): a model's files in its cache or there.

Imports neither torch nor transformers, so that an engine is chosen quickly.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from service.errors import BadSetting
from service.llm.downloads import IGNORED, PATTERNS, is_wanted, progress_class, sha256
from service.llm.hub_faults import NO_MODEL, Variables, causes, explain
from service.llm.hub_route import route, route_fault

_VARIABLES = Variables("HF_ENDPOINT", "HF_TOKEN", "HF_HOME", "SSL_CERT_FILE")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """A model on the hub. `revision`: a commit, tag or branch; None for the default branch."""

    model: str
    revision: str | None

    def cached(self) -> Path | None:
        """The folder of the model's files in the cache; they may be incomplete."""
        from huggingface_hub import snapshot_download

        try:
            folder = snapshot_download(
                self.model,
                revision=self.revision,
                allow_patterns=PATTERNS,
                ignore_patterns=IGNORED,
                local_files_only=True,
            )
        except (OSError, ValueError):  # absent or incomplete
            return None
        return Path(folder)

    def cut_off(self) -> str | None:
        """The reason why no request can be sent; None where one can be tried."""
        from huggingface_hub import constants

        if constants.is_offline_mode():
            return "HF_HUB_OFFLINE is set"
        return route_fault(_endpoint(), "HF_ENDPOINT")

    def files(self, timeout_s: float) -> list[str]:
        """The names of the model's files on the hub. Raises what `explain` explains."""
        return [file.rfilename for file in self._about(timeout_s).siblings or []]

    def download(self) -> Path:
        """Download the files; an interrupted download goes on. Raises what `explain` explains.

        Raises BadSetting for weights whose hash is not the hub's; they are removed.
        """
        from huggingface_hub import snapshot_download

        verified = self._fetch_weights()
        folder = Path(
            snapshot_download(
                self.model,
                revision=self.revision,
                allow_patterns=PATTERNS,
                ignore_patterns=IGNORED,
                tqdm_class=progress_class(),
            )
        )
        for link in sorted(folder.glob("*.safetensors")):
            file = link.resolve()
            if _SHA256.fullmatch(file.name) and file.name not in verified:
                self._verify(file, file.name, link.name)
        return folder

    def _about(self, timeout_s: float | None = None) -> Any:
        from huggingface_hub import HfApi

        return HfApi().model_info(self.model, revision=self.revision, timeout=timeout_s)

    def _fetch_weights(self) -> set[str]:
        """Download the weights that the cache lacks, each from where an earlier download stopped.

        The hub's client would begin each file anew. Files that it takes from Xet storage, or whose
        hash the hub does not tell, are left to it. Returns the names of what came, in the cache.
        """
        from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
        from huggingface_hub.file_download import repo_folder_name

        about = self._about()
        repository = repo_folder_name(repo_id=self.model, repo_type="model")
        blobs = Path(constants.HF_HUB_CACHE) / repository / "blobs"
        fetched = set()
        for name in (file.rfilename for file in about.siblings or []):
            if name.endswith(".safetensors") and is_wanted(name):
                file = get_hf_file_metadata(hf_hub_url(self.model, name, revision=about.sha))
                named = _SHA256.fullmatch(file.etag or "") and file.size
                by_xet = file.xet_file_data is not None and not constants.HF_HUB_DISABLE_XET
                if named and not by_xet and not (blobs / str(file.etag)).exists():
                    self._fetch_blob(blobs / str(file.etag), name, file)
                    fetched.add(str(file.etag))
        return fetched

    def _fetch_blob(self, blob: Path, name: str, file: Any) -> None:
        """Download one file of the cache; what has come stays in a part beside it."""
        from filelock import FileLock
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        locks = blob.parents[2] / ".locks" / blob.parents[1].name  # beside the client's own
        for folder in (blob.parent, locks):
            folder.mkdir(parents=True, exist_ok=True)
        part = blob.with_name(f"{blob.name}.part")
        headers = build_hf_headers()
        if urlsplit(file.location).netloc != urlsplit(_endpoint()).netloc:
            headers.pop("authorization", None)  # for the hub, and not for who stores its files
        with FileLock(locks / part.name):
            if blob.exists():  # another process has fetched it meanwhile
                return
            with part.open("ab") as content:
                if content.tell() > file.size:
                    content.truncate(0)
                if content.tell() < file.size:
                    http_get(
                        file.location,
                        content,
                        resume_size=content.tell(),
                        headers=headers,
                        expected_size=file.size,
                        tqdm_class=progress_class(),
                    )
            self._verify(part, blob.name, name)
            part.rename(blob)

    def _verify(self, file: Path, digest: str, name: str) -> None:
        """Raise BadSetting, and remove `file`, where its hash is not `digest`. The client of the
        hub compares sizes only."""
        if sha256(file) != digest:
            file.unlink()
            raise BadSetting(
                f"model {self.model}: {name} was damaged on its way (its hash is not the hub's) and"
                " is removed; run it again, or set HF_ENDPOINT to another mirror"
            )

    def explain(self, error: Exception) -> str:
        """A failed request's cause, and what the user can do about it."""
        from huggingface_hub import errors

        known: list[tuple[type[BaseException], str]] = [  # subclasses before their bases
            (errors.GatedRepoError, "it is gated: accept its licence on the hub and set HF_TOKEN"),
            (errors.RevisionNotFoundError, f"it has no revision {self.revision}"),
            (errors.RepositoryNotFoundError, NO_MODEL),
            (errors.HFValidationError, "this is neither a hub id nor a folder nor a file"),
            (errors.OfflineModeIsEnabled, "HF_HUB_OFFLINE is set"),
        ]
        chain = causes(error)
        for kind, text in known:
            if any(isinstance(one, kind) for one in chain):
                return text
        if any("Consistency check failed" in str(one) for one in chain):
            return (
                "a file came in another size than the hub says; run it again, or set HF_ENDPOINT to"
                " another mirror"
            )
        return explain(error, route(_endpoint()), _VARIABLES, ", or take --hub modelscope")


def _endpoint() -> str:
    from huggingface_hub import constants

    return str(constants.ENDPOINT)
