"""A download in a log."""

import logging

import pytest

from service.llm.hub import LoggedProgress


class Eager(LoggedProgress):
    seconds_between_lines = 0.0


def test_a_line_says_how_much_is_here(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), Eager(total=4_000_000_000, unit="B") as bar:
        bar.n = 1_000_000_000
        bar.refresh()
    assert "fetched 1.00GB of 4.00GB" in caplog.messages


def test_not_every_step_is_a_line(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO), LoggedProgress(total=100, unit="B", mininterval=0) as bar:
        for _ in range(100):
            bar.update()
    assert not caplog.messages
    assert not capsys.readouterr().err
