import re

from service.settings import Settings
from service.web.app import create_app
from service.web.operations import OPERATIONS
from tests.support.fakes import FakeService


def test_every_address_is_in_the_contract() -> None:
    app = create_app(FakeService(), Settings())
    served = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {(operation.method, operation.path) for operation in OPERATIONS}


def test_an_operation_is_named_in_both_languages() -> None:
    for operation in OPERATIONS:
        assert operation.english.isascii(), operation.path
        assert re.search("[\u4e00-\u9fff]", operation.chinese), operation.path


def test_the_options_of_a_body_that_is_the_article_stand_in_the_query() -> None:
    (summarize,) = (each for each in OPERATIONS if each.path == "/summarize")
    parameters = {each["name"]: each for each in summarize.more["parameters"]}
    assert {"targets", "languages", "title", "timeout"} <= parameters.keys()
    assert "text" not in parameters
    assert [name for name, each in parameters.items() if not each["explode"]] == ["languages"]
    assert all("anyOf" not in each["schema"] for each in parameters.values())
