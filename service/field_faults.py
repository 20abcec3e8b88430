"""The faults of a JSON document's fields in a reader's words, without those of the validator."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

_OTHER = "has a value that is not allowed"
_WORDS: Mapping[str, str] = {
    "missing": "is required",
    "string_type": "must be a string",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "json_invalid": "This is not a JSON object; each line must be one",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must hold at least {min_length} items",
    "too_long": "must hold at most {max_length} items",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
}
"""By pydantic's type of an error, with gaps for its context. A fault of the whole document has no
field, so its words are a sentence of their own.
"""


class FieldFault(NamedTuple):
    """A fault of one field.

    `field` is a path such as `messages[0].role`; `message` goes on from it.
    """

    field: str
    message: str


def field_faults(error: ValidationError, model: type[BaseModel]) -> Iterator[FieldFault]:
    """The faults of a document that should be a `model`, in the order in which they were found."""
    for found in error.errors(include_url=False, include_input=False):
        yield _fault(found["type"], found["loc"], found.get("ctx", {}), model)


def _fault(
    kind: str, place: Sequence[int | str], context: Mapping[str, Any], model: type[BaseModel]
) -> FieldFault:
    if place and place[-1] == "[key]":  # of a dictionary whose keys are listed
        known = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        return FieldFault(_path(place[:-1]), f"is not known; known are {known}")
    if kind == "extra_forbidden":
        known = ", ".join(sorted(_model_at(place[:-1], model).model_fields))
        return FieldFault(_path(place), f"is not known; known are {known}")
    if kind == "too_short" and context.get("min_length") == 1:
        return FieldFault(_path(place), "must not be empty")
    return FieldFault(_path(place), _WORDS.get(kind, _OTHER).format_map(context))


def _path(place: Sequence[int | str]) -> str:
    path = ""
    for step in place:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _model_at(place: Sequence[int | str], model: type[BaseModel]) -> type[BaseModel]:
    """The model of the object that stands at `place` in a document of `model`."""
    for step in place:
        if step in model.model_fields:
            model = next(_models(model.model_fields[str(step)].annotation), model)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that are named in a field's annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
