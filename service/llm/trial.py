"""A trial of the forked path, module by module: is each what it is when its text is read at once?

Tokens meet in a few modules only: in attention, and in linear attention. Two texts that begin alike
are read the plain way, and what each of these modules reads and returns is noted. Then they are
read the forked way: each module is given the inputs that were noted, what it returns is compared,
and the noted output goes on in its place. So nothing adds up from layer to layer. Two equally right
computations differ by the rounding of one module, however much a model with 8-bit layers makes of
a difference in the last bit, and a fault shows in the module that has it.
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
"""Tokens; no layer looks back farther during a trial, so that a short text goes beyond it."""
WINDOWS = ("sliding_window", "attention_chunk_size")
"""How configurations and modules call that distance."""
HALVES = {torch.bfloat16, torch.float16}


class Unfit(Exception):
    """The forked path does not do what the plain one does."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What a module read and returned: (tokens of all texts, width), in float32."""

    inputs: Tensor
    outputs: Tensor


@dataclass(frozen=True, slots=True)
class Reference:
    """Texts of one length, (texts, tokens), read the plain way.

    `mixers`: the modules where tokens meet, by name. `logits`: (texts, last tokens, words).
    """

    texts: Tensor
    mixers: dict[str, nn.Module]
    noted: dict[str, Noted]
    logits: Tensor

    @classmethod
    def of(cls, model: Any, texts: Tensor, keep: int) -> "Reference":
        """Logits of the `keep` last tokens. Raises Unfit where no module is told of the past."""
        mixers, noted = _find_mixers(model, texts), dict[str, Noted]()

        def note(name: str, forward: Callable[..., Any], *args: Any, **more: Any) -> Any:
            with _in_float32(mixers[name]):
                args, more = _cast(args, HALVES, torch.float32), _cast(more, HALVES, torch.float32)
                result = forward(*args, **more)
            noted[name] = Noted(_rows(_read(args, more)), _rows(_returned(result)))
            return _cast(result, {torch.float32}, model.dtype)

        # By their numbers: given how many, some models leave the other tokens out on the way.
        last = torch.arange(texts.shape[1] - keep, texts.shape[1], device=texts.device)
        with _instead(mixers, note):
            logits = model(input_ids=texts, use_cache=True, logits_to_keep=last).logits
        return cls(texts, mixers, noted, logits.float())


@dataclass(slots=True)
class Trial:
    """The same texts read another way, within `watching`, by a model that was prepared for it.

    `exact`: modules compute in float32, whatever the model's number format is.
    """

    model: Any
    reference: Reference
    exact: bool
    _tokens: dict[tuple[int, int], int] = field(init=False)
    _rows: Tensor = field(init=False)
    _errors: dict[str, Tensor] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Which token of all texts has a position and an id? What they share is the first's."""
        texts = self.reference.texts.tolist()
        self._tokens = {
            pair: text * len(ids) + pair[0]
            for text, ids in reversed(list(enumerate(texts)))
            for pair in enumerate(ids)
        }

    @contextmanager
    def watching(self) -> Iterator[None]:
        hook = self.model.register_forward_pre_hook(self._find_rows, with_kwargs=True)
        with hook, _instead(self.reference.mixers, self._compare):
            yield

    def error(self, parts: Sequence[tuple[int, slice]]) -> float:
        """The largest there is: of each module's outputs, on average over the tokens of a part.

        `parts`: a text and some of its tokens. 0 is equal, about 1 has nothing to do with it.
        NaN where a module has not read all of them. Raises Unfit where it was not run at all.
        """
        if missing := self.reference.mixers.keys() - self._errors:
            raise Unfit(f"{min(missing)} was not run")
        errors = [each.view(self.reference.texts.shape) for each in self._errors.values()]
        means = [each[text, tokens].mean() for each in errors for text, tokens in parts]
        return float(torch.stack(means).max())

    def _find_rows(self, _: Any, __: Any, given: dict[str, Any]) -> None:
        """Which tokens of the texts does a pass read?"""
        positions, ids = (given[key].flatten().tolist() for key in ("position_ids", "input_ids"))
        rows = [self._tokens.get(pair) for pair in zip(positions, ids, strict=True)]
        if None in rows:
            raise Unfit("a token is read at another position than its own")
        self._rows = torch.tensor(rows, device=self.reference.texts.device)

    def _compare(self, name: str, forward: Callable[..., Any], *args: Any, **more: Any) -> Any:
        module, noted, rows = self.reference.mixers[name], self.reference.noted[name], self._rows
        arrived, first = _read(args, more), name == next(iter(self.reference.mixers))
        error = _distance(_rows(arrived), noted.inputs[rows]) if first else 0.0
        wide = torch.float32 if self.exact else arrived.dtype
        given = noted.inputs[rows].view(arrived.shape).to(wide)
        if self.exact:
            args, more = _cast(args, HALVES, wide), _cast(more, HALVES, wide)
        args, more = _replace(args, more, given)
        if self.exact:
            with _in_float32(module):
                result = forward(*args, **more)
        else:
            result = forward(*args, **more)
        found = _returned(result)
        error = error + _distance(_rows(found), noted.outputs[rows])
        if name not in self._errors:
            shape = self.reference.texts.numel()
            self._errors[name] = torch.full((shape,), torch.nan, device=found.device)
        self._errors[name][rows] = error
        right = noted.outputs[rows].view(found.shape).to(arrived.dtype)
        return (right, *result[1:]) if isinstance(result, tuple) else right


@contextmanager
def narrow_windows(model: Any) -> Iterator[None]:
    """Let no layer look back farther than WINDOW tokens."""
    places = [model.config, model.config.get_text_config(), *model.modules()]
    with ExitStack() as undo:
        for place in places:
            for name in WINDOWS:
                size = vars(place).get(name)
                if isinstance(size, int) and size > WINDOW:
                    setattr(place, name, WINDOW)
                    undo.callback(setattr, place, name, size)
        yield


def _find_mixers(model: Any, texts: Tensor) -> dict[str, nn.Module]:
    """The innermost modules that are handed the cache, by name, in the order they run in."""
    told: dict[str, nn.Module] = {}
    with ExitStack() as hooks:
        for name, module in model.named_modules():

            def see(module: nn.Module, args: Any, more: Any, name: str = name) -> None:
                if any(isinstance(value, Cache) for value in (*args, *more.values())):
                    told[name] = module

            hooks.enter_context(module.register_forward_pre_hook(see, with_kwargs=True))
        model(input_ids=texts[:1, :2], use_cache=True, logits_to_keep=1)
    inner = {n: m for n, m in told.items() if not any(o.startswith(f"{n}.") for o in told if n)}
    inner.pop("", None)
    if not inner:
        raise Unfit("no module is handed the past")
    return inner


@contextmanager
def _instead(modules: dict[str, nn.Module], function: Callable[..., Any]) -> Iterator[None]:
    """Call `function`, with a module's name and its forward, in place of each one's forward."""
    with ExitStack() as undo:
        for name, module in modules.items():
            own = vars(module).get("forward")
            module.forward = partial(function, name, module.forward)
            if own is None:
                undo.callback(vars(module).pop, "forward")
            else:
                undo.callback(setattr, module, "forward", own)
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
    """All tensors of these formats in nested tuples, lists and dictionaries, in another one."""
    if isinstance(value, Tensor):
        return value.to(to) if value.dtype in origins else value
    if isinstance(value, tuple | list):
        return type(value)(_cast(one, origins, to) for one in value)
    if isinstance(value, dict):
        return {key: _cast(one, origins, to) for key, one in value.items()}
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


def _distance(found: Tensor, expected: Tensor) -> Tensor:
    """Of each row, as a share of its expected length, or of the usual one where it is short."""
    lengths = expected.norm(dim=-1)
    distances: Tensor = (found - expected).norm(dim=-1)
    return distances.div(lengths.clamp(min=lengths.median()).clamp(min=1e-30))
