import pytest

from service.extractive.standing import standing


@pytest.mark.parametrize(
    ("phrase", "text", "places"),
    [
        ("人工智慧", "人工智慧發展很快。", [0]),
        ("人工智慧", "人工智慧部門裁員，人工智慧發展很快。", [9]),
        ("开源", "开源AI模型失败了。", []),
        ("开源", "他支持开源。开源模型失败了。", [3]),
        ("晨星", "晨星公司裁员了。", [0]),
        ("Apple", "Apple said that apple was well.", [0, 16]),
        ("Apple", "Apple Music failed. Apple did not.", [20]),
        ("open source", "An open source-like model; open source lives.", [27]),
        ("source", "An open-source model; the source lives.", [26]),
        ("", "Apple", []),
    ],
)
def test_a_phrase_within_a_longer_name_does_not_stand_as_itself(
    phrase: str, text: str, places: list[int]
) -> None:
    assert list(standing(phrase, text)) == places
