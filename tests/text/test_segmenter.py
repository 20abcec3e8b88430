from service.text.segmenter import segmenter


def test_cuts_chinese_into_words_and_leaves_latin_whole() -> None:
    assert segmenter().lcut("市议会支持OpenAI的计划") == ["市议会", "支持", "OpenAI", "的", "计划"]


def test_is_loaded_once() -> None:
    assert segmenter() is segmenter()
