"""A chat template from a file: it replaces the model's own, and answers under it are others."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from service import cli
from service.errors import BadSetting
from service.llm.engine import TransformersEngine
from service.llm.loader import load
from service.llm.template_file import read_template
from service.llm.tokenizer import Tokens
from tests.support import tiny

OTHER = (
    "{% for message in messages %}[{{ message.role }}：{{ message.content }}]{% endfor %}"
    "{% if add_generation_prompt %}[助手：{% endif %}"
)


def put(folder: Path, content: str | bytes, name: str = "chat.jinja") -> Path:
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(raw)
    return folder / name


@pytest.mark.parametrize("text", [tiny.ENGLISH, tiny.CHINESE])
def test_it_stands_in_for_the_models_own(
    tmp_path: Path, folders: dict[str, Path], text: str
) -> None:
    settings = tiny.settings(folders["qwen3"], chat_template=put(tmp_path, OTHER))
    tokenizer = load(settings).tokenizer
    tokens = Tokens(tokenizer)
    rendered = tokenizer.decode(tokens.prompt(tokens.plain(text), "?").ids)
    assert rendered.startswith("[user：") and rendered.endswith("?][助手：")
    assert "".join(text.split()) in "".join(rendered.split())
    assert "<|im_start|>" not in rendered


def test_answers_under_another_template_are_other_answers(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    def prompts(path: Path | None) -> str:
        return TransformersEngine(
            tiny.settings(folders["qwen3"], chat_template=path)
        ).identity.prompts

    own, other = prompts(None), prompts(put(tmp_path, OTHER))
    changed = prompts(put(tmp_path, OTHER.replace("助手", "assistant")))
    assert len({own, other, changed}) == 3
    assert other == prompts(put(tmp_path, OTHER, "the same under another name"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{% for m in messages %}{{ m.content }}", r"line 1 is no Jinja: .*endfor"),
        ("\n{{ messages[0].content", r"line 2 is no Jinja"),
        ("助手：".encode("gb18030"), "the file is not UTF-8"),
        ("Hello!", "does not show any messages"),
        ("", "does not show any messages"),
    ],
)
def test_what_is_no_template_is_said_in_one_line(
    tmp_path: Path, folders: dict[str, Path], content: str | bytes, said: str
) -> None:
    path = put(tmp_path, content)
    with pytest.raises(BadSetting, match=f"chat-template chat.jinja: .*{said}") as refused:
        load(tiny.settings(folders["qwen3"], chat_template=path))
    assert str(tmp_path) not in str(refused.value)


def test_a_template_that_forgets_the_message(tmp_path: Path, folders: dict[str, Path]) -> None:
    path = put(tmp_path, "{% for message in messages %}{{ message.role }}{% endfor %}")
    with pytest.raises(BadSetting, match="does not show the user's message"):
        TransformersEngine(tiny.settings(folders["qwen3"], chat_template=path))


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="chat-template none: the file can't be read"):
        read_template(tmp_path / "none")
    flags = ["digest", str(tmp_path), "--chat-template", str(tmp_path / "none")]
    said = CliRunner().invoke(cli.main, flags)
    assert said.exit_code == 2 and "'--chat-template'" in said.output


def test_tags_that_transformers_adds_are_no_errors(tmp_path: Path) -> None:
    template = OTHER.replace("{{ message.content }}", "{% generation %}{{ message.content }}") + (
        "{% for m in messages %}{% break %}{% endfor %}"
    )
    template = template.replace("]{% endfor %}", "{%- endgeneration %}]{% endfor %}", 1)
    assert read_template(put(tmp_path, template)) == template
