"""MCP server: the tools `digest` and `check` for agents, over standard input and output.

The engine runs in this process, as with `digest`, and is loaded while the agent says hello. All of
standard output belongs to the protocol; the log goes to standard error.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field

from service import __version__
from service.article import Article
from service.checks.report import CheckRequest, CheckResult, check_pair
from service.errors import BadInput, BadSetting, DiglotError, NoText, TooLong
from service.pipeline.validation import told
from service.result import Result
from service.serving.service import Service
from service.settings import Settings
from service.tasks import DigestLanguage, Length, Options, Style
from service.text.script import Script

if TYPE_CHECKING:
    from mcp.server import MCPServer

INSTRUCTIONS = (
    "Diglot reads an article in any language and writes an English and a Chinese digest of it, each"
    " sentence checked against the article, and its stance. `digest` writes them; `check` judges a"
    " digest that you wrote yourself. Send the whole article: nothing is fetched."
)
CLOSE_S = 5.0
T = TypeVar("T")

_Text = Annotated[str, Field(description="The article: all of its text, plain or HTML.")]
_Title = Annotated[str | None, Field(description="Its headline.")]


class Tools:
    """The two tools over one service. A DiglotError reaches the agent as its text."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service, self._settings = service, settings

    async def digest(  # noqa: PLR0913, PLR0917  # the options of a digest
        self,
        text: _Text,
        title: _Title = None,
        targets: Annotated[
            list[str], Field(description="Stance toward whom or what; default: its main subject.")
        ] = [],  # noqa: B006  # it becomes a tuple
        languages: Annotated[
            list[DigestLanguage], Field(description="Languages of the digests.")
        ] = ["en", "zh"],  # noqa: B006
        length: Length = "medium",
        zh_script: Script = "Hans",
        style: Style = "abstractive",
    ) -> Result:
        """Digest an article: an English and a Chinese digest, its stance, and the checks on them.

        Read `checks` and `warnings` before you pass a digest on.
        """
        with _told_to_the_agent():
            self._refuse(text)
            options = Options(
                tuple(targets), tuple(languages), length=length, zh_script=zh_script, style=style
            )
            article = Article(text, title, markup="html" if "</" in text else "plain")
            return await self._digest(article, options)

    async def check(
        self,
        text: _Text,
        digests: Annotated[
            dict[DigestLanguage, str], Field(description="Digests of it, by language: en, zh.")
        ],
        title: _Title = None,
    ) -> CheckResult:
        """Hold digests against their article: a verdict on each, with what is not supported."""
        with _told_to_the_agent():
            for each in (text, *digests.values()):
                self._refuse(each)
            if not digests:
                raise BadInput("at least one digest must be given: en or zh")
            await _in_thread(self._service.wait)
            resources = self._service.resources
            pair = CheckRequest(text=text, title=title, digests=digests)
            return await _in_thread(
                partial(check_pair, pair, resources.glossary, told(resources.prompts))
            )

    async def _digest(self, article: Article, options: Options) -> Result:
        await _in_thread(self._service.wait)
        submit = partial(self._service.submit, article, options, timeout_s=self._settings.timeout_s)
        future: Future[Result] = await _in_thread(submit)
        try:
            return await _in_thread(future.result)
        finally:
            future.cancel()  # without an effect unless the agent has cancelled

    def _refuse(self, text: str) -> None:
        most = self._settings.max_characters
        if len(text) > most:
            raise TooLong(f"The text has {len(text):,} characters; at most {most:,} are taken.")
        if not text.strip():
            raise NoText("The text is empty. Send the article's text.")


@contextmanager
def _told_to_the_agent() -> Iterator[None]:
    from mcp.server.mcpserver.exceptions import ToolError

    try:
        yield
    except DiglotError as error:
        raise ToolError(str(error) or error.title) from error


async def _in_thread(call: Callable[[], T]) -> T:
    """The outcome of a call that blocks; the call is left alone when the agent cancels."""
    from anyio.to_thread import run_sync

    return await run_sync(call, abandon_on_cancel=True)


def make_server(service: Service, settings: Settings) -> "MCPServer[Any]":
    """The server over `service`. Raises BadSetting where the package mcp is not installed."""
    try:
        from mcp.server import MCPServer
    except ImportError as error:
        raise BadSetting(
            "mcp: the package is not installed; `pip install 'diglot[mcp]'` brings it"
        ) from error
    server: MCPServer[Any] = MCPServer(
        "diglot", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING"
    )
    tools = Tools(service, settings)
    server.tool(title="Digest an article")(tools.digest)
    server.tool(title="Check digests")(tools.check)
    return server


def run(settings: Settings, service: Service) -> int:
    """Serve until standard input ends. Raises BadSetting; an engine that fails answers so."""
    server = make_server(service, settings)
    service.open()
    try:
        server.run("stdio")
    finally:
        service.close(CLOSE_S)
    return 0
