import pytest

from service.cleaning.rules.channels import CHANNELS


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("别忘了点个赞，再加个星标", "subscribe"),
        ("覺得不錯請按讚、在看、分享三連", "subscribe"),
        ("本文为“城事观察”原创，转载请联系授权", "licence"),
        ("（完）", None),
        ("Part 03", "boilerplate"),
        ("Follow me on Substack for more", "subscribe"),
        ("点赞的人数上升了三成，研究说", None),
        ("Follow us through the old town and down to the quay.", None),
    ],
)
def test_words_to_the_readers_are_told_from_reports(line: str, kind: str | None) -> None:
    assert next((r.kind for r in CHANNELS if r.pattern.fullmatch(line)), None) == kind
