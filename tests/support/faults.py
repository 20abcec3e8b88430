"""Faults that a forked path can have, put into the engine one at a time."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from torch import nn

from service.llm import forward
from service.llm.attention_metadata import AttentionMetadata, QuerySegment
from service.llm.forward import ATTENTION
from service.llm.kv_cache import RecurrentState

Segments = Sequence[QuerySegment]


def _later(segments: Segments) -> Segments:
    """Generated tokens get a position that is one too high."""
    return [
        dataclasses.replace(each, position=each.position + (each.tokens == 1)) for each in segments
    ]


def _neighbours(segments: Segments) -> Segments:
    """Generated tokens attend to those of the neighbouring row."""
    written = [each for each in segments if each.tokens == 1]
    if len(written) < 2:
        return segments
    own = [each.spans[-1] for each in (*written[1:], written[0])]
    swapped = (
        dataclasses.replace(each, spans=(*each.spans[:-1], span))
        for each, span in zip(written, own, strict=True)
    )
    return [next(swapped) if each.tokens == 1 else each for each in segments]


def _twice(segments: Segments) -> Segments:
    """The passage is read twice by what goes on from it."""
    return [
        dataclasses.replace(each, spans=(each.spans[0], *each.spans))
        if len(each.spans) > 1
        else each
        for each in segments
    ]


def _forgotten(segments: Segments) -> Segments:
    """Generated tokens do not attend to the instruction before them."""
    return [
        dataclasses.replace(each, spans=(*each.spans[:-1], (each.slot, 1, each.position)))
        if each.tokens == 1
        else each
        for each in segments
    ]


IN_SPANS: dict[str, Callable[[Segments], Segments]] = {
    "positions off by one": _later,
    "a neighbour's keys": _neighbours,
    "a past read twice": _twice,
    "an instruction forgotten": _forgotten,
}


@contextmanager
def fault(name: str, model: Any) -> Iterator[None]:
    """Within it, the engine has the fault of this name."""
    with pytest.MonkeyPatch.context() as patch:
        if name in IN_SPANS:
            right = AttentionMetadata.of
            patch.setattr(AttentionMetadata, "of", lambda segments: right(IN_SPANS[name](segments)))
        elif name == "a window dropped":
            params = forward.AttentionParams
            windowless = lambda scale, _, *more: params(scale, 0, *more)  # noqa: E731
            patch.setattr(forward, "AttentionParams", windowless)
        elif name == "a state not copied":
            patch.setattr(RecurrentState, "copy", lambda *_: None)
        else:
            assert name == "rotation off by one"
            _turn_too_far(patch, model)
        yield


def _turn_too_far(patch: pytest.MonkeyPatch, model: Any) -> None:
    """The model gets the right positions, and rotates decoded tokens by the next one."""
    for module in model.modules():
        if "RotaryEmbedding" in type(module).__name__:
            patch.setattr(module, "forward", _turned_too_far(model, module))


def _turned_too_far(model: Any, module: nn.Module) -> Callable[..., Any]:
    right = module.forward

    def forward(x: Any, position_ids: Any, *more: Any, **named: Any) -> Any:
        writes = model.config._attn_implementation == ATTENTION and position_ids.shape[-1] < 4
        return right(x, position_ids + writes, *more, **named)

    return forward


def faults_of(model: Any) -> list[str]:
    """Those that a model can have."""
    config = model.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ["sliding_attention"])
    names = [*IN_SPANS, "rotation off by one"]
    if getattr(config, "sliding_window", None) and "sliding_attention" in kinds:
        names.append("a window dropped")
    if "linear_attention" in kinds:
        names.append("a state not copied")
    return names
