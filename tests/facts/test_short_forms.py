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
