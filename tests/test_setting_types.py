import click
import pytest

from service.setting_types import HostsType, PathPrefixType, RateType, path_prefix


@pytest.mark.parametrize("value", ["https://a.example", "a.example:80", "a b", "", "a.*", "a..b"])
def test_a_malformed_host_name_stops_the_start(value: str) -> None:
    with pytest.raises(click.BadParameter, match="host name"):
        HostsType().convert(value, None, None)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("/diglot", "/diglot"),
        ("/diglot/", "/diglot"),
        ("/tools/摘要", "/tools/摘要"),
        ("/", ""),
        ("", ""),
        ("diglot", None),
        ("//evil.example", None),
        ("/a//b", None),
        ("/../a", None),
        ("/a b", None),
        ("/a?b", None),
        ('/"><script>', None),
        ("https://evil.example", None),
    ],
)
def test_the_form_of_a_path_prefix(value: str, path: str | None) -> None:
    assert path_prefix(value) == path


def test_a_prefix_that_is_not_a_path_stops_the_start() -> None:
    assert PathPrefixType().convert("/diglot/", None, None) == "/diglot"
    with pytest.raises(click.BadParameter, match="is not a path"):
        PathPrefixType().convert("diglot", None, None)


def test_host_names_are_as_browsers_send_them() -> None:
    names = HostsType().convert(" Diglot.example, 新闻.example,*.a.example ", None, None)
    assert names == "diglot.example,xn--efvy88h.example,*.a.example"


@pytest.mark.parametrize("value", ["600/minute", "1/second", "100000000/day"])
def test_a_rate(value: str) -> None:
    assert RateType().convert(value, None, None) == value


@pytest.mark.parametrize("value", ["", "0/minute", "600", "600/week", "600 / minute", "-1/hour"])
def test_a_malformed_rate_stops_the_start(value: str) -> None:
    with pytest.raises(click.BadParameter, match="600/minute"):
        RateType().convert(value, None, None)
