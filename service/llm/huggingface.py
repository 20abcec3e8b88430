"""The Hugging Face hub, or a mirror of it (HF_ENDPOINT): a model's files in its cache or there.

Imports neither torch nor transformers, so that an engine is chosen quickly.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from service.errors import BadSetting
from service.llm.downloads import IGNORED, PATTERNS, progress_class, sha256
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
        return route_fault(constants.ENDPOINT, "HF_ENDPOINT")

    def files(self, timeout_s: float) -> list[str]:
        """The names of the model's files on the hub. Raises what `explain` explains."""
        from huggingface_hub import HfApi

        info = HfApi().model_info(self.model, revision=self.revision, timeout=timeout_s)
        return [file.rfilename for file in info.siblings or []]

    def download(self) -> Path:
        """Download the files; an interrupted download goes on. Raises what `explain` explains.

        Raises BadSetting for weights whose hash is not the hub's; they are removed.
        """
        from huggingface_hub import snapshot_download

        folder = Path(
            snapshot_download(
                self.model,
                revision=self.revision,
                allow_patterns=PATTERNS,
                ignore_patterns=IGNORED,
                tqdm_class=progress_class(),
            )
        )
        self._verify(folder)
        return folder

    def _verify(self, folder: Path) -> None:
        """Compare large files with their hashes, by which the cache names them; the client only
        compares sizes."""
        for link in sorted(folder.glob("*.safetensors")):
            file = link.resolve()
            if _SHA256.fullmatch(file.name) and sha256(file) != file.name:
                file.unlink()
                link.unlink(missing_ok=True)
                raise BadSetting(
                    f"model {self.model}: {link.name} was damaged on its way (its hash is not the"
                    " hub's) and is removed; run it again, or set HF_ENDPOINT to another mirror"
                )

    def explain(self, error: Exception) -> str:
        """A failed request's cause, and what the user can do about it."""
        from huggingface_hub import constants, errors

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
        return explain(error, route(constants.ENDPOINT), _VARIABLES, ", or take --hub modelscope")
