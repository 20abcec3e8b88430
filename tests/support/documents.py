"""Documents made from a list of sentences, one paragraph each."""

from collections.abc import Sequence

from service.article import Document, Sentence


def of_sentences(sentences: Sequence[str], language: str, title: str | None = None) -> Document:
    return Document(
        "\n".join(sentences),
        tuple(Sentence(text, index) for index, text in enumerate(sentences)),
        title,
        language,
    )
