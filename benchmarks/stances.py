"""The sides that a stance takes without a model, or with one, on labelled texts.

    python benchmarks/stances.py FILE.jsonl... [--model ID_OR_FOLDER] [--show LABEL]

A line holds `{"text", "target", "stance"}`, with the stance as `favor`, `against` or `none`.
Printed for each file: the sides given and the share of them that are right, where a side given to a
text that has none is wrong; of the texts with a side, the share found (recall); and the mean F1 of
SemEval-2016 task 6. With `--model` the stance is the model's.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.cases import cases, parser
from service.article import Article, Document
from service.evaluation.scores import stance_f1
from service.extractive.stance import read_stance
from service.resources import Resources
from service.settings import Settings
from service.tasks import Label, Options


@dataclass(frozen=True)
class Judged:
    """A text, the subject of its stance, the stance that people saw and the one that was read."""

    text: str
    target: str
    true: Label
    read: Label


@dataclass(frozen=True)
class Rates:
    """`precision` is None where no side was given, `recall` where no text has one."""

    given: int
    precision: float | None
    recall: float | None
    f1: float


def rates(judged: Sequence[Judged]) -> Rates:
    given = [each for each in judged if each.read != "none"]
    sided = [each for each in judged if each.true != "none"]
    right = sum(each.read == each.true for each in given)
    return Rates(
        given=len(given),
        precision=right / len(given) if given else None,
        recall=right / len(sided) if sided else None,
        f1=stance_f1([(each.true, each.read) for each in judged]),
    )


def by_lexicon(path: Path) -> Iterator[Judged]:
    """The stances of a file's texts, read without a model."""
    resources = Resources.load(Settings())
    for case in cases(path):
        document = Document.of(" ".join(case["text"].split()))
        answer = read_stance(document, case["target"], resources)
        yield Judged(case["text"], case["target"], case["stance"], answer.label)


def by_model(path: Path, model: str) -> Iterator[Judged]:
    """The stances that a model gives, through the same pipeline as `/summarize`."""
    from service.engine_factory import load_engine
    from service.serving.service import Service

    service = Service(Settings(engine="transformers", model=model), load_engine)
    service.open()
    service.wait()
    try:
        for case in cases(path):
            options = Options((case["target"],), ("en",), "short")
            stance = service.submit(Article(case["text"]), options).result().stance
            assert not isinstance(stance, list)
            yield Judged(case["text"], case["target"], case["stance"], cast(Label, stance.label))
    finally:
        service.close()


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.1f} %"


def main() -> None:
    flags = parser(__doc__)
    flags.add_argument("--model", help="read by this model, and not by the lexicon")
    flags.add_argument("--show", choices=("wrong", "right", "missed"), help="print these texts")
    options = flags.parse_args()
    for path in options.files:
        judged = list(by_model(path, options.model) if options.model else by_lexicon(path))
        found = rates(judged)
        print(
            f"{path.name}: {len(judged)} texts, {found.given} sides given,"
            f" right {_percent(found.precision)}, recall {_percent(found.recall)},"
            f" F1 {found.f1:.3f}"
        )
        kinds = {"wrong": lambda j: j.read not in ("none", j.true),
                 "right": lambda j: j.read == j.true != "none",
                 "missed": lambda j: j.read == "none" != j.true}  # fmt: skip
        for each in filter(kinds[options.show], judged) if options.show else ():
            print(f"  {each.true} read as {each.read} [{each.target}] {each.text}")


if __name__ == "__main__":
    main()
