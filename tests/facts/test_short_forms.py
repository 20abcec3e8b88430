from service.facts.names import Glossary
from service.facts.short_forms import short_forms


def test_a_place_has_its_short_forms_in_both_languages() -> None:
    assert {"german", "德"} <= set(short_forms("Germany"))
    assert {"中", "chinese"} <= set(short_forms("China"))
    assert short_forms("Harlow Bay") == ()


def test_the_glossary_knows_them() -> None:
    glossary = Glossary.load()
    for key in ("China", "Germany", "COVID-19", "United States", "Guangdong"):
        assert glossary.entry(key) is not None, key
