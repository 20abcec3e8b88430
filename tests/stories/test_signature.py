from service.result import Facts
from tests.support.story_facts import facts_of_text

ENGLISH = """Railways to merge

Union Pacific has agreed to buy Norfolk Southern for US$85 billion. Union Pacific expects a decision
of the regulator in 2027. About three unions fear for jobs."""
CHINESE = """两大铁路公司合并

联合太平洋铁路公司同意以850亿美元收购诺福克南方铁路公司。监管部门预计2027年作出决定。"""


def test_names_terms_and_figures_of_an_english_text() -> None:
    facts = facts_of_text(ENGLISH)
    assert facts.names["Union Pacific"] == 2
    assert facts.terms["unions"] == 1
    assert "the" not in facts.terms
    (money,) = [figure for figure in facts.figures if figure.kind == "money"]
    assert (money.values, money.unit) == ([85_000_000_000], "USD")
    assert "norfolk" in money.about
    assert money.start is not None
    assert ENGLISH[money.start : money.end].endswith("US$85 billion.")


def test_terms_and_figures_of_a_chinese_text() -> None:
    facts = facts_of_text(CHINESE)
    assert facts.terms["铁路"] >= 2
    (money,) = [figure for figure in facts.figures if figure.kind == "money"]
    assert (money.values, money.unit) == ([85_000_000_000], "USD")
    assert "收购" in money.about
    assert money.start is not None
    assert CHINESE[money.start : money.end].startswith("联合太平洋")


def test_traditional_and_simplified_text_have_the_same_terms() -> None:
    simplified = facts_of_text("铁路公司宣布合并，工会担心裁员，化工企业担心运价上涨。")
    traditional = facts_of_text("鐵路公司宣布合併，工會擔心裁員，化工企業擔心運價上漲。")
    assert simplified.terms == traditional.terms


def test_a_chinese_name_that_no_dictionary_lists_is_one_term() -> None:
    assert "雒骁蕊" in facts_of_text("记者在会上见到了雒骁蕊，雒骁蕊没有回答问题。").terms
    facts = facts_of_text("Reporters met Luo Xiaorui at the fair. Luo Xiaorui gave no answer.")
    assert facts.names["Luo Xiaorui"] == 2


def test_a_figure_whose_reading_is_not_certain_is_left_out() -> None:
    facts = facts_of_text("It grew to 3m in May.")
    assert "3m" not in {figure.text for figure in facts.figures}
    assert not facts_of_text("工厂24年停产。").figures


def test_an_empty_text_has_no_facts() -> None:
    from service.article import Document
    from service.facts.names import Glossary
    from service.stories.signature import facts_of

    assert facts_of(Document.of(""), Glossary.load()) == Facts()
