from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.script import Script, is_pure, to_script

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
FREQUENT = st.sampled_from(
    "這个說发發將将于於后後里裡著着麼么乾干隻只台臺湾灣衞説爲为，。“「」”‘’ aZ3\n"
)


@pytest.mark.parametrize(
    ("text", "script", "expected"),
    [
        ("這意味著公司將推出「牛油果」", "Hans", "这意味着公司将推出“牛油果”"),
        ("著名作家的著作", "Hans", "著名作家的著作"),
        ("他問『是嗎』，衞生署説", "Hans", "他问‘是吗’，卫生署说"),
        ("他们说“这里很漂亮”", "Hant", "他們說「這裡很漂亮」"),
        ("皇后后面有一公里", "Hant", "皇后後面有一公里"),
        ("Meta’s deal: 叫‘小’", "Hant", "Meta’s deal: 叫『小』"),
        ("The quick “brown” fox", "Hant", "The quick “brown” fox"),
        ("", "Hans", ""),
    ],
)
def test_converts(text: str, script: Script, expected: str) -> None:
    assert to_script(text, script) == expected


def test_repairs_traditional_text_only_where_simplified_got_in() -> None:
    mixed = "蘇姿丰說，該產品将于明年推出，公司裏的人預計將于三月看到。"
    assert to_script(mixed, "Hant") == "蘇姿丰說，該產品將於明年推出，公司裏的人預計將於三月看到。"


@pytest.mark.parametrize("script", ["Hans", "Hant"])
@given(text=st.text(HAN | FREQUENT, max_size=60))
def test_the_result_is_pure_and_stays(script: Script, text: str) -> None:
    once = to_script(text, script)
    assert is_pure(once, script)
    assert to_script(once, script) == once


@pytest.mark.parametrize("script", ["Hans", "Hant"])
@given(text=st.text(st.characters(), max_size=60))
def test_takes_any_unicode(script: Script, text: str) -> None:
    assert is_pure(to_script(text, script), script)


def test_is_pure_tells_a_single_foreign_character() -> None:
    assert is_pure("开源模型将于明年推出", "Hans")
    assert not is_pure("开源模型將于明年推出", "Hans")
    assert is_pure("皇后在后里的台上", "Hant")
    assert not is_pure("開源模型将於明年推出", "Hant")


def test_threads_share_the_converters() -> None:
    texts = ["這意味著將推出", "他们说这里"] * 50
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda text: to_script(text, "Hans"), texts))
    assert results == ["这意味着将推出", "他们说这里"] * 50


def test_text_behind_a_nul_is_converted_too() -> None:
    assert to_script("圖書館\0開放", "Hans") == "图书馆\0开放"
    assert to_script("图书馆\0开放", "Hant") == "圖書館\0開放"
