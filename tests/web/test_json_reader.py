"""JSON arrays that come in parts, and malformed ones."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInput, Unreadable
from service.web import json_reader
from service.web.json_reader import JsonArray, parse_json

LEAVES = st.none() | st.booleans() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)
ARTICLES = '[{"text": "The bridge.", "n": -1.5e+3}, {"text": "桥\\n🎉"}, 12, true, [], "é\\"]"]'


def read(body: bytes, part: int = 1 << 16) -> list[Any]:
    parts = iter([body[at : at + part] for at in range(0, len(body), part)])
    return list(JsonArray(lambda: next(parts, b"")))


@given(st.lists(VALUES), st.integers(1, 40), st.booleans(), st.sampled_from([None, 2]))
def test_an_array_in_parts_is_the_same_as_whole(
    values: list[Any], part: int, ascii: bool, indent: int | None
) -> None:
    body = json.dumps(values, ensure_ascii=ascii, indent=indent).encode("utf-8", "replace")
    assert read(body, part) == json.loads(body)


@pytest.mark.parametrize("part", range(1, 30))
def test_a_body_may_be_cut_anywhere(part: int) -> None:
    assert read(ARTICLES.encode(), part) == json.loads(ARTICLES)
    assert read(b"\xef\xbb\xbf" + ARTICLES.encode(), part) == json.loads(ARTICLES)


@pytest.mark.parametrize("part", [1, 1 << 16])
@pytest.mark.parametrize(
    "body",
    [
        "", " ", "{", "x", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", '["a', '[{"a": }]',
        '[{"a": 1]', "[1] x", "[1][2]", "[tru]", "[nul", "[NaN]", "[-Infinity]", "[01]", "[1.]",
        '["\\x"]', '["\\u12"]', '["a\nb"]', "[+1]", "['a']",
    ],
)  # fmt: skip
def test_a_body_that_is_not_an_array_is_refused(body: str, part: int) -> None:
    with pytest.raises(Unreadable, match=r"array|JSON"):
        read(body.encode(), part)


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    for body in (b'[{"text": "a\xff"}]', '["桥"]'.encode()[:-3], "['桥".encode("gbk")):
        with pytest.raises(Unreadable):
            read(body)


@pytest.mark.parametrize(
    "number", ["1e9999999999999999999", "-1e-9999999999999999999", "9" * 5000, "1e400", "-0", "1e2"]
)
def test_a_number_may_be_of_any_size(number: str) -> None:
    whole = parse_json(f'{{"text": "桥", "timeout": {number}}}')
    for part in (1, 7, 1 << 16):
        assert read(f'[{{"text": "桥", "timeout": {number}}}, {number}]'.encode(), part) == [
            whole,
            whole["timeout"],
        ]


@pytest.mark.parametrize("text", ["The bridge.", "桥"])
def test_a_name_that_stands_twice_is_the_error_of_its_element(text: str) -> None:
    twice, good = read(json.dumps([{"a": text}]).encode()[:-1] + b', {"a": 1}]'), {"a": 1}
    assert twice[1] == good
    found = read(b'[{"text": "a", "text": "b"}, {"text": "c"}]')
    assert isinstance(found[0], BadInput)
    assert found[1] == {"text": "c"}


BOMBS = {
    "open": b"[" * 2_000_000,
    "nested": b'[{"text":"a","x":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}]",
    "objects": b'[{"text":"a","x":' + b'{"a":' * 500_000 + b"1" + b"}" * 500_000 + b"}]",
}


class CountingDecoder:
    """Counts the characters that it is given to read: at most one value is read in each call."""

    def __init__(self) -> None:
        self.characters = 0
        self._decode = json_reader._DECODER.raw_decode

    def raw_decode(self, text: str, at: int) -> tuple[Any, int]:
        self.characters += len(text) - at
        return self._decode(text, at)


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> CountingDecoder:
    decoder = CountingDecoder()
    monkeypatch.setattr(json_reader, "_DECODER", decoder)
    return decoder


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("part", [1000, 1 << 16])
def test_a_bomb_is_read_once_and_not_to_its_end(
    name: str, part: int, decoder: CountingDecoder
) -> None:
    with pytest.raises(Unreadable, match="nested too deeply"):
        read(BOMBS[name], part)
    assert decoder.characters < 200_000


@pytest.mark.parametrize("text", ["a", "桥"])
def test_a_long_element_in_small_parts_is_read_in_linear_time(
    text: str, decoder: CountingDecoder
) -> None:
    assert read(f'["{text * 500_000}"]'.encode(), 1000) == [text * 500_000]
    assert decoder.characters < 4 * 500_000
