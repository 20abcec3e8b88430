"""The cache key of a result: a hash of the article, the engine and the options."""

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache

from service.article import Article
from service.engine import Identity
from service.tasks import Options


def fingerprint(article: Article, options: Options, identity: Identity) -> str:
    """`sha256:…` over the text, the engine, the model, the resources and the options.

    Equal for equal input on every machine and in every run. The article's source is left out: the
    same page found twice is the same article. A field that came later counts where it holds
    something, so that results that are kept stay valid.
    """
    # ASCII-only JSON also takes the lone surrogates that a broken page may hold.
    text = json.dumps([article.text, article.title, article.markup])
    written = f"{text[:-1]}, {_asked(options, identity)}]".encode("ascii")
    return "sha256:" + hashlib.sha256(written).hexdigest()


@lru_cache(maxsize=128)  # the same for all articles of a run
def _asked(options: Options, identity: Identity) -> str:
    """The part of a fingerprint that no article has."""
    maker = {name: value for name, value in asdict(identity).items() if value or name != "host"}
    del maker["parameters"]  # the model's name says as much
    return json.dumps([asdict(options), maker], sort_keys=True)[1:-1]
