"""When are two answers the same? When what was read, what read it and what was asked are."""

import hashlib
import json
from dataclasses import asdict

from service.article import Article
from service.engine import Identity
from service.tasks import Options


def fingerprint(article: Article, options: Options, identity: Identity) -> str:
    """`sha256:…` over the text, the engine, the model, the prompts and what was asked.

    Equal for equal input on every machine and in every run. The article's source is left out: the
    same page found twice is the same article.
    """
    parts = [article.text, article.title, article.markup, asdict(options), asdict(identity)]
    # ASCII-only JSON also takes the lone surrogates that a broken page may hold.
    written = json.dumps(parts, sort_keys=True).encode("ascii")
    return "sha256:" + hashlib.sha256(written).hexdigest()
