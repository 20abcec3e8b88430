"""Chat templates: the format that each published kind of template shows, and the user's own."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tokenizers import AddedToken

from service import cli
from service.errors import BadSetting
from service.llm import loader
from service.llm.chat_template import ChatFormat, chat_format, read_template
from service.llm.llm_engine import LLMEngine
from service.llm.loader import load
from service.llm.tokenizer import Tokens, end_of_turn
from tests.support import tiny

TURNS = (
    "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
CHANNELS = (
    "<|start|>system<|message|>Channels: analysis, final.<|end|>{%- for m in messages %}"
    "{%- if m.role == 'assistant' %}"
    "{{- '<|start|>assistant<|channel|>final<|message|>' + m.content + '<|return|>' }}"
    "{%- else %}{{- '<|start|>' + m.role + '<|message|>' + m.content + '<|end|>' }}{%- endif %}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|start|>assistant' }}{%- endif %}"
)
CHANNELS_WITHOUT_ANSWERS = CHANNELS.replace(
    "'<|start|>assistant<|channel|>final<|message|>' + m.content + '<|return|>'",
    "raise_exception('no answers')",
)
EMPTY_THOUGHT_IN_ANSWERS = (
    "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' }}"
    "{%- if m.role == 'assistant' %}{{- '<think></think>' }}{%- endif %}"
    "{{- m.content + '<|im_end|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
LEAVES_THOUGHTS_OUT = TURNS.replace("m.content +", "m.content.split('</think>')[-1] +")
_ALTERNATING = (
    "{%- for m in rest %}{%- if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{- raise_exception('roles must alternate') }}{%- endif %}"
    "{%- if m.role == 'user' %}{{- '[INST]' + m.content + '[/INST]' }}"
    "{%- else %}{{- m.content + '</s>' }}{%- endif %}{%- endfor %}"
)
ASKS_FOR_THOUGHTS = (
    "{%- if messages[0].role == 'system' %}{%- set said = messages[0].content %}"
    "{%- set rest = messages[1:] %}{%- else %}{%- set rest = messages %}"
    "{%- set said = 'First think: [THINK]as long as you want[/THINK]' %}{%- endif %}"
    "{{- '<s>[SYSTEM_PROMPT]' + said + '[/SYSTEM_PROMPT]' }}" + _ALTERNATING
)
ASKS_WHATEVER_IS_SAID = (
    "{{- '<s>First think: [THINK]as long as you want[/THINK]' }}{%- set rest = messages %}"
    + _ALTERNATING
)
ASKS_BESIDE_THE_SYSTEM_MESSAGE = (
    "{{- '<s>First think: [THINK]as long as you want[/THINK]' }}"
    "{%- if messages[0].role == 'system' %}{{- messages[0].content }}"
    "{%- set rest = messages[1:] %}{%- else %}{%- set rest = messages %}{%- endif %}" + _ALTERNATING
)
THINKS_UNLESS_TOLD = tiny.CHAT_TEMPLATE.replace(
    "message.content +", "message.content.split('</think>')[-1] +"
)
OPENS_A_THOUGHT = TURNS.replace("assistant\\n", "assistant\\n<thought>\\n")
LEADS_WITH_A_BLANK = (
    "{{- bos_token }}{%- for m in messages %}{%- if m.role == 'user' %}"
    "{{- '[INST] ' + m.content + ' [/INST]' }}"
    "{%- else %}{{- ' ' + m.content + eos_token }}{%- endif %}{%- endfor %}"
)
NEXT_TURN_ENDS_AN_ANSWER = (
    "{%- for m in messages %}{{- '<|' + m.role + '|>\\n' + m.content }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)
FIRST_PART = (
    "{%- for m in messages %}"
    "{{- '<|im_start|>' + m.role + '\\n' + m.content[0].text + '<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
EVERY_PART = (
    "{%- for m in messages %}{{- m.role + ':' }}{%- for part in m.content %}"
    "{%- if part.type == 'text' %}{{- part.text }}{%- else %}{{- '<image>' }}{%- endif %}"
    "{%- endfor %}{{- '<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- 'assistant:' }}{%- endif %}"
)
NO_CONTROL_TOKENS = (
    "{%- for m in messages %}{{- '### ' + m.role + ':\\n' + m.content + '\\n\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '### assistant:\\n' }}{%- endif %}"
)
HARMONY = ["<|start|>", "<|message|>", "<|channel|>", "<|end|>", "<|return|>"]
MISTRAL = ["<s>", "</s>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"]
THINKING_MISTRAL = [*MISTRAL, "[THINK]", "[/THINK]"]


def make_tokenizer(template: str, special: list[str] | None = None, ends: str = "") -> Any:
    tokenizer = tiny.make_tokenizer(template)
    for word in special or []:
        tokenizer.add_tokens([AddedToken(word, special=True)], special_tokens=True)
    if ends:
        tokenizer.bos_token, tokenizer.eos_token = "<s>", ends
    return tokenizer


def shown(template: str, special: list[str] | None = None, ends: str = "") -> ChatFormat:
    return chat_format(make_tokenizer(template, special, ends))


@pytest.mark.parametrize(
    ("template", "special", "tail"),
    [
        (TURNS, [], "<|im_end|>\n<|im_start|>assistant\n"),
        (tiny.CHAT_TEMPLATE, [], "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"),
        (tiny.ALWAYS_THINKS, [], "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"),
        (OPENS_A_THOUGHT, [], "<|im_end|>\n<|im_start|>assistant\n<thought>\n\n</thought>\n\n"),
        (CHANNELS, HARMONY, "<|end|><|start|>assistant<|channel|>final<|message|>"),
        (CHANNELS_WITHOUT_ANSWERS, HARMONY, "<|end|><|start|>assistant<|channel|>final<|message|>"),
        (EMPTY_THOUGHT_IN_ANSWERS, [], "<|im_end|><|im_start|>assistant\n<think></think>"),
        (LEAVES_THOUGHTS_OUT, [], "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"),
        (THINKS_UNLESS_TOLD, [], "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"),
        (ASKS_FOR_THOUGHTS, THINKING_MISTRAL, "[/INST][THINK][/THINK]"),
        (ASKS_FOR_THOUGHTS, MISTRAL, "[/INST]"),
        (ASKS_WHATEVER_IS_SAID, THINKING_MISTRAL, "[/INST][THINK][/THINK]"),
        (NEXT_TURN_ENDS_AN_ANSWER, [], "<|assistant|>\n"),
        (NO_CONTROL_TOKENS, [], "\n\n### assistant:\n"),
        (FIRST_PART, [], "<|im_end|>\n<|im_start|>assistant\n"),
        (EVERY_PART, [], "<|im_end|>\nassistant:"),
    ],
)
def test_a_prompt_ends_where_the_answer_begins(
    template: str, special: list[str], tail: str
) -> None:
    assert shown(template, special).tail == tail


def test_a_blank_before_an_answer_belongs_to_the_answer() -> None:
    chat = shown(LEADS_WITH_A_BLANK, MISTRAL, "</s>")
    assert (chat.head, chat.tail, chat.lead) == ("<s>[INST] ", " [/INST]", " ")


def test_a_default_system_message_that_asks_for_thoughts_gives_way() -> None:
    assert shown(ASKS_FOR_THOUGHTS, THINKING_MISTRAL).head == (
        "<s>[SYSTEM_PROMPT]You are a helpful assistant.[/SYSTEM_PROMPT][INST]"
    )
    assert "[THINK]" in shown(ASKS_WHATEVER_IS_SAID, THINKING_MISTRAL).head
    beside = shown(ASKS_BESIDE_THE_SYSTEM_MESSAGE, THINKING_MISTRAL)
    assert beside.head == "<s>First think: [THINK]as long as you want[/THINK][INST]"
    for words in ("be brief", "no [THINK] is needed"):
        harmless = ASKS_FOR_THOUGHTS.replace("[THINK]as long as you want[/THINK]", words)
        assert f"First think: {words}" in shown(harmless, THINKING_MISTRAL).head


@pytest.mark.parametrize(
    ("template", "special", "ends", "end"),
    [
        (TURNS, [], "", "<|im_end|>"),
        (CHANNELS, HARMONY, "", "<|return|>"),
        (LEADS_WITH_A_BLANK, MISTRAL, "</s>", "</s>"),
        (FIRST_PART, [], "", "<|im_end|>"),
        (ASKS_WHATEVER_IS_SAID, MISTRAL, "", "</s>"),
        (NEXT_TURN_ENDS_AN_ANSWER, ["<|user|>", "<|assistant|>"], "", "<|user|>"),
        (NO_CONTROL_TOKENS, [], "", None),
        (NO_CONTROL_TOKENS + "<|im_end|>", [], "", "<|im_end|>"),
        (CHANNELS_WITHOUT_ANSWERS, HARMONY, "", None),
        (TURNS.replace("m.content +", "m.content + ' (over) ' +"), [], "", None),
    ],
)
def test_the_template_shows_the_end_of_a_turn(
    template: str, special: list[str], ends: str, end: str | None
) -> None:
    tokenizer = make_tokenizer(template, special, ends)
    id_ = end_of_turn(tokenizer)
    assert (None if id_ is None else tokenizer.convert_ids_to_tokens(id_)) == end


def test_the_shown_end_of_a_turn_stops_an_answer(tmp_path: Path) -> None:
    """Published folders may name the end of a document alone."""
    tokenizer = tiny.make_tokenizer(TURNS)
    tokenizer.eos_token = "<|endoftext|>"
    loaded = loader.load(tiny.settings(tiny.save(tmp_path, tiny.make_model("qwen3"), tokenizer)))
    named = tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|im_end|>"])
    assert loaded.stops == tuple(named)


@pytest.mark.parametrize(
    ("code", "said"),
    [("%Y-%m-%d", "2024-07-26"), ("%d %b %Y", "26 Jul 2024"), ("%B %d, %Y", "July 26, 2024")],
)
def test_a_prompt_is_the_same_on_every_day(code: str, said: str) -> None:
    dated = (
        "{%- macro about() %}Today is {{ strftime_now('CODE') }}.{% endmacro -%}"
        "{%- if strftime_now is defined %}{{- about() + strftime_now('CODE') }}{%- endif %}"
    ).replace("CODE", code)
    assert shown(dated + TURNS).head == f"Today is {said}.{said}<|im_start|>user\n"


def test_a_date_does_not_change_the_blanks_of_a_template() -> None:
    dated = "\n  {% if true %}  {{ strftime_now('%Y') }}{% endif %}\n" + TURNS
    assert shown(dated).head == "\n  2024<|im_start|>user\n"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ raise_exception('one tool is needed') }}", "one tool is needed"),
        ("{{ messages[0].content }}{{ messages[0].content }}", "show the user's message once"),
        ("hello", "show the user's message once"),
        ("{% for %}", "chat template fails"),
    ],
)
def test_a_template_that_can_not_be_used_is_refused_before_the_weights_are_read(
    template: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = tiny.make_tokenizer(template)
    with pytest.raises(BadSetting, match=said):
        Tokens(tokenizer)
    folder = tiny.save(tmp_path, tiny.make_model("qwen3"), tokenizer)
    monkeypatch.setattr(loader, "_model", lambda *_: pytest.fail("the weights were read"))
    with pytest.raises(BadSetting, match=said):
        loader.load(tiny.settings(folder))


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
        return LLMEngine(tiny.settings(folders["qwen3"], chat_template=path)).identity.prompts

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
def test_a_malformed_template_is_an_error_of_one_line(
    tmp_path: Path, folders: dict[str, Path], content: str | bytes, said: str
) -> None:
    path = put(tmp_path, content)
    with pytest.raises(BadSetting, match=f"chat-template chat.jinja: .*{said}") as refused:
        load(tiny.settings(folders["qwen3"], chat_template=path))
    assert str(tmp_path) not in str(refused.value)


def test_a_template_that_forgets_the_message(tmp_path: Path, folders: dict[str, Path]) -> None:
    path = put(tmp_path, "{% for message in messages %}{{ message.role }}{% endfor %}")
    with pytest.raises(BadSetting, match="does not show the user's message"):
        LLMEngine(tiny.settings(folders["qwen3"], chat_template=path))


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="chat-template none: the file can't be read"):
        read_template(tmp_path / "none")
    flags = ["digest", str(tmp_path), "--chat-template", str(tmp_path / "none")]
    said = CliRunner().invoke(cli.main, flags)
    assert said.exit_code == 2 and "'--chat-template'" in said.output


def test_tags_that_transformers_adds_are_not_errors(tmp_path: Path) -> None:
    template = OTHER.replace("{{ message.content }}", "{% generation %}{{ message.content }}") + (
        "{% for m in messages %}{% break %}{% endfor %}"
    )
    template = template.replace("]{% endfor %}", "{%- endgeneration %}]{% endfor %}", 1)
    assert read_template(put(tmp_path, template)) == template
