import pytest

from service.facts.build_cedict_terms import chinese_of, gerund, is_one, meanings

ENTRIES = [
    "貿易 贸易 [mao4 yi4] /(commercial) trade/CL:個|个[ge4]/",
    "東西 东西 [dong1 xi1] /east and west/",
    "東西 东西 [dong1 xi5] /thing/stuff/person/CL:個|个[ge4]/",
    "醫院 医院 [yi1 yuan4] /hospital/CL:所[suo3],家[jia1],座[zuo4]/",
]


def test_a_word_has_a_gloss_where_its_senses_are_few() -> None:
    found = meanings(ENTRIES)
    assert found["贸易"] == [["trade"]]
    assert is_one(found["贸易"])
    assert not is_one(found["东西"])


def test_an_english_term_has_the_chinese_word_that_is_used_for_it() -> None:
    assert chinese_of(meanings(ENTRIES)) == {"hospital": "医院"}


def test_a_verb_is_known_as_one_and_an_article_left_out() -> None:
    found = meanings(
        ["建設 建设 [jian4 she4] /to build/", "席位 席位 [xi2 wei4] /a seat (in a parliament)/"]
    )
    assert found == {"建设": [["to build"]], "席位": [["seat"]]}


@pytest.mark.parametrize(
    ("verb", "form"),
    [
        ("build", "building"), ("digitize", "digitizing"), ("cut", "cutting"),
        ("visit", "visiting"),
        ("submit", "submitting"), ("see", "seeing"), ("tie", "tying"), ("play", "playing"),
    ],
)  # fmt: skip
def test_the_form_of_a_verb_as_a_noun(verb: str, form: str) -> None:
    assert gerund(verb) == form
