import itertools
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadSetting
from service.facts.names import SHIPPED, Glossary


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return Glossary.load()


def keys(glossary: Glossary, text: str) -> list[str]:
    return [name.key for name in glossary.find_names(text)]


@pytest.mark.parametrize(
    ("key", "spellings"),
    [
        ("Mark Zuckerberg", ["扎克伯格", "祖克柏", "朱克伯格", "Zuckerberg", "Mark Zuckerberg"]),
        ("Yann LeCun", ["楊立昆", "杨立昆", "顏樂存", "LeCun"]),
        ("NVIDIA", ["英偉達", "輝達", "英伟达", "Nvidia", "NVIDIA"]),
        ("Donald Trump", ["特朗普", "川普", "Trump", "唐納·川普"]),
        ("United States", ["美國", "美国", "the United States", "U.S.", "US"]),
        ("European Central Bank", ["欧洲央行", "歐洲央行", "ECB"]),
        ("New Zealand", ["新西兰", "紐西蘭"]),
        ("Reuters", ["路透社", "Reuters"]),
        ("Meta", ["Meta", "meta的模型"]),
    ],
)
def test_one_name_under_many_spellings(glossary: Glossary, key: str, spellings: list[str]) -> None:
    for spelling in spellings:
        assert keys(glossary, spelling) == [key], spelling
        assert keys(glossary, f"据悉，{spelling}，") == [key], spelling


def test_a_name_knows_its_forms_and_its_place(glossary: Glossary) -> None:
    text = "圖為輝達執行長。"
    (name,) = glossary.find_names(text)
    assert (name.surface, name.kind, name.en, name.zh_hans) == ("輝達", "org", "NVIDIA", "英伟达")
    assert text[name.start : name.end] == "輝達"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("阿里巴巴和阿里", ["Alibaba", "Alibaba"]),
        ("New York Times of New York", ["New York Times", "New York"]),
        ("《紐約時報》", ["New York Times"]),
        ("聯合國教科文組織與聯合國", ["UNESCO", "United Nations"]),
        ("罗马尼亚", ["Romania"]),
    ],
)
def test_the_longest_form_wins(glossary: Glossary, text: str, expected: list[str]) -> None:
    assert keys(glossary, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "高通胀持续，三星级酒店，西北约50公里，初高中共三所，中东部地区",
        "伊万卡·特朗普",  # somebody else of that surname
        "米兰达与雅典娜",
        "Bushes, trumpets and applesauce; he may march",
        "Apple pie is served. Turkey is roasted.",
        "(Reporting by Wang Yongzhan, Zhao Beijia)",
        "",
    ],
)
def test_words_that_look_like_a_listed_name(glossary: Glossary, text: str) -> None:
    assert not {"Qualcomm", "Samsung", "NATO", "Communist Party of China", "Middle East"} & set(
        keys(glossary, text)
    )
    assert not {"Donald Trump", "Milan", "Athens", "Apple", "Turkey"} & set(keys(glossary, text))
    assert not {"Alexandr Wang", "Shengjia Zhao"} & set(keys(glossary, text))


@pytest.mark.parametrize(
    "text",
    ["The route passes Ft. Lauderdale. An Ap exam was moved.", "延边朝鲜族自治州的印度洋展览"],
)
def test_a_name_inside_a_longer_one_is_not_that_name(glossary: Glossary, text: str) -> None:
    listed = {"Financial Times", "Associated Press", "North Korea", "India"}
    assert listed.isdisjoint(keys(glossary, text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The lawsuit names Musk and Ivanka Trump.", {"Elon Musk", "Ivanka Trump"}),
        ("In London, Jack London was read.", {"London", "Jack London"}),
        ("Critics say Harlow Bay pays too much.", {"Harlow Bay"}),
        ("On Monday, Tesla CEO Elon Musk met President Macron.", {"Tesla", "Elon Musk",
                                                                  "Emmanuel Macron"}),
        ("Meanwhile the team shipped DeepSeek and Llama 4 in March.", {"DeepSeek", "Llama 4"}),
    ],
)  # fmt: skip
def test_english_names(glossary: Glossary, text: str, expected: set[str]) -> None:
    assert set(keys(glossary, text)) == expected


@pytest.mark.parametrize(
    "text", ["« Les enfants toussent », dit Anne.", "„Schon wieder Regen“, rief er."]
)
def test_a_word_that_opens_a_quotation_is_not_a_name(glossary: Glossary, text: str) -> None:
    assert {"Les", "Schon"}.isdisjoint(found.surface for found in glossary.find_names(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("該公司的TBD Lab發布了Llama 4，AI部門的CEO離職。", {"TBD Lab", "Llama 4"}),
        ("GitHub前CEO Nat Friedman負責產品", {"GitHub", "Nat Friedman"}),
        ("Meta 2025年的AI投入，API與GPU", {"Meta"}),
        ("GPT-5、Gemini 3 和 Claude Opus 4.5。", {"GPT-5", "Gemini 3", "Claude Opus 4.5"}),
    ],
)
def test_latin_names_in_chinese(glossary: Glossary, text: str, expected: set[str]) -> None:
    assert set(keys(glossary, text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Scale AI US$14.3 billion, HK$4 million, NT$3, A$5 and S$9, MOP$3 in all.", {"Scale AI"}),
        ("Scale AI耗資US$14.3 billion，HK$40萬，A$5，S$9，MOP$3。", {"Scale AI"}),
    ],
)
def test_the_sign_of_a_currency_names_no_place(
    glossary: Glossary, text: str, expected: set[str]
) -> None:
    assert set(keys(glossary, text)) == expected


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("“We need trust”，而 Three of us 不同意", set()),
        ("The…No，他说，“But we can wait”，But 没有人等", set()),
        ("“I think Jane Austen knew of it”", {"Jane Austen"}),
        ("Bank of America 和 Nat Friedman 都在", {"Bank of America", "Nat Friedman"}),
    ],
)
def test_english_clauses_in_chinese_are_read_as_english(
    glossary: Glossary, clause: str, expected: set[str]
) -> None:
    line = f"这几位居民在会上讨论了很久，{clause}，会议到晚上十点才结束，下周还要再开一次会。"
    assert set(keys(glossary, line)) == expected


def test_an_article_teaches_its_own_spellings(glossary: Glossary) -> None:
    text = "公司請來創辦人汪滔（Alexandr Wang）。汪滔說，「牛油果」(Avocado)會成功。汪滔走了。"
    counts = Counter(keys(glossary, text))
    assert counts["Alexandr Wang"] == 4
    assert counts["Avocado"] == 2
    assert "Alexandr Wang" not in keys(glossary, "汪滔走了。")


def test_an_english_article_teaches_chinese(glossary: Glossary) -> None:
    text = "The countess Ada Lovelace (勒芙蕾丝) wrote. Ada Lovelace left."
    names = glossary.find_names(text)
    assert {name.zh_hans for name in names} == {"勒芙蕾丝"}


@pytest.mark.parametrize(
    "text",
    [
        "通义千问的制造商谷歌（Gemma）",
        "他們進行首次公開募股（IPO）",
        "Qwen（阿里巴巴）、Gemma（谷歌）",
        "美国电动车制造商特斯拉（Tesla）发布财报",
    ],
)
def test_brackets_that_teach_nothing_wrong(glossary: Glossary, text: str) -> None:
    for name in glossary.find_names(text):
        entry = glossary.entry(name.surface)
        assert entry is None or name.key == entry.key
        assert name.zh_hans is None or len(name.zh_hans) <= 6


def test_variants(glossary: Glossary) -> None:
    assert {"Mark Zuckerberg", "扎克伯格", "祖克柏"} <= set(glossary.variants("朱克伯格"))
    assert glossary.variants("somebody") == ["somebody"]


def test_an_extra_glossary_wins(tmp_path: Path, glossary: Glossary) -> None:
    extra = tmp_path / "names.tsv"
    extra.write_text("# ours\nHarbour Trust\t海港信托\t海港信託\torg\nMuskrat\t马斯克\t\n", "utf-8")
    ours = Glossary.load(extra)
    assert keys(ours, "海港信託與马斯克") == ["Harbour Trust", "Muskrat"]
    assert keys(ours, "輝達") == keys(glossary, "輝達")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("Good\t好\t好\nonly one column\n", "line 2"),
        ("\t好\t好\torg\n", "line 1"),
        ("# a comment\n\nGood\t好\t好\tanimal\n", "line 3"),
        ("a\tb\tc\torg\te\n", "line 1"),
    ],
)
def test_a_malformed_glossary_is_refused(tmp_path: Path, content: str, line: str) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text(content, "utf-8")
    with pytest.raises(BadSetting, match=line):
        Glossary.load(path)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bad", None])
def test_a_glossary_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadSetting, match=r"bad\.tsv"):
        Glossary.load(path)


def test_no_spelling_stands_for_two_names() -> None:
    owner: dict[str, str] = {}
    for line in SHIPPED.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        english, simplified, traditional, _ = line.split("\t")
        key = english.split("|")[0]
        for form in filter(None, "|".join((english, simplified, traditional)).split("|")):
            assert owner.setdefault(form, key) == key, form
    assert len(set(owner.values())) >= 350


@given(
    st.one_of(
        st.text(),
        st.text("特朗普美国（）()·AIMeta The of.'-\n 楊立昆Yn"),
        st.text(st.characters(categories=["Cs", "Lo"])),
    )
)
def test_any_text_is_read_without_an_error(glossary: Glossary, text: str) -> None:
    names = glossary.find_names(text, title=text)
    assert all(text[n.start : n.end] == n.surface for n in names)
    assert all(a.end <= b.start for a, b in itertools.pairwise(names))
