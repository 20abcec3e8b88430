import pytest

from service.extractive.sentence_quality import extent, introduces, is_sound, leans
from service.text.script import to_script


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        ("The council voted for the bridge on Tuesday.", "en", True),
        ("The council voted", "en", False),
        ("Will the council vote for it now?", "en", False),
        ('"We are very happy with it."', "en", False),
        ('"We are happy," said the mayor of the town.', "en", True),
        ("• The council voted for the bridge.", "en", False),
        ("1. The council voted for the bridge.", "en", False),
        ("1.5 million people voted for the bridge.", "en", True),
        ("市议会周二投票赞成建桥。", "zh", True),
        ("市议会投票赞成建桥的经过", "zh", False),
        ("市议会会投票赞成建桥吗？", "zh", False),
        ("「我們對結果非常滿意。」", "zh", False),
        ("「我們非常滿意」，鎮長昨天表示。", "zh", True),
        ("一是市议会投票赞成建桥。", "zh", True),
        # A quotation left in another language does not count as a sentence of the digest.
        ("“We like the team,” said partner Ingrid Solheim.", "zh-Hant", False),
        ("合伙人说：“We like the team。”他们投了钱。", "zh", True),
        ("市議會表示贊成建橋。", "en", False),
    ],
)
def test_is_sound(sentence: str, language: str, expected: bool) -> None:
    assert is_sound(sentence, language) is expected


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        ("Who will pay?", "en", True),
        ('"We are very happy with it."', "en", True),
        ("The council voted for the bridge on Tuesday.", "en", False),
        ("1. Who will pay?", "en", False),
        ("Frequently asked", "en", False),
        ("谁来出这笔钱？", "zh", True),
        ("「我們對結果非常滿意。」", "zh", True),
        ("市议会周二投票赞成建桥。", "zh", False),
        ("谁来出钱", "zh", False),
    ],
)
def test_introduces(sentence: str, language: str, expected: bool) -> None:
    assert introduces(sentence, language) is expected


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        ("However, it rained.", "en", True),
        ("They left at noon.", "en", True),
        ("“This is new,” she said.", "en", True),
        ("Theodore left at noon.", "en", False),
        ("So-called experts left.", "en", False),
        ("The mayor left at noon.", "en", False),
        ("Second, the mayor left.", "en", True),
        ("Second place went to the mayor.", "en", False),
        ("By then they had left.", "en", True),
        ("第三，隧道要修。", "zh", True),
        ("第三名是市长。", "zh", False),
        ("换在半年前，他们要等很久。", "zh", True),
        ("然而，下雨了。", "zh", True),
        ("對此，公司沒有回應。", "zh", True),
        ("他還表示不滿。", "zh", True),
        ("其他三市也将参加。", "zh", False),
        ("该市将参加。", "zh", True),
        ("市长中午离开。", "zh", False),
        ("局方預料全年上升。", "zh-Hant", True),
        ("院方算了一夜。", "zh", True),
        ("意见稿附件称要收费。", "zh", True),
        ("可他没有来。", "zh", True),
        ("同样的活儿更贵。", "zh", True),
        ("可再生能源变便宜。", "zh", False),
        ("警方昨天道歉。", "zh", False),
        ("台方便面卖完了。", "zh", False),
    ],
)
def test_leans(sentence: str, language: str, expected: bool) -> None:
    assert leans(to_script(sentence, "Hans"), language) is expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("three plain words", "en", 3),
        ("x" * 120, "en", 10),
        ("", "en", 0),
        ("汉字 三个", "zh", 4),
        ("AI 模型", "zh-Hant", 4),
        ("日本 語", "ja", 3),
    ],
)
def test_extent(text: str, language: str, expected: int) -> None:
    assert extent(text, language) == expected


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800", "“" * 50_000, "in " * 50_000, "1." * 50_000]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_odd_text_is_not_sound(text: str, language: str) -> None:
    assert not is_sound(text, language) or text.startswith("1.")
    assert leans(text, language) in (True, False)
