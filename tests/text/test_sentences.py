import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.sentences import LONGEST, SENTENCE_END, is_ended, spans, split


@pytest.mark.parametrize(
    "sentences",
    [
        ["他說：「好。我們走。」", "然後離開了。", "第二天（星期一。晴）他回來了！"],
        ["“我们走。”他说。", "“好的！”她答。"],
        ["《你好，李焕英！》是一部电影。", "真的吗？！", "是的……他停了一下。"],
        ["该产品原计划于2025年底发布,但已推迟。", "该公司花了3.5亿美元。"],
        ["六人赞成，五人反对，两人弃权，一人缺席，未达半数；", "方案因此没有通过。"],
        ["它发布了Llama 4.", "它很好!", "真的?", "真的。"],
    ],
)
def test_splits_chinese(sentences: list[str]) -> None:
    assert split("".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["Mr. Smith of Acme Inc. said the U.S. economy grew 3.5% in No. 5.", "He left."],
        ["J. K. Rowling wrote it... and waited.", "We read it."],
        [
            '"Is it?" he asked.',
            '"Yes."',
            "She left at 5 a.m.",
            "The rest stayed until 6 a.m. today.",
        ],
        ["He said (see e.g. No. 4. It is short.) that it works.", "Then “what?!”", "Next."],
        ["Visit example.com today.", "It was in 2024.", "That was it."],
        ["1. First thing.", "2. Second thing."],
        [
            "It closed at 5 p.m.",
            "The crowd went home by 6 p.m. local time.",
            "Gen. Lee stayed until Dec. 5.",
        ],
    ],
)
def test_splits_english(sentences: list[str]) -> None:
    assert split(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["The firm of J.P. Morgan and E.F. Hutton won.", "R. J. Reynolds Tobacco Co. lost."],
        ["They heard Ald. Moore, Lt. Gov. Hayes and Sen. Ruiz.", "The vote was 7 to 4."],
        ["Voters in Calif. Oregon and Wash. said no.", "They felt ill.", "Police came."],
        ["Yahoo! Inc. denied that Jeopardy! Productions sold it.", "Hurrah!", "Oslo won."],
        ["The Assn. of Mfg. Cos. met on Bldg. Rd. Tuesday.", "We met at St. Olaf.", "I left."],
        ["They moved to the U.S.", "They like it.", "He works for the U.S. Treasury."],
        ["Am 1. Mai kam Dr. Weber, z.B. mit Fr. Braun.", "Im 18. Jahrhundert war es so."],
        ["Il est né en 43 av. J.-C. à Rome.", "M. Petit et Mme Roy sont là."],
        ["El Sr. Ruiz y la Sra. Gil llegaron.", "Era tarde."],
        ["他在J.P. Morgan和E.F. Hutton都工作过。", "U.S. Steel的Dr. Lee也在场。"],
        ["雅虎（Yahoo! Inc.）否认了。", "大楼由Acme Inc. 承建。"],
    ],
)
def test_an_abbreviation_ends_nothing(sentences: list[str]) -> None:
    assert split(("" if sentences[0][-1] == "。" else " ").join(sentences)) == sentences


def test_a_quote_that_never_closes_swallows_nothing() -> None:
    assert split("“第一句。第二句。") == ["“第一句。", "第二句。"]


@pytest.mark.parametrize(
    "text", ["x" * 5_000, "一，" * 3_000, "word " * 2_000, "“" + "好。" * 2_000 + "”"]
)
def test_a_text_without_ends_is_cut(text: str) -> None:
    parts = split(text)
    assert max(map(len, parts)) <= LONGEST
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


@given(st.text(st.characters() | st.sampled_from('。！？.!?；…“”「」()" aA一'), max_size=300))
def test_nothing_is_lost_and_order_is_kept(text: str) -> None:
    found = spans(text)
    flat = [at for span in found for at in span]
    assert flat == sorted(flat)
    kept = "".join(text[start:end] for start, end in found)
    assert "".join(kept.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("It costs 3.5 million. We pay in 2024. Why?! “Yes.” See a.example", 4),
        ("耗资3.5亿元。为什么？！“好。”他说:真的?真的。是的……他停了", 5),
        ("Wait... and see a.b.c?d=e!f", 1),
        ("见 a.example/?x=1 第1.2节", 0),
    ],
)
def test_the_marks_of_a_sentences_end(text: str, ends: int) -> None:
    assert len(SENTENCE_END.findall(text)) == ends


@pytest.mark.parametrize(
    ("text", "ended"),
    [("He left.”", True), ("He left", False), ("他走了。」", True), ("他走了，", False)],
)
def test_a_text_that_closes_with_a_mark_is_ended(text: str, ended: bool) -> None:
    assert is_ended(text) == ended


@pytest.mark.parametrize("unit", ["!", ".", "…", '!"', ".!", "?”", "。", "“.”"])
def test_the_end_of_a_sentence_is_found_in_linear_time(unit: str) -> None:
    text = unit * 100_000 + "x"
    begun = time.process_time()
    SENTENCE_END.findall(text)
    is_ended(text)
    assert time.process_time() - begun < 20, "in quadratic time it takes minutes"
