"""Trial: compares prefix sharing with a plain forward pass, one token mixer at a time.

Tokens interact only in token mixers: attention and linear attention. Two texts with the same
beginning are read the plain way, and the inputs and outputs of each mixer are recorded. Then they
are read the forked way: each mixer gets the recorded inputs, its outputs are compared, and the
recorded outputs are passed on. So errors do not add up over layers: two correct computations differ
by one module's rounding, even in a model with 8-bit layers that amplify a difference in the last
bit, and a fault shows in the module that has it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import Cache

WINDOW = 16
"""Most tokens that a layer attends to during a trial, so that a short text exceeds its window."""
WINDOWS = ("sliding_window", "attention_chunk_size")
"""The window's names in configurations and modules."""
HALVES = {torch.bfloat16, torch.float16}


class Unfit(Exception):
    """The forked path computes something else than the plain one."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A module's inputs and outputs, (tokens of all texts, width), in float32."""

    inputs: Tensor
    outputs: Tensor


@dataclass(frozen=True, slots=True)
class Reference:
    """Texts of one length, (texts, tokens), read the plain way.

    `mixers`: the token mixers by name. `logits`: (texts, last tokens, vocabulary).
    """

    texts: Tensor
    mixers: dict[str, nn.Module]
    recorded: dict[str, Recorded]
    logits: Tensor

    @classmethod
    def of(cls, model: Any, texts: Tensor, keep: int) -> "Reference":
        """Read `texts`, with logits of the `keep` last tokens. Raises Unfit for unknown mixers."""
        mixers, recorded = _find_mixers(model, texts), dict[str, Recorded]()

        def record(name: str, forward: Callable[..., Any], *args: Any, **more: Any) -> Any:
            with _in_float32(mixers[name]):
                args, more = _cast(args, HALVES, torch.float32), _cast(more, HALVES, torch.float32)
                result = forward(*args, **more)
            recorded[name] = Recorded(_rows(_read(args, more)), _rows(_returned(result)))
            return _cast(result, {torch.float32}, model.dtype)

        # By index, because some models skip the other tokens when they get a number.
        last = torch.arange(texts.shape[1] - keep, texts.shape[1], device=texts.device)
        with _instead(mixers, record):
            logits = model(input_ids=texts, use_cache=True, logits_to_keep=last).logits
        return cls(texts, mixers, recorded, logits.float())

    def is_finite(self) -> bool:
        """Whether no number of the plain reading is infinite or undefined."""
        tensors = [self.logits]
        for each in self.recorded.values():
            tensors += [each.inputs, each.outputs]
        return all(bool(tensor.isfinite().all()) for tensor in tensors)


@dataclass(slots=True)
class Trial:
    """A run of the forked path over the reference's texts by a prepared model, within `watching`.

    `exact`: modules compute in float32, whatever the model's number format.
    """

    model: Any
    reference: Reference
    exact: bool
    _tokens: dict[tuple[int, int], int] = field(init=False)
    _rows: Tensor = field(init=False)
    _errors: dict[str, Tensor] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        # By position and id, the index of a token in all texts; shared ones are the first text's.
        texts = self.reference.texts.tolist()
        self._tokens = {
            pair: text * len(ids) + pair[0]
            for text, ids in reversed(list(enumerate(texts)))
            for pair in enumerate(ids)
        }

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Compare every module that runs in this context with the reference."""
        hook = self.model.register_forward_pre_hook(self._find_rows, with_kwargs=True)
        with hook, _instead(self.reference.mixers, self._compare):
            yield

    def error(self, parts: Sequence[tuple[int, slice]]) -> float:
        """The largest error of any module, averaged over the tokens of a part.

        `parts`: a text's index and some of its tokens. 0 is equal, about 1 is unrelated; NaN where
        a module has not read all tokens. Raises Unfit where a module did not run.
        """
        if missing := self.reference.mixers.keys() - self._errors:
            raise Unfit(f"{min(missing)} was not run")
        errors = [each.view(self.reference.texts.shape) for each in self._errors.values()]
        means = [each[text, tokens].mean() for each in errors for text, tokens in parts]
        return float(torch.stack(means).max())

    def _find_rows(self, _: Any, __: Any, kwargs: dict[str, Any]) -> None:
        """Find the tokens of the texts that a pass reads."""
        positions, ids = (kwargs[key].flatten().tolist() for key in ("position_ids", "input_ids"))
        rows = [self._tokens.get(pair) for pair in zip(positions, ids, strict=True)]
        if None in rows:
            raise Unfit("a token is read at another position than its own")
        self._rows = torch.tensor(rows, device=self.reference.texts.device)

    def _compare(self, name: str, forward: Callable[..., Any], *args: Any, **more: Any) -> Any:
        module, recorded = self.reference.mixers[name], self.reference.recorded[name]
        rows, states, first = self._rows, _read(args, more), next(iter(self.reference.mixers))
        error = _distance(_rows(states), recorded.inputs[rows]) if name == first else 0.0
        dtype = torch.float32 if self.exact else states.dtype
        inputs = recorded.inputs[rows].view(states.shape).to(dtype)
        if self.exact:
            args, more = _cast(args, HALVES, dtype), _cast(more, HALVES, dtype)
        args, more = _replace(args, more, inputs)
        if self.exact:
            with _in_float32(module):
                result = forward(*args, **more)
        else:
            result = forward(*args, **more)
        outputs = _returned(result)
        error = error + _distance(_rows(outputs), recorded.outputs[rows])
        if name not in self._errors:
            shape = self.reference.texts.numel()
            self._errors[name] = torch.full((shape,), torch.nan, device=outputs.device)
        self._errors[name][rows] = error
        expected = recorded.outputs[rows].view(outputs.shape).to(states.dtype)
        return (expected, *result[1:]) if isinstance(result, tuple) else expected


@contextmanager
def narrow_windows(model: Any) -> Iterator[None]:
    """Limit the windows of all layers to WINDOW tokens."""
    owners = [model.config, model.config.get_text_config(), *model.modules()]
    with ExitStack() as undo:
        for owner in owners:
            for name in WINDOWS:
                size = vars(owner).get(name)
                if isinstance(size, int) and size > WINDOW:
                    setattr(owner, name, WINDOW)
                    undo.callback(setattr, owner, name, size)
        yield


def _find_mixers(model: Any, texts: Tensor) -> dict[str, nn.Module]:
    """The innermost modules that get the cache, by name, in the order in which they run."""
    with_cache: dict[str, nn.Module] = {}
    with ExitStack() as hooks:
        for name, module in model.named_modules():

            def note(module: nn.Module, args: Any, more: Any, name: str = name) -> None:
                if any(isinstance(value, Cache) for value in (*args, *more.values())):
                    with_cache[name] = module

            hooks.enter_context(module.register_forward_pre_hook(note, with_kwargs=True))
        model(input_ids=texts[:1, :2], use_cache=True, logits_to_keep=1)
    inner = {
        name: module
        for name, module in with_cache.items()
        if name and not any(other.startswith(f"{name}.") for other in with_cache)
    }
    if not inner:
        raise Unfit("no module is handed the past")
    return inner


@contextmanager
def _instead(modules: dict[str, nn.Module], function: Callable[..., Any]) -> Iterator[None]:
    """Replace each module's forward by `function`, which gets its name and its forward."""
    with ExitStack() as undo:
        for name, module in modules.items():
            patched = vars(module).get("forward")
            module.forward = partial(function, name, module.forward)
            if patched is None:
                undo.callback(vars(module).pop, "forward")
            else:
                undo.callback(setattr, module, "forward", patched)
        yield


@contextmanager
def _in_float32(module: nn.Module) -> Iterator[None]:
    tensors = [*module.parameters(), *module.buffers()]
    with ExitStack() as undo:
        for tensor in tensors:
            if tensor.dtype in HALVES:
                undo.callback(setattr, tensor, "data", tensor.data)
                tensor.data = tensor.data.float()
        yield


def _cast(value: Any, origins: set[torch.dtype], to: torch.dtype) -> Any:
    """`value` with all nested tensors of the formats `origins` cast to the format `to`."""
    if isinstance(value, Tensor):
        return value.to(to) if value.dtype in origins else value
    if isinstance(value, tuple | list):
        return type(value)(_cast(item, origins, to) for item in value)
    if isinstance(value, dict):
        return {key: _cast(item, origins, to) for key, item in value.items()}
    return value


def _read(args: Sequence[Any], more: dict[str, Any]) -> Tensor:
    """The hidden states that a module reads, (rows, tokens, width)."""
    states = more.get("hidden_states", args[0] if args else None)
    if not isinstance(states, Tensor) or states.ndim != 3:
        raise Unfit("a module that reads something else than hidden states")
    return states


def _replace(args: Sequence[Any], more: dict[str, Any], states: Tensor) -> tuple[Any, Any]:
    if "hidden_states" in more:
        return args, more | {"hidden_states": states}
    return (states, *args[1:]), more


def _returned(result: Any) -> Tensor:
    states = result[0] if isinstance(result, tuple) else result
    if not isinstance(states, Tensor) or states.ndim != 3:
        raise Unfit("a module that returns something else than hidden states")
    return states


def _rows(states: Tensor) -> Tensor:
    return states.detach().reshape(-1, states.shape[-1]).float()


def _distance(states: Tensor, expected: Tensor) -> Tensor:
    """The error of each row relative to its expected norm, or to the median norm if larger."""
    lengths = expected.norm(dim=-1)
    distances: Tensor = (states - expected).norm(dim=-1)
    return distances.div(lengths.clamp(min=lengths.median()).clamp(min=1e-30))
