from service.text.han import (
    big5_level_one,
    gb2312_level_one,
    script_evidence,
    to_simplified,
    to_traditional,
)


def test_the_standards_have_their_known_sizes() -> None:
    assert len(gb2312_level_one()) == 3755
    assert len(big5_level_one()) == 5401


def test_no_character_belongs_to_both_scripts() -> None:
    assert not to_simplified().keys() & to_traditional().keys()


def test_a_form_never_belongs_to_the_script_it_leaves() -> None:
    assert not set(to_simplified().values()) & to_simplified().keys()
    assert not set(to_traditional().values()) & to_traditional().keys()


def test_shared_characters_are_not_evidence() -> None:
    assert script_evidence("后里台干中文著着") == (0, 0)
    assert script_evidence("将于说們") == (2, 1)
