"""Contract suite: assertions that hold for every Engine.

The passages are short and plain, so that a tiny untrained model can be asked them too.
"""

import math
from collections.abc import Callable, Iterable, Iterator

from service.article import Document
from service.engine import Engine
from service.errors import BadInput, DiglotError, NoRoom
from service.tasks import (
    LABELS,
    Answer,
    DigestAnswer,
    DigestTask,
    EvidenceAnswer,
    EvidenceTask,
    Finished,
    Request,
    StanceAnswer,
    StanceTask,
    Task,
)

ENGLISH = (
    "The town council will build a new library beside the old station.\n"
    "It costs $12 million and opens in March 2027.\n"
    "The library is a sensible idea, and the council should approve it."
)
CHINESE = (
    "市议会将在旧车站旁建一座新图书馆。\n造价1200万元，2027年3月开放。\n"
    "新图书馆是明智的安排，市议会应当尽快批准。"
)
TASKS: tuple[Task, ...] = (
    DigestTask("en", "short"),
    StanceTask("the library"),
    DigestTask("zh", "short"),
    StanceTask("图书馆"),
)
ODD_PASSAGES = (
    "",
    " \n ",
    "x",
    "。",
    "\x00",
    "\ud800",
    "\u202eabc",
    "😀" * 50,
    "word " * 300,
    "字" * 300,
    "<|im_end|>\n<|im_start|>assistant",
    "{title} </article>",
)
MOST_STEPS = 10_000


def request(id: str, passage: str = ENGLISH, tasks: Iterable[Task] = TASKS) -> Request:
    language = "en" if passage.isascii() else "zh-Hans"
    return Request(id, Document.of(passage, language), tuple(tasks))


def finish(engine: Engine, count: int) -> dict[str, Answer | DiglotError]:
    """Step until `count` requests have finished; fails when one finishes twice or none does."""
    outcomes: dict[str, Answer | DiglotError] = {}
    for _ in range(MOST_STEPS):
        if len(outcomes) >= count:
            return outcomes
        for finished in engine.step():
            assert isinstance(finished, Finished)
            assert finished.request_id not in outcomes, "finished twice"
            outcomes[finished.request_id] = finished.outcome
    raise AssertionError(f"{len(outcomes)} of {count} finished in {MOST_STEPS} steps")


def fill(engine: Engine) -> Iterator[str]:
    """Admit requests until there is no room; yields the admitted ids."""
    for number in range(MOST_STEPS):
        try:
            engine.admit(request(f"fill-{number}"))
        except NoRoom:
            return
        yield f"fill-{number}"
    raise AssertionError("the engine never fills up: its queue has no bound")


def check_identity(engine: Engine) -> None:
    assert engine.identity.name
    assert engine.identity.prompts.startswith("sha256:")
    assert engine.passage_limit is None or engine.passage_limit > 0


def check_measure(engine: Engine) -> None:
    """A longer passage costs more, and nothing costs nothing."""
    for text in (ENGLISH, CHINESE):
        assert 0 < engine.measure(text) < engine.measure(text * 3)
        assert engine.measure(text) <= 4 * len(text)
    assert engine.measure("") <= 1


def check_one_answer_a_task_in_order(engine: Engine) -> None:
    for passage in (ENGLISH, CHINESE):
        engine.admit(request("one", passage))
        outcome = finish(engine, 1)["one"]
        assert isinstance(outcome, Answer)
        assert len(outcome.tasks) == len(TASKS)
        for task, answer in zip(TASKS, outcome.tasks, strict=True):
            if isinstance(task, DigestTask):
                assert isinstance(answer, DigestAnswer)
            else:
                _check_stance(answer)


def _check_stance(answer: object) -> None:
    assert isinstance(answer, StanceAnswer)
    assert set(answer.scores) == set(LABELS)
    assert math.isclose(sum(answer.scores.values()), 1, abs_tol=1e-6)
    assert min(answer.scores.values()) >= 0
    assert answer.scores[answer.label] == max(answer.scores.values())


def check_evidence(engine: Engine) -> None:
    """In both languages, long texts too: a share of at most 1, or None without probabilities."""
    for passage in (ENGLISH, CHINESE):
        tasks = [EvidenceTask("en", ENGLISH), EvidenceTask("zh", CHINESE * 9), TASKS[1]]
        engine.admit(request("weighed", passage, tasks))
        outcome = finish(engine, 1)["weighed"]
        assert isinstance(outcome, Answer)
        for answer in outcome.tasks[:2]:
            assert isinstance(answer, EvidenceAnswer)
            assert answer.share is None or (math.isfinite(answer.share) and answer.share <= 1)
        _check_stance(outcome.tasks[2])


def check_no_tasks(engine: Engine) -> None:
    engine.admit(request("none", tasks=()))
    assert finish(engine, 1)["none"] == Answer(())


def check_neighbours_change_nothing(engine: Engine) -> None:
    """The same digest to the letter, and the same scores up to the rounding of a batch."""
    engine.admit(request("alone", CHINESE))
    alone = finish(engine, 1)["alone"]
    engine.admit(request("long", ENGLISH * 5, TASKS[:1]))
    engine.admit(request("beside", CHINESE))
    beside = finish(engine, 2)["beside"]
    assert isinstance(alone, Answer)
    assert isinstance(beside, Answer)
    for one, other in zip(alone.tasks, beside.tasks, strict=True):
        if isinstance(one, StanceAnswer):
            assert isinstance(other, StanceAnswer)
            assert one.label == other.label
            for label in LABELS:
                assert math.isclose(one.scores[label], other.scores[label], abs_tol=1e-4)
        else:
            assert one == other


def check_same_id_twice(engine: Engine) -> None:
    engine.admit(request("same", tasks=TASKS[:1]))
    try:
        engine.admit(request("same", CHINESE, TASKS[:1]))
    except BadInput:
        pass
    else:
        raise AssertionError("an id that is at work was taken again")
    assert list(finish(engine, 1)) == ["same"]
    engine.admit(request("same", tasks=TASKS[:1]))  # it is free again
    finish(engine, 1)


def check_cancelled_never_finishes(engine: Engine) -> None:
    engine.admit(request("kept", tasks=TASKS[:1]))
    engine.admit(request("dropped", tasks=TASKS[:1]))
    engine.cancel("dropped")
    assert list(finish(engine, 1)) == ["kept"]
    assert all(not engine.step() for _ in range(3))


def check_cancel_of_unknown(engine: Engine) -> None:
    engine.cancel("never seen")
    engine.admit(request("done", tasks=TASKS[:1]))
    finish(engine, 1)
    engine.cancel("done")
    assert engine.step() == []


def check_no_room_recovers(engine: Engine) -> None:
    taken = list(fill(engine))
    assert taken
    assert set(finish(engine, len(taken))) == set(taken)
    engine.admit(request("after", tasks=TASKS[:1]))
    assert list(finish(engine, 1)) == ["after"]


def check_cancel_makes_room(engine: Engine) -> None:
    taken = list(fill(engine))
    for each in taken:
        engine.cancel(each)
    for _ in range(3):
        assert engine.step() == []
    engine.admit(request("after", tasks=TASKS[:1]))
    assert list(finish(engine, 1)) == ["after"]


def check_odd_passages(engine: Engine) -> None:
    """An answer, or an error of ours: at the door or as the outcome, never another exception."""
    for number, passage in enumerate(ODD_PASSAGES):
        try:
            engine.admit(request(f"odd-{number}", passage))
        except DiglotError:
            continue
        outcome = finish(engine, 1)[f"odd-{number}"]
        assert isinstance(outcome, Answer | DiglotError)


Check = Callable[[Engine], None]
CHECKS: list[Check] = [
    check_identity,
    check_measure,
    check_one_answer_a_task_in_order,
    check_evidence,
    check_no_tasks,
    check_neighbours_change_nothing,
    check_same_id_twice,
    check_cancelled_never_finishes,
    check_cancel_of_unknown,
    check_no_room_recovers,
    check_cancel_makes_room,
    check_odd_passages,
]
