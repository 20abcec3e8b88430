"""The report of result lines."""

import json
import re

from service.errors import NoText
from service.report.batch_report import batch_report
from service.store.codec import error_line, shown
from tests.support.told_stories import resources, results


def lines() -> str:
    settled = [result.model_dump_json() for result in results()]
    settled.append(error_line("bad", "bad.txt", NoText("The text is empty.")))
    return "".join(shown("batch", index, line) for index, line in enumerate(settled))


def test_stories_have_briefs_and_failures_are_listed() -> None:
    page = batch_report(lines(), resources())
    found = re.search(r'id="data">(.*?)</script>', page.html, re.DOTALL)
    assert found is not None
    data = json.loads(found.group(1))
    assert [len(story["articles"]) for story in data["stories"]] == [3, 1]
    assert [set(story["briefs"]) for story in data["stories"]] == [{"en", "zh"}, set()]
    assert data["failures"] == [["bad.txt", "The text is empty."]]
    assert "script-src 'sha256-" in page.policy


def test_a_batch_without_results_has_an_empty_report() -> None:
    assert '"stories":[]' in batch_report("", resources()).html
