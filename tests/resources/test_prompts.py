from pathlib import Path

import pytest

from service.article import Document
from service.errors import BadSetting
from service.facts.names import Glossary
from service.resources.prompts import (
    MAX_NAMES,
    SHIPPED,
    load_prompts,
    size,
    spellings,
    stance_language,
    stance_words,
)
from service.tasks import DigestLanguage, DigestTask, StanceTask, TranslationTask


def test_every_shipped_prompt_is_filled_completely() -> None:
    prompts = load_prompts()
    for task in (DigestTask("en"), DigestTask("zh"), StanceTask("the tax")):
        for passage_language in ("en", "zh-Hant"):
            assert "{" not in prompts.instruction(task, passage_language)


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (DigestTask("en", "short"), ["English", "40 words"]),
        (DigestTask("en", "long"), ["English", "160 words"]),
        (DigestTask("zh", "medium"), ["简体中文", "约160字"]),
    ],
)
def test_a_digest_is_asked_in_its_own_language_and_length(
    task: DigestTask, words: list[str]
) -> None:
    instruction = load_prompts().instruction(task, "fr")
    assert str(size(task)) in instruction
    for word in words:
        assert word in instruction


@pytest.mark.parametrize(
    ("passage_language", "language", "words"),
    [
        ("en", "en", ["favor", "against", "none"]),
        ("zh-Hant", "zh", ["支持", "反对", "中立"]),
        ("ZH", "zh", ["支持", "反对", "中立"]),
        ("zho", "en", ["favor", "against", "none"]),
        ("ja", "en", ["favor", "against", "none"]),
        ("", "en", ["favor", "against", "none"]),
    ],
)
def test_a_stance_is_asked_in_the_language_of_the_passage(
    passage_language: str, language: str, words: list[str]
) -> None:
    instruction = load_prompts().instruction(StanceTask("碳税 carbon tax"), passage_language)
    assert stance_language(passage_language) == language
    assert list(stance_words(passage_language).values()) == words
    assert "碳税 carbon tax" in instruction
    assert all(word in instruction for word in words)


@pytest.mark.parametrize(
    ("language", "names", "line"),
    [
        (
            "en",
            {"布鲁克": "Brook", "林登河": "Linden"},
            "Names in English: 布鲁克 = Brook; 林登河 = Linden",
        ),
        ("zh", {"Brook {length}": "布鲁克"}, "人名地名的译法：Brook {length} = 布鲁克"),
    ],
)
def test_names_are_given_where_there_are_any(
    language: DigestLanguage, names: dict[str, str], line: str
) -> None:
    prompts, task = load_prompts(), DigestTask(language)
    without = prompts.instruction(task, "fr")
    assert prompts.instruction(task, "fr", names) == f"{without}\n{line}"
    assert prompts.instruction(task, "fr", {}) == without
    assert "\n" not in without


def test_a_prompt_may_leave_names_out(tmp_path: Path) -> None:
    (tmp_path / "digest.zh.txt").write_text("约{length}字。", encoding="utf-8")
    assert load_prompts(tmp_path).instruction(DigestTask("zh"), "en", {"a": "甲"}) == "约160字。"


@pytest.mark.parametrize("target", ["{target}", "{length}", r"\1 \g<0>", "100% {", "“引号”"])
def test_a_target_is_never_expanded(target: str) -> None:
    assert f'"{target}"' in load_prompts().instruction(StanceTask(target), "en")


def test_a_folder_replaces_the_files_that_it_holds(tmp_path: Path) -> None:
    (tmp_path / "digest.en.txt").write_text("\ufeffSum up in {length} words.\n", encoding="utf-8")
    own, shipped = load_prompts(tmp_path), load_prompts()
    assert own.instruction(DigestTask("en"), "zh") == "Sum up in 80 words."
    assert own.texts["digest.zh.txt"] == shipped.texts["digest.zh.txt"]
    assert own.fingerprint != shipped.fingerprint


def test_the_fingerprint_follows_every_file_and_nothing_else(tmp_path: Path) -> None:
    for path in SHIPPED.glob("*.txt"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    same = load_prompts(tmp_path).fingerprint
    assert same == load_prompts().fingerprint
    assert same.startswith("sha256:") and len(same) == len("sha256:") + 64
    seen = {same}
    for path in sorted(tmp_path.glob("*.txt")):
        path.write_text(path.read_text(encoding="utf-8").strip() + "!", encoding="utf-8")
        seen.add(load_prompts(tmp_path).fingerprint)
    assert len(seen) == 1 + len(list(SHIPPED.glob("*.txt")))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("digest.en.txt", "Write a digest.", r"digest\.en\.txt lacks the placeholder \{length\}"),
        ("digest.zh.txt", "约{length}字，{lenght}", r"digest\.zh\.txt .*unknown .*\{lenght\}"),
        ("digest.en.txt", "{length} {}", r"digest\.en\.txt .*unknown placeholder \{\}"),
        ("stance.en.txt", "Toward {target}: favor, none", r"stance\.en\.txt .*label against"),
        ("stance.zh.txt", "{target}{names}支持、反对、中立", r"stance\.zh.*unknown .*\{names\}"),
        ("stance.zh.txt", "支持、反对、中立", r"stance\.zh\.txt lacks the placeholder \{target\}"),
        ("stance.zh.txt", "{target}：favor", r"stance\.zh\.txt .*label 支持"),
        ("translate.en.txt", "Translate.", r"translate\.en\.txt lacks the placeholder \{text\}"),
        (
            "translate.zh.txt",
            "译：Yes\n\n译：{text}",
            r"translate\.zh.*paragraph 1 must be a message",
        ),
        ("translate.en.txt", "{text}\nB\n\nA", r"translate\.en.*paragraph 1 must be a"),
        ("translate.zh.txt", "译：{text}\n甲\n\n译：{text}", r"translate\.zh.*paragraph 1 must"),
        ("digest.eng.txt", "{length}", r"digest\.eng\.txt is no prompt"),
        ("digest.en.txt", " \n", r"digest\.en\.txt must hold"),
        ("digest.en.txt", "{length}" + "x" * 20_000, r"digest\.en\.txt must hold"),
    ],
)
def test_a_wrong_prompt_stops_the_start(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadSetting, match=said):
        load_prompts(tmp_path)


def test_a_prompt_that_is_not_utf8_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "digest.zh.txt").write_bytes("约{length}字".encode("gb18030"))
    with pytest.raises(BadSetting, match=r"digest\.zh\.txt can't be read"):
        load_prompts(tmp_path)


def test_a_missing_folder_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="no folder nowhere"):
        load_prompts(tmp_path / "nowhere")


GLOSSARY = Glossary.load()


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("阿里巴巴在北京开会，北京下雨。", "en", {"阿里巴巴": "Alibaba", "北京": "Beijing"}),
        (
            "Alibaba met in Beijing; Beijing was wet.",
            "zh",
            {"Alibaba": "阿里巴巴", "Beijing": "北京"},
        ),
        ("阿里巴巴在北京开会。", "zh", {}),
        ("Alibaba met in Beijing.", "en", {}),
        ("深度求索发布新模型。", "zh", {}),  # a Chinese name is not foreign in Chinese
        ("没有名字。", "en", {}),
        ("", "zh", {}),
    ],
)
def test_names_cross_from_one_writing_to_the_other(
    text: str, language: DigestLanguage, expected: dict[str, str]
) -> None:
    assert spellings(Document.of(text), language, GLOSSARY) == expected
    assert list(spellings(Document.of(text), language, GLOSSARY)) == list(expected)


def test_a_list_of_countries_does_not_fill_the_prompt() -> None:
    text = "中国、日本、法国、德国、英国、美国、印度、巴西、埃及、越南、泰国、波兰、瑞典、挪威。"
    assert len(spellings(Document.of(text), "en", GLOSSARY)) == MAX_NAMES


@pytest.mark.parametrize(
    ("language", "text"), [("en", "新桥{text}通车。"), ("zh", "It {names} rains.")]
)
def test_a_translation_is_asked_after_examples(language: DigestLanguage, text: str) -> None:
    turns, message = load_prompts().translation(TranslationTask(language, text))
    before, after = message.split(text)
    assert len(turns) >= 2
    for turn in turns:
        assert turn.message.startswith(before) and turn.message.endswith(after)
        assert turn.answer.strip()


def test_a_translation_may_be_asked_without_examples(tmp_path: Path) -> None:
    (tmp_path / "translate.zh.txt").write_text("译：{text}\n", encoding="utf-8")
    found = load_prompts(tmp_path).translation(TranslationTask("zh", "Rain."))
    assert found == ((), "译：Rain.")
