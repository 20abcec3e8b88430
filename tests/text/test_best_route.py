from typing import Any

import jieba
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.segmenter import segmenter

Route = dict[int, tuple[float, int]]


def jiebas_own(text: str) -> Route:
    tokenizer: Any = segmenter().dt
    route: Route = {}
    words = jieba.Tokenizer.get_DAG(tokenizer, text)
    jieba.Tokenizer.calc(tokenizer, text, words, route)
    return route


def filled(text: str) -> Route:
    tokenizer: Any = segmenter().dt
    route: Route = {}
    tokenizer.calc(text, tokenizer.get_DAG(text), route)
    return route


@pytest.mark.parametrize(
    "text", ["", "的", "㐀", "南京市长江大桥", "中华人民共和国", "㐀中㐀", "Linden", "第3号线"]
)
def test_the_route_is_jiebas(text: str) -> None:
    assert filled(text) == jiebas_own(text)


@given(
    st.text(
        st.sampled_from("中华人民共和国务院长江大桥市的一是在有不")
        | st.characters(min_codepoint=0x3FF0, max_codepoint=0x9FA5)
        | st.sampled_from("AB1+"),
        max_size=20,
    )
)
def test_the_route_of_any_text_is_jiebas(text: str) -> None:
    assert filled(text) == jiebas_own(text)
