import pytest

from service.facts.sounds import SoundIndex, WordSounds, sounds_of_character


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Bolsonaro", "巴西总统博索纳罗宣布"),
        ("Duterte", "总统杜特尔特表示"),
        ("Schwarzenegger", "演员施瓦辛格说"),
        ("Monash", "莫纳什大学的研究"),
        ("Haisong", "记者王海松报道"),
        ("Lingqiang", "站长孔令强说"),
    ],
)
def test_a_name_is_found_by_its_sound(word: str, text: str) -> None:
    assert SoundIndex(text).has(word)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Kavanaugh", "巴西总统博索纳罗宣布"),
        ("Provenzano", "总统杜特尔特表示"),
        ("Xiaoping", "记者王海松报道"),
    ],
)
def test_another_name_is_not(word: str, text: str) -> None:
    assert not SoundIndex(text).has(word)


@pytest.mark.parametrize(
    ("name", "text", "has"),
    [
        ("博索纳罗", "President Bolsonaro said so", True),
        ("杜特尔特", "President Duterte said so", True),
        ("卡瓦诺", "President Bolsonaro said so", False),
        ("普罗文扎诺", "President Duterte said so", False),
    ],
)
def test_a_transliteration_is_found_in_english(name: str, text: str, has: bool) -> None:
    assert WordSounds(text).has(name) is has


def test_pinyin_is_found_with_and_without_its_suffix() -> None:
    words = WordSounds("Farmers of Yilan County in Xi'an")
    assert words.has_pinyin("宜兰县")
    assert words.has_pinyin("西安市")
    assert not words.has_pinyin("青岛")


@pytest.mark.parametrize(
    ("character", "sounds"),
    [("华", "W"), ("黄", "WN"), ("回", "W"), ("二", "L"), ("北", "P"), ("a", "?")],
)
def test_a_character_has_the_sounds_of_its_syllable(character: str, sounds: str) -> None:
    assert sounds_of_character(character) == sounds
