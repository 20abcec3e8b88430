from service.facts.names import Glossary
from service.facts.short_forms import has_short_form, short_forms


def test_a_place_has_its_short_forms_in_both_languages() -> None:
    assert {"german", "德"} <= set(short_forms("Germany"))
    assert {"中", "chinese"} <= set(short_forms("China"))
    assert short_forms("Harlow Bay") == ()


def test_the_glossary_knows_them() -> None:
    glossary = Glossary.load()
    for key in ("China", "Germany", "COVID-19", "United States", "Guangdong"):
        assert glossary.entry(key) is not None, key


def test_one_character_is_a_place_beside_another() -> None:
    assert has_short_form("Germany", "中德两国")
    assert has_short_form("Germany", "德媒报道")
    assert not has_short_form("Germany", "道德问题")
    assert has_short_form("Germany", "the german side")


def test_a_short_form_begins_a_word_and_an_acronym_is_one() -> None:
    text = "a thousand people came to the casino because the duke had a mascot"
    for name in ("United States", "China", "United Kingdom", "Scotland", "Australia"):
        assert short_forms(name)
        assert not has_short_form(name, text), name
    assert has_short_form("United States", "the usa agreed")
    assert has_short_form("Germany", "two germans came")
