"""A chat template that the user gives in place of the model's own."""

import hashlib
import re
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

from service.errors import BadSetting


def read_template(path: Path) -> str:
    """The template in the file at `path`. Raises BadSetting when that is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadSetting(f"chat-template {path.name}: the file is not UTF-8") from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadSetting(f"chat-template {path.name}: the file can't be read ({why})") from error
    try:
        # As transformers will read it; tags that it adds are no syntax errors.
        Environment(extensions=["jinja2.ext.loopcontrols"]).parse(_without_generation(text))
    except TemplateSyntaxError as error:
        raise BadSetting(
            f"chat-template {path.name}: line {error.lineno} is no Jinja: {error.message}"
        ) from error
    if "message" not in text:
        raise BadSetting(f"chat-template {path.name}: it does not show any messages")
    return text


def with_template(fingerprint: str, path: Path | None) -> str:
    """The fingerprint of the prompts, and of the template around them where the user gave it."""
    if path is None:
        return fingerprint
    both = f"{fingerprint}\n{read_template(path)}"
    return "sha256:" + hashlib.sha256(both.encode()).hexdigest()


def _without_generation(text: str) -> str:
    """The text without the tag that marks what a model is trained on."""
    return re.sub(r"{%[-+]?\s*(end)?generation\s*[-+]?%}", "", text)
