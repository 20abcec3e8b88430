from service.facts.dictionary_names import chinese_for, stems_for


def test_names_of_the_dictionary_in_both_directions() -> None:
    assert "大西洋" in chinese_for("Atlantic")
    assert "爱沙尼亚" in chinese_for("Estonian")
    assert any("Nevada".lower().startswith(stem) for stem in stems_for("内华达"))
    assert chinese_for("Harlowbay") == []
    assert stems_for("这座桥") == frozenset()
