import pytest

from service.digest import DigestTask
from service.llm.answers import token_limit, whole_sentences


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("The bridge closes. Shops prot", "The bridge closes."),
        ("The bridge closes. It costs 41.5 mill", "The bridge closes."),
        ("It costs 41.5 million. The mayor said 4.", "It costs 41.5 million."),
        ('He said: "It closes." And th', 'He said: "It closes."'),
        ("旧桥关闭。商户反", "旧桥关闭。"),
        ("市长说：“旧桥关闭。”商户", "市长说：“旧桥关闭。”"),
        ("花费4150万！多出三", "花费4150万！"),
        ("no sentence at all", "no sentence at all"),
        ("没有完整的句子", "没有完整的句子"),
        ("", ""),
        ("A full digest.", "A full digest."),
    ],
)
def test_a_cut_digest_ends_with_a_full_sentence(text: str, kept: str) -> None:
    assert whole_sentences(text) == kept


def test_the_room_follows_language_and_length() -> None:
    limits = [token_limit(DigestTask("en", length)) for length in ("short", "medium", "long")]
    assert limits == [100, 200, 400]
    limits = [token_limit(DigestTask("zh", length)) for length in ("short", "medium", "long")]
    assert limits == [120, 240, 480]
