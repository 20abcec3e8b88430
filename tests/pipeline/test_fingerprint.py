import dataclasses

import pytest

from service.article import Article
from service.engine import Identity
from service.pipeline.fingerprint import fingerprint
from service.tasks import Options

ARTICLE = Article("市议会昨天开会。 The council met.", title="Stops", source="a.txt")
IDENTITY = Identity("transformers", "Qwen/Qwen3.5-2B", "abc", "sha256:1")


def test_the_same_article_asked_the_same_way_has_the_same_fingerprint() -> None:
    again = dataclasses.replace(ARTICLE, source="another/place.txt")
    assert fingerprint(ARTICLE, Options(), IDENTITY) == fingerprint(again, Options(), IDENTITY)
    # Written down once: a change of the recipe would digest every user's folder again.
    assert fingerprint(Article("x"), Options(), IDENTITY) == (
        "sha256:78639d57ece7e8ae6aaf118152d36f0cb8948d3ff3703db975dc93e48c2d639c"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"article": dataclasses.replace(ARTICLE, text="市议会今天开会。 The council meets.")},
        {"article": dataclasses.replace(ARTICLE, title="Other")},
        {"article": dataclasses.replace(ARTICLE, markup="html")},
        {"options": Options(targets=("the plan",))},
        {"options": Options(languages=("en",))},
        {"options": Options(length="short")},
        {"options": Options(zh_script="Hant")},
        {"options": Options(style="faithful")},
        {"identity": dataclasses.replace(IDENTITY, name="extractive")},
        {"identity": dataclasses.replace(IDENTITY, model="Qwen/Qwen3.5-4B")},
        {"identity": dataclasses.replace(IDENTITY, revision="def")},
        {"identity": dataclasses.replace(IDENTITY, prompts="sha256:2")},
        {"identity": dataclasses.replace(IDENTITY, dtype="bfloat16")},
        {"identity": dataclasses.replace(IDENTITY, passage_tokens=512)},
    ],
)
def test_any_change_of_the_inputs_changes_the_fingerprint(change: dict[str, object]) -> None:
    base = {"article": ARTICLE, "options": Options(), "identity": IDENTITY}
    assert fingerprint(**{**base, **change}) != fingerprint(**base)  # type: ignore[arg-type]


def test_half_a_surrogate_pair_has_a_fingerprint() -> None:
    assert fingerprint(Article("\ud83d"), Options(), IDENTITY).startswith("sha256:")
