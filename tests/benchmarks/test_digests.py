"""The benchmark of digests beside openings, on articles of its own."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.digests import compare, opening, rouge

ENGLISH = {
    "text": "The old ferry pier will close in March. A new pier of steel opens beside it in June.",
    "summary": "The ferry pier will close in March.",
}
CHINESE = {
    "text": "旧渡轮码头将于三月关闭。新的钢结构渡轮码头将于六月在旁边启用。",
    "summary": "渡轮码头三月关闭。",
}


@pytest.mark.parametrize(("case", "chinese"), [(ENGLISH, False), (CHINESE, True)])
def test_a_digest_that_is_the_opening_scores_as_the_opening(
    tmp_path: Path, case: dict[str, str], chinese: bool
) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(json.dumps(case) + "\n", encoding="utf-8")
    (compared,) = compare(file, "medium")
    assert compared.digest == compared.opening == case["text"]
    ours, first = rouge([compared], chinese)
    assert ours == first
    assert 0 < ours["rouge1"] < 1
    assert compare(file, "medium", longer_than=1_000) == []
    assert opening(compared.document, 3) == ("旧渡轮" if chinese else "The old ferry")
