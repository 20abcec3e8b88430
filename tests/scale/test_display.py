import pytest

from service import messages
from service.folder.items import Step
from service.scale.display import show

STEPS = [
    Step("digested", "1", 0),
    Step("skipped", "2", 1),
    Step("failed", "3", 2, ("s3://bucket/文章.jsonl:3", "The file is empty.")),
]


@pytest.mark.parametrize(
    ("lang", "told", "refusal"),
    [
        ("en", "1 digested, 1 done before, 1 failed → s3://bucket/out", "The file is empty."),
        ("zh", "本次完成 1 篇，此前已完成 1 篇，失败 1 篇 → s3://bucket/out", "文件为空。"),
    ],
)
def test_failures_are_told_as_they_come_and_all_is_summed_up(
    lang: str, told: str, refusal: str, capsys: pytest.CaptureFixture[str]
) -> None:
    messages.use(lang)
    try:
        assert show(iter(STEPS), 3, "s3://bucket/out") == 1
    finally:
        messages.use("en")
    shown = capsys.readouterr()
    assert told in shown.out
    assert "s3://bucket/文章.jsonl:3" in shown.err
    assert refusal in shown.err


def test_a_run_without_failures_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(iter(STEPS[:2]), 2, "out") == 0
    assert "error" not in capsys.readouterr().out
