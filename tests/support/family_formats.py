"""Chat formats of the published families: small templates with their control tokens, the prompt
that each should give, and answers as a model of the family writes them."""

import json
from dataclasses import dataclass
from typing import Any

from tokenizers import AddedToken

from tests.support import tiny

_CONTENT = "m.content"
_IF_NO_THOUGHTS = (
    "{%- if enable_thinking is defined and not enable_thinking %}{{- OFF }}{%- else %}{{- ON }}"
    "{%- endif %}"
)
_WITHOUT_THOUGHTS = "m.content.split('</think>')[-1]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _turns(
    user: tuple[str, str],
    assistant: tuple[str, str],
    prompt: str = "",
    *,
    head: str = "",
    user_content: str = _CONTENT,
    answer_content: str = _CONTENT,
    after_prompt: str = "",
    loop: str = "messages",
) -> str:
    """A template of turns. Pairs are the text before and after a message; `user_content` and
    `answer_content` are expressions, `head` and `after_prompt` Jinja."""
    shown_user = f"{_quoted(user[0])} + {user_content} + {_quoted(user[1])}"
    shown_answer = f"{_quoted(assistant[0])} + {answer_content} + {_quoted(assistant[1])}"
    return (
        f"{head}{{%- for m in {loop} %}}{{%- if m.role == 'assistant' %}}{{{{- {shown_answer} }}}}"
        f"{{%- else %}}{{{{- {shown_user} }}}}{{%- endif %}}{{%- endfor %}}"
        f"{{%- if add_generation_prompt %}}{{{{- {_quoted(prompt)} }}}}{after_prompt}{{%- endif %}}"
    )


def _switch(off: str, on: str = "") -> str:
    return _IF_NO_THOUGHTS.replace("OFF", _quoted(off)).replace("ON", _quoted(on))


def _show(text: str) -> str:
    return f"{{{{- {_quoted(text)} }}}}"


@dataclass(frozen=True)
class FamilyFormat:
    """The chat format of a family.

    `model`: a model of families.PUBLISHED that uses it. `special`, `added`: tokens of the
    vocabulary that are special and that are not. `head`, `tail`: the prompt around the message.
    `end`: the token that ends an answer. `answers`: the forms of an answer, with {thought} and
    {said}. `unclosed`: those of a thought that never ends. `published`: names of published
    templates with the same format.
    """

    model: str
    template: str
    special: tuple[str, ...]
    head: str
    tail: str
    end: str
    published: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    answers: tuple[str, ...] = ("{said}",)
    unclosed: tuple[str, ...] = ()
    bos: str | None = None


def make_tokenizer(family: FamilyFormat, template: str | None = None) -> Any:
    """A tokenizer with the tokens of `family` and its template, or another. Only the template says
    which token ends an answer, except where that is `</s>`."""
    tokenizer = tiny.make_tokenizer(template or family.template)
    for words, special in ((family.special, True), (family.added, False)):
        tokens = [AddedToken(word, special=special, normalized=False) for word in words]
        tokenizer.add_tokens(tokens, special_tokens=special)
    tokenizer.bos_token = family.bos
    tokenizer.eos_token = "</s>" if "</s>" in family.special else "<|endoftext|>"
    return tokenizer


THINK = ("<think>", "</think>")
_CHATML = ("<|im_start|>", "<|im_end|>")
_CHATML_USER = ("<|im_start|>user\n", "<|im_end|>\n")
_CHATML_ANSWER = ("<|im_start|>assistant\n", "<|im_end|>\n")
_THOUGHTS = (
    "{said}",
    "<think>\n{thought}\n</think>\n\n{said}",
    "{thought}\n</think>\n\n{said}",
    "\n</think>\n\n{said}",
)
_UNCLOSED = ("<think>\n{thought}", "<think>\n")
_DEEPSEEK = ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>")
_DEEPSEEK_TURNS = (
    ("<｜User｜>", ""), ("<｜Assistant｜>", "<｜end▁of▁sentence｜>"), "<｜Assistant｜>"
)  # fmt: skip
_GEMMA = {"special": ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"), "bos": "<bos>"}
_GEMMA_TURNS = _turns(
    ("<start_of_turn>user\n", "<end_of_turn>\n"),
    ("<start_of_turn>model\n", "<end_of_turn>\n"),
    "<start_of_turn>model\n",
    head="{{- bos_token }}{%- if messages[0].role == 'system' %}"
    "{{- raise_exception('no system role') }}{%- endif %}",
)
_GEMMA_PROMPT = ("<bos><start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n")
_GLM = ("[gMASK]", "<sop>", "<|user|>", "<|assistant|>", "<|observation|>", "<|system|>")
_BOX = ("<|begin_of_box|>", "<|end_of_box|>")
_GLM_ANSWERS = (
    "\n<think>{thought}</think>\n{said}",
    "{said}",
    "<think>{thought}</think>\n<answer>\n{said}\n</answer>",
    "<|begin_of_box|>{said}<|end_of_box|>",
)
_KIMI = ("[BOS]", "[EOS]", "<|im_end|>", "<|im_user|>", "<|im_assistant|>", "<|im_middle|>")
_KIMI_USER = ("<|im_user|>user<|im_middle|>", "<|im_end|>")
_KIMI_ANSWER = "<|im_assistant|>assistant<|im_middle|>"
_HARMONY = ("<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|return|>", "<|call|>")
_FINAL = "<|start|>assistant<|channel|>final<|message|>"
_MISTRAL = ("<s>", "</s>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]")
_ASKS_FOR_THOUGHTS = (
    "{{- bos_token }}{%- if messages[0].role == 'system' %}{%- set asked = messages[0].content %}"
    "{%- set rest = messages[1:] %}{%- else %}{%- set rest = messages %}"
    "{%- set asked = 'Draft first: [THINK]a draft of any length[/THINK]and then the reply.' %}"
    "{%- endif %}{{- '[SYSTEM_PROMPT]' + asked + '[/SYSTEM_PROMPT]' }}"
)
_PHI = ("<|user|>", "<|assistant|>", "<|end|>", "<|system|>")

FORMATS: dict[str, FamilyFormat] = {
    "Qwen 2.5": FamilyFormat(
        model="qwen2.5",
        template=_turns(
            _CHATML_USER, _CHATML_ANSWER, _CHATML_ANSWER[0],
            head=_show("<|im_start|>system\nYou are a helper.<|im_end|>\n"),
        ),
        special=_CHATML,
        head="<|im_start|>system\nYou are a helper.<|im_end|>\n<|im_start|>user\n",
        tail="<|im_end|>\n<|im_start|>assistant\n",
        end="<|im_end|>",
        published=("qwen2_5", "smollm2"),
    ),
    "Qwen 3": FamilyFormat(
        model="qwen3",
        template=_turns(
            _CHATML_USER, _CHATML_ANSWER, _CHATML_ANSWER[0],
            answer_content=_WITHOUT_THOUGHTS, after_prompt=_switch("<think>\n\n</think>\n\n"),
        ),
        special=_CHATML, added=THINK,
        head="<|im_start|>user\n",
        tail="<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
        end="<|im_end|>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("qwen3", "qwen3_5_nothink"),
    ),
    "Qwen 3 2507": FamilyFormat(
        model="qwen3_next",
        template=_turns(_CHATML_USER, _CHATML_ANSWER, _CHATML_ANSWER[0]),
        special=_CHATML, added=THINK,
        head="<|im_start|>user\n",
        tail="<|im_end|>\n<|im_start|>assistant\n",
        end="<|im_end|>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("qwen3_instruct_2507",),
    ),
    "Qwen 3.5": FamilyFormat(
        model="qwen3.5",
        template=_turns(
            _CHATML_USER, _CHATML_ANSWER, _CHATML_ANSWER[0],
            answer_content=_WITHOUT_THOUGHTS,
            after_prompt=_switch("<think>\n\n</think>\n\n", "<think>\n"),
        ),
        special=_CHATML, added=THINK,
        head="<|im_start|>user\n",
        tail="<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
        end="<|im_end|>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("qwen3_5", "qwen3_5_think", "qwen3_6"),
    ),
    "QwQ": FamilyFormat(
        model="qwen2.5",
        template=_turns(
            _CHATML_USER, _CHATML_ANSWER, _CHATML_ANSWER[0],
            answer_content=_WITHOUT_THOUGHTS, after_prompt=_show("<think>\n"),
        ),
        special=_CHATML, added=THINK,
        head="<|im_start|>user\n",
        tail="<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
        end="<|im_end|>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
    ),
    "Gemma 1, 2": FamilyFormat(
        model="gemma2",
        template=_GEMMA_TURNS.replace('m.content + "<end', 'm.content|trim + "<end'),
        **_GEMMA, head=_GEMMA_PROMPT[0], tail=_GEMMA_PROMPT[1], end="<end_of_turn>",
        published=("gemma2",),
    ),
    "Gemma 3": FamilyFormat(
        model="gemma3",
        template=_turns(
            ("<start_of_turn>user\n", "<end_of_turn>\n"),
            ("<start_of_turn>model\n", "<end_of_turn>\n"),
            "<start_of_turn>model\n",
            head="{{- bos_token }}",
            user_content="(m.content if m.content is string else m.content[0].text)",
        ),
        **_GEMMA, head=_GEMMA_PROMPT[0], tail=_GEMMA_PROMPT[1], end="<end_of_turn>",
        published=("gemma3",),
    ),
    "Gemma 3n": FamilyFormat(
        model="gemma3n", template=_GEMMA_TURNS,
        **_GEMMA, head=_GEMMA_PROMPT[0], tail=_GEMMA_PROMPT[1], end="<end_of_turn>",
        published=("gemma3n",),
    ),
    "Gemma 4": FamilyFormat(
        model="gemma4",
        template=_turns(
            ("<|turn>user\n", "<turn|>\n"), ("<|turn>model\n", "<turn|>\n"), "<|turn>model\n",
            head="{{- bos_token }}", answer_content="m.content.split('<channel|>')[-1]",
            after_prompt=_switch("<|channel>thought\n<channel|>"),
        ),
        special=("<bos>", "<eos>", "<|turn>", "<turn|>", "<|channel>", "<channel|>", "<|think|>"),
        bos="<bos>",
        head="<bos><|turn>user\n",
        tail="<turn|>\n<|turn>model\n<|channel>thought\n<channel|>",
        end="<turn|>",
        answers=(
            "{said}", "<|channel>thought\n{thought}<channel|>{said}", "{thought}<channel|>{said}",
        ),
        unclosed=("<|channel>thought\n{thought}", "<|channel>"),
        published=("gemma4",),
    ),
    "gpt-oss": FamilyFormat(
        model="gpt_oss",
        template=_turns(
            ("<|start|>user<|message|>", "<|end|>"), (_FINAL, "<|return|>"), "<|start|>assistant",
            head="{{- '<|start|>system<|message|>Date: ' + strftime_now('%Y-%m-%d') + ', effort: '"
            " + (reasoning_effort or 'medium') + ', channels: analysis, final<|end|>' }}",
        ),
        special=_HARMONY,
        head="<|start|>system<|message|>Date: 2024-07-26, effort: low, channels: analysis, final"
        "<|end|><|start|>user<|message|>",
        tail=f"<|end|>{_FINAL}",
        end="<|return|>",
        answers=(
            "{said}",
            f"<|channel|>analysis<|message|>{{thought}}<|end|>{_FINAL}{{said}}",
            "<|channel|>analysis<|message|>{thought}<|channel|>final<|message|>{said}",
            "{said}<|end|><|start|>assistant<|channel|>analysis<|message|>{thought}",
        ),
        unclosed=("<|channel|>analysis<|message|>{thought}", "<|channel|>commentary"),
        published=("gpt_oss", "gpt_oss_trl"),
    ),
    "Llama 3": FamilyFormat(
        model="llama3",
        template=_turns(
            ("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
            ("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
            head="{{- bos_token + '<|start_header_id|>system<|end_header_id|>\n\nToday: '"
            " + strftime_now('%d %b %Y') + '<|eot_id|>' }}",
        ),
        special=(
            "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
            "<|eom_id|>",
        ),
        bos="<|begin_of_text|>",
        head="<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nToday: 26 Jul 2024"
        "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
        tail="<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        end="<|eot_id|>",
        published=("llama3", "llama3_1", "llama3_2", "llama3_3"),
    ),
    "Llama 4": FamilyFormat(
        model="llama4",
        template=_turns(
            ("<|header_start|>user<|header_end|>\n\n", "<|eot|>"),
            ("<|header_start|>assistant<|header_end|>\n\n", "<|eot|>"),
            "<|header_start|>assistant<|header_end|>\n\n",
            head="{{- bos_token }}",
        ),
        special=("<|begin_of_text|>", "<|header_start|>", "<|header_end|>", "<|eot|>", "<|eom|>"),
        bos="<|begin_of_text|>",
        head="<|begin_of_text|><|header_start|>user<|header_end|>\n\n",
        tail="<|eot|><|header_start|>assistant<|header_end|>\n\n",
        end="<|eot|>",
        published=("llama4",),
    ),
    "DeepSeek R1, V3": FamilyFormat(
        model="deepseek_v3",
        template=_turns(
            *_DEEPSEEK_TURNS,
            head="{{- bos_token }}",
            answer_content=_WITHOUT_THOUGHTS, after_prompt=_show("<think>\n"),
        ),
        special=_DEEPSEEK, added=THINK, bos=_DEEPSEEK[0],
        head="<｜begin▁of▁sentence｜><｜User｜>",
        tail="<｜Assistant｜><think>\n\n</think>\n\n",
        end="<｜end▁of▁sentence｜>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("deepseek_r1_distill_llama", "deepseek_r1_distill_qwen", "deepseek_v3"),
    ),
    "DeepSeek V3.1, V3.2": FamilyFormat(
        model="deepseek_v3.2",
        template=_turns(
            *_DEEPSEEK_TURNS,
            head="{{- bos_token }}", answer_content="'</think>' + m.content",
            after_prompt="{%- if thinking is defined and thinking %}{{- '<think>' }}{%- else %}"
            "{{- '<think></think>' }}{%- endif %}",
        ),
        special=_DEEPSEEK, added=THINK, bos=_DEEPSEEK[0],
        head="<｜begin▁of▁sentence｜><｜User｜>",
        tail="<｜Assistant｜><think></think>",
        end="<｜end▁of▁sentence｜>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("deepseek_v3_1", "deepseek_v3_2"),
    ),
    "DeepSeek V4": FamilyFormat(
        model="deepseek_v4",
        template=_turns(
            *_DEEPSEEK_TURNS,
            head="{{- bos_token }}", answer_content="'</think>' + m.content",
            after_prompt="{{- '<think>' if thinking else '</think>' }}",
        ),
        special=_DEEPSEEK, added=THINK, bos=_DEEPSEEK[0],
        head="<｜begin▁of▁sentence｜><｜User｜>",
        tail="<｜Assistant｜></think>",
        end="<｜end▁of▁sentence｜>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("deepseek_v4",),
    ),
    "GLM 4.5, 4.6": FamilyFormat(
        model="glm4.5_moe",
        template=_turns(
            ("<|user|>\n", ""), ("<|assistant|>\n<think></think>\n", ""), "<|assistant|>",
            head=_show("[gMASK]<sop>"),
            user_content="m.content + ('' if enable_thinking is not defined or enable_thinking"
            " else '/nothink')",
            after_prompt=_switch("\n<think></think>"),
        ),
        special=(*_GLM, *_BOX), added=THINK,
        head="[gMASK]<sop><|user|>\n",
        tail="/nothink<|assistant|>\n<think></think>\n",
        end="<|user|>",
        answers=_GLM_ANSWERS, unclosed=("\n<think>{thought}", "\n<think>"),
        published=("glm4_moe_4_5", "glm4_6"),
    ),
    "GLM 4.7": FamilyFormat(
        model="glm4.7_flash",
        template=_turns(
            ("<|user|>", ""), ("<|assistant|></think>", ""), "<|assistant|>",
            head=_show("[gMASK]<sop>"), after_prompt=_switch("</think>", "<think>"),
        ),
        special=(*_GLM, *_BOX), added=THINK,
        head="[gMASK]<sop><|user|>",
        tail="<|assistant|></think>",
        end="<|user|>",
        answers=_GLM_ANSWERS, unclosed=("<think>{thought}",),
        published=("glm4_7_flash",),
    ),
    "GLM 5": FamilyFormat(
        model="glm5",
        template=_turns(
            ("<|user|>", ""), ("<|assistant|><think></think>", ""), "<|assistant|>",
            head=_show("[gMASK]<sop>"), after_prompt=_switch("<think></think>", "<think>"),
        ),
        special=(*_GLM, *_BOX), added=THINK,
        head="[gMASK]<sop><|user|>",
        tail="<|assistant|><think></think>",
        end="<|user|>",
        answers=_GLM_ANSWERS, unclosed=("<think>{thought}",),
        published=("glm5_2",),
    ),
    "Kimi K2": FamilyFormat(
        model="kimi_k2",
        template=_turns(
            _KIMI_USER, (_KIMI_ANSWER, "<|im_end|>"), _KIMI_ANSWER,
            head=_show("<|im_system|>system<|im_middle|>You are a helper.<|im_end|>"),
        ),
        special=(*_KIMI, "<|im_system|>"),
        head="<|im_system|>system<|im_middle|>You are a helper.<|im_end|>"
        "<|im_user|>user<|im_middle|>",
        tail="<|im_end|><|im_assistant|>assistant<|im_middle|>",
        end="<|im_end|>",
        published=("kimi_k2", "kimi_k2_instruct"),
    ),
    "Kimi K2 Thinking": FamilyFormat(
        model="kimi_k2",
        template=_turns(
            _KIMI_USER, (f"{_KIMI_ANSWER}<think></think>", "<|im_end|>"), _KIMI_ANSWER,
            answer_content=_WITHOUT_THOUGHTS,
        ),
        special=_KIMI, added=THINK,
        head="<|im_user|>user<|im_middle|>",
        tail="<|im_end|><|im_assistant|>assistant<|im_middle|><think></think>",
        end="<|im_end|>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("kimi_k2_thinking",),
    ),
    "MiniMax M1": FamilyFormat(
        model="minimax_m1",
        template=_turns(
            ("<beginning_of_sentence>user name=user\n", "<end_of_sentence>\n"),
            ("<beginning_of_sentence>ai name=assistant\n", "<end_of_sentence>\n"),
            "<beginning_of_sentence>ai name=assistant\n",
            head=_show("<begin_of_document>"),
            user_content="m.content[0].text", answer_content="m.content[0].text",
        ),
        special=("<begin_of_document>", "<beginning_of_sentence>", "<end_of_sentence>"),
        head="<begin_of_document><beginning_of_sentence>user name=user\n",
        tail="<end_of_sentence>\n<beginning_of_sentence>ai name=assistant\n",
        end="<end_of_sentence>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("minimax_m1",),
    ),
    "MiniMax M2": FamilyFormat(
        model="minimax_m2",
        template=_turns(
            ("]~b]user\n", "[e~[\n"), ("]~b]ai\n", "[e~[\n"), "]~b]ai\n",
            head=_show("]~!b[]~b]system\nYou are a helper.[e~[\n"),
            answer_content=_WITHOUT_THOUGHTS, after_prompt=_show("<think>\n"),
        ),
        special=("]~!b[", "]~b]", "[e~["), added=THINK,
        head="]~!b[]~b]system\nYou are a helper.[e~[\n]~b]user\n",
        tail="[e~[\n]~b]ai\n<think>\n\n</think>\n\n",
        end="[e~[",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("minimax_m2",),
    ),
    "Mistral 7B v0.1, v0.2": FamilyFormat(
        model="mistral",
        template=_turns((" [INST] ", " [/INST]"), (" ", "</s>"), head="{{- bos_token }}"),
        special=_MISTRAL[:2], bos="<s>",
        head="<s> [INST] ", tail=" [/INST]", end="</s>",
        published=("mistral_v1",),
    ),
    "Mistral": FamilyFormat(
        model="mistral",
        template=_turns(
            ("[INST] ", "[/INST]"), (" ", "</s>"), head="{{- bos_token }}",
        ),
        special=_MISTRAL, bos="<s>",
        head="<s>[INST] ", tail="[/INST]", end="</s>",
        published=("mistral_v3",),
    ),
    "Mistral Nemo, Small": FamilyFormat(
        model="ministral3",
        template=_turns(
            ("[INST]", "[/INST]"), ("", "</s>"),
            head="{{- bos_token + '[SYSTEM_PROMPT]It is ' + strftime_now('%Y-%m-%d')"
            " + '.[/SYSTEM_PROMPT]' }}",
        ),
        special=_MISTRAL, bos="<s>",
        head="<s>[SYSTEM_PROMPT]It is 2024-07-26.[/SYSTEM_PROMPT][INST]",
        tail="[/INST]",
        end="</s>",
        published=("mistral_nemo", "mistral_small_3_2", "mistral_v7_tekken"),
    ),
    "Magistral, Ministral 3 Reasoning": FamilyFormat(
        model="ministral3",
        template=_turns(
            ("[INST]", "[/INST]"), ("", "</s>"), head=_ASKS_FOR_THOUGHTS, loop="rest",
        ),
        special=(*_MISTRAL, "[THINK]", "[/THINK]"), bos="<s>",
        head="<s>[SYSTEM_PROMPT]You are a helpful assistant.[/SYSTEM_PROMPT][INST]",
        tail="[/INST][THINK][/THINK]",
        end="</s>",
        answers=("{said}", "[THINK]{thought}[/THINK]{said}", "{thought}[/THINK]{said}"),
        unclosed=("[THINK]{thought}", "[THINK]"),
        published=("ministral3_reasoning",),
    ),
    "SmolLM 3": FamilyFormat(
        model="smollm3",
        template=_turns(
            _CHATML_USER, _CHATML_ANSWER, _CHATML_ANSWER[0],
            head="{{- '<|im_start|>system\nMode: ' + ('/no_think' if enable_thinking is defined"
            " and not enable_thinking else '/think') + '<|im_end|>\n' }}",
            after_prompt=_switch("<think>\n\n</think>\n"),
        ),
        special=_CHATML, added=THINK,
        head="<|im_start|>system\nMode: /no_think<|im_end|>\n<|im_start|>user\n",
        tail="<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n",
        end="<|im_end|>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("smollm3",),
    ),
    "Phi 3": FamilyFormat(
        model="phi3",
        template=_turns(
            ("<|user|>\n", "<|end|>\n"), ("<|assistant|>\n", "<|end|>\n"), "<|assistant|>\n",
        ),
        special=_PHI,
        head="<|user|>\n", tail="<|end|>\n<|assistant|>\n", end="<|end|>",
        published=("phi3", "phi3_5"),
    ),
    "Phi 4 mini": FamilyFormat(
        model="phi4_mini",
        template=_turns(("<|user|>", "<|end|>"), ("<|assistant|>", "<|end|>"), "<|assistant|>"),
        special=_PHI,
        head="<|user|>", tail="<|end|><|assistant|>", end="<|end|>",
        published=("phi4_mini",),
    ),
    "Phi 4 reasoning": FamilyFormat(
        model="phi3",
        template=_turns(
            ("<|im_start|>user<|im_sep|>", "<|im_end|>"),
            ("<|im_start|>assistant<|im_sep|>", "<|im_end|>"),
            "<|im_start|>assistant<|im_sep|>",
            head=_ASKS_FOR_THOUGHTS.replace("bos_token + ", "").replace("{{- bos_token }}", "")
            .replace("[THINK]", "<think>").replace("[/THINK]", "</think>")
            .replace("[SYSTEM_PROMPT]", "<|im_start|>system<|im_sep|>")
            .replace("[/SYSTEM_PROMPT]", "<|im_end|>"),
            loop="rest",
        ),
        special=(*_CHATML, "<|im_sep|>"), added=THINK,
        head="<|im_start|>system<|im_sep|>You are a helpful assistant.<|im_end|>"
        "<|im_start|>user<|im_sep|>",
        tail="<|im_end|><|im_start|>assistant<|im_sep|><think>\n\n</think>\n\n",
        end="<|im_end|>",
        answers=_THOUGHTS, unclosed=_UNCLOSED,
        published=("phi4",),
    ),
    "Granite": FamilyFormat(
        model="granite",
        template=_turns(
            ("<|start_of_role|>user<|end_of_role|>", "<|end_of_text|>\n"),
            ("<|start_of_role|>assistant<|end_of_role|>", "<|end_of_text|>\n"),
            "<|start_of_role|>assistant<|end_of_role|>",
            head="{{- '<|start_of_role|>system<|end_of_role|>Today: ' + strftime_now('%B %d, %Y')"
            " + '<|end_of_text|>\n' }}",
        ),
        special=("<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"),
        head="<|start_of_role|>system<|end_of_role|>Today: July 26, 2024<|end_of_text|>\n"
        "<|start_of_role|>user<|end_of_role|>",
        tail="<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>",
        end="<|end_of_text|>",
        answers=("{said}", "<think>{thought}</think><response>{said}</response>"),
        unclosed=("<think>{thought}",),
        published=("granite3_3",),
    ),
}  # fmt: skip
"""Each row: a format that families of models share. Templates in other words than the published
ones, with the same control tokens in the same places."""
