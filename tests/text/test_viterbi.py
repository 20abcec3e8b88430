import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.segmenter import segmenter

posseg = segmenter().posseg
TABLES: tuple[Any, ...] = (
    posseg.char_state_tab_P,
    posseg.start_P,
    posseg.trans_P,
    posseg.emit_P,
)
ORIGINAL = sys.modules["jieba.posseg.viterbi"].viterbi


def test_the_tagger_uses_it() -> None:
    assert posseg.viterbi is not ORIGINAL


@pytest.mark.parametrize(
    "text", ["岚港地铁", "洗腎中心", "㐀", "㐀㐁", "中㐀文", "的", "Linden林登"]
)
def test_the_path_is_jiebas(text: str) -> None:
    assert posseg.viterbi(text, *TABLES) == ORIGINAL(text, *TABLES)


@given(
    st.text(
        st.sampled_from("的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以")
        | st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
        | st.characters(min_codepoint=0x3400, max_codepoint=0x3420),
        min_size=1,
        max_size=9,
    )
)
def test_the_path_of_any_text_is_jiebas(text: str) -> None:
    assert posseg.viterbi(text, *TABLES) == ORIGINAL(text, *TABLES)
