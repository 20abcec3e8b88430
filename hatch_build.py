"""The wheel's own dependencies: those of requirements.txt that the extra `model` does not have."""

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class WithoutModel(MetadataHookInterface):
    """Keeps torch out of an installation that digests without a model."""

    def update(self, metadata: dict[str, Any]) -> None:
        lines = Path(self.root, "requirements.txt").read_text("utf-8").splitlines()
        pins = [line for line in lines if line and not line.startswith("#")]
        model = metadata["optional-dependencies"]["model"]
        metadata["dependencies"] = [pin for pin in pins if pin not in model]
