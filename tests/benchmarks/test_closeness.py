"""The figures of accuracy, on distributions that can be worked out by hand."""

import math

import pytest
import torch

from benchmarks.closeness import Closeness, table, windows
from benchmarks.own_logits import q8_0

THIRDS = torch.tensor([0.5, 0.25, 0.25]).log()
OTHER = torch.tensor([0.25, 0.5, 0.25]).log()


def closeness(reference: torch.Tensor, other: torch.Tensor, ids: list[int]) -> dict[str, float]:
    found = Closeness()
    found.add(ids, reference.expand(len(ids), -1), other.expand(len(ids), -1))
    return found.figures()


def test_a_model_is_as_close_to_itself_as_can_be() -> None:
    figures = closeness(THIRDS, THIRDS + 3, [0, 0, 1])  # logits may all be shifted
    assert figures["tokens"] == 2
    assert figures["kl"] == pytest.approx(0, abs=1e-6)
    assert figures["equal_top1"] == 1
    assert figures["perplexity"] == pytest.approx(math.sqrt(2 * 4))
    assert closeness(THIRDS, THIRDS, [0, 0])["logits_error"] == 0


def test_figures_of_two_distributions() -> None:
    figures = closeness(THIRDS, OTHER, [2, 0, 0, 0])
    assert figures["kl"] == pytest.approx(0.25 * math.log(2))  # .5 ln 2 - .25 ln 2
    assert figures["equal_top1"] == 0
    assert figures["reference_perplexity"] == pytest.approx(2)
    assert figures["perplexity"] == pytest.approx(4)
    difference = math.sqrt(2) * math.log(2)
    spread = math.log(2) * math.sqrt(4 / 9 + 1 / 9 + 1 / 9)
    assert figures["logits_error"] == pytest.approx(difference / spread)


def test_texts_add_up() -> None:
    found = Closeness()
    found.add([0, 0], THIRDS.expand(2, -1), THIRDS.expand(2, -1))
    found.add([0] * 4, THIRDS.expand(4, -1), OTHER.expand(4, -1))
    figures = found.figures()
    assert figures["tokens"] == 4
    assert figures["equal_top1"] == 0.25
    assert figures["kl"] == pytest.approx(0.75 * 0.25 * math.log(2))


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", ["One. Two.", "Three."]), ("zh", ["One.Two.", "Three."])],
)
def test_sentences_are_joined_to_texts(language: str, expected: list[str]) -> None:
    assert windows(["One.", "Two.", "Three."], 2, language) == expected


def test_the_table_divides_by_the_peers_error() -> None:
    ours = closeness(THIRDS, OTHER, [2, 0, 0, 0])
    peer = ours | {"logits_error": ours["logits_error"] / 2}
    text = table({"diglot-int8": ours, "llama-cpp-q8": peer}, "llama-cpp-q8")
    assert [line.split(" | ")[-1] for line in text.splitlines()[2:]] == ["2.00 |", "1.00 |"]
    assert "2.00 → 4.00 | +100.00%" in text


def test_q8_0_rounds_to_127_steps_of_the_largest_of_32() -> None:
    values = torch.linspace(-1, 1, 64)[None]
    rounded = q8_0(values)
    scales = values.view(2, 32).abs().amax(-1, keepdim=True) / 127
    steps = rounded.view(2, 32) / scales.half().float()
    assert torch.allclose(steps, steps.round(), atol=1e-3)
    assert (rounded - values).abs().max() <= scales.max() * 0.6
    assert torch.equal(q8_0(torch.zeros(1, 32)), torch.zeros(1, 32))
    assert torch.equal(q8_0(values[:, :33]), values[:, :33])
