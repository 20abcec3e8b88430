"""ROUGE of digests without a model, beside an opening of the same length.

    python benchmarks/digests.py FILE.jsonl... [--length short] [--longer-than N] [--show]

A line holds an article and a summary that somebody wrote: `{"text", "summary", "title"?}`. The
opening is the beginning of the article's sentences, cut at exactly the digest's length in words, or
in Chinese in characters, so that neither gains by being shorter. Chinese is scored by characters.
`better` counts the articles whose ROUGE-1 is above the opening's, `worse` those below it.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, cast, get_args

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.cases import cases, parser
from service.article import Article, Document
from service.cleaning import clean
from service.evaluation import scores
from service.extractive.sentence_quality import extent, is_spaceless
from service.extractive.summarize import join, own_digest
from service.tasks import Length


@dataclass(frozen=True)
class Compared:
    """One article: its reference, Diglot's digest, and an opening as long as the digest."""

    document: Document
    reference: str
    digest: str
    opening: str


def compare(path: Path, length: Length, longer_than: int = 0) -> list[Compared]:
    """The articles of a file of JSON Lines whose clean text has more than `longer_than`
    characters."""
    return [
        Compared(document, reference, digest, opening(document, extent(digest, document.language)))
        for document, reference in map(_read, cases(path))
        if document.kept > longer_than
        and (digest := own_digest(document, length).text.removesuffix("…"))
    ]


def opening(document: Document, size: int) -> str:
    """The first `size` words of the article, or characters in Chinese."""
    text = join([sentence.text for sentence in document.sentences], document.language)
    if is_spaceless(document.language):
        return "".join(text.split())[:size]
    return " ".join(text.split()[:size])


def rouge(compared: Sequence[Compared], chinese: bool) -> tuple[dict[str, float], dict[str, float]]:
    """ROUGE of the digests and of the openings."""
    tokenize = scores.characters if chinese else None
    ours = scores.rouge([(each.reference, each.digest) for each in compared], tokenize)
    return ours, scores.rouge([(each.reference, each.opening) for each in compared], tokenize)


def _read(case: dict[str, Any]) -> tuple[Document, str]:
    return clean(Article(case["text"], case.get("title"))), case["summary"]


def _print(path: Path, length: Length, longer_than: int, show: bool) -> None:
    compared = compare(path, length, longer_than)
    if not compared:
        print(f"{path.name}: no article is longer than {longer_than} characters")
        return
    chinese = is_spaceless(compared[0].document.language)
    ours, first = rouge(compared, chinese)
    apart = [tuple(m["rouge1"] for m in rouge([each], chinese)) for each in compared]
    print(f"{path.name}: {len(compared)} articles, digests of "
          f"{mean(extent(each.digest, each.document.language) for each in compared):.0f} "
          f"{'characters' if chinese else 'words'}")  # fmt: skip
    for name in scores.ROUGE:
        print(f"  {name}: {ours[name]:.4f}, opening {first[name]:.4f}, "
              f"difference {100 * (ours[name] - first[name]):+.2f}")  # fmt: skip
    print(f"  better {sum(a > b for a, b in apart)}, worse {sum(a < b for a, b in apart)}")
    if show:
        for each, (mine, its) in zip(compared, apart, strict=True):
            print(f"\n{mine:.3f} {each.digest}\n{its:.3f} {each.opening}\n      {each.reference}")


def main() -> None:
    flags = parser(__doc__)
    flags.add_argument("--length", choices=get_args(Length), default="medium")
    flags.add_argument("--longer-than", type=int, default=0, metavar="CHARACTERS")
    flags.add_argument("--show", action="store_true", help="print every digest")
    options = flags.parse_args()
    for path in options.files:
        _print(path, cast(Length, options.length), options.longer_than, options.show)


if __name__ == "__main__":
    main()
