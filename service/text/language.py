"""Detects the language of a text, as a BCP 47 tag."""

import re
from functools import cache
from typing import TYPE_CHECKING

from service.errors import BadSetting
from service.text.han import HAN, HAN_CHARACTER, script_evidence

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Enough to be sure, and it keeps a 10 MB text as cheap as a long article.
_SAMPLE = 20_000
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_WORD = re.compile(rf"[^\W\d_\u1100-\u11ff\u3040-\u318f{HAN}\uac00-\ud7af\uff66-\uff9d]+")
# Addresses, mentions and tags in Latin letters, which Chinese has no space before or behind; and
# code: fenced, or a line of it.
_LINK = re.compile(
    r"https?://[!-~]+|www\.[!-~]+|[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[@#＠＃]\w{1,60}",
    re.ASCII,
)
_CODE = re.compile(
    r"(?:^|\n)(?:```|~~~)[^\n]*\n.*?(?:\n(?:```|~~~)|\Z)"
    r"|^(?=[^\n]*[{}();=<>\[\]][ ]*$)[ -~]{1,400}$",
    re.DOTALL | re.MULTILINE,
)
# Japanese text is a third kana or more; a Chinese one may hold a の or a Japanese name.
_KANA_SHARE = 0.12
# Characters by which letters' statistics tell a language as well as by more.
_ENOUGH = 1_200
# Below these, a statistical guess is a coin toss.
_FEWEST_LETTERS = 10
_LEAST_CONFIDENCE = 0.3
_ENGLISH = ("en", "pcm")


def detect(text: str) -> str:
    """The BCP 47 tag of the language most of `text` is in: `en`, `zh-Hans`, `zh-Hant`, `ja`, …

    `und` when there is too little evidence. Chinese that reads the same in both scripts is
    `zh-Hans`.
    """
    sample = _LINK.sub(" ", _without_code(_sample(text)))
    han, kana, hangul = (len(p.findall(sample)) for p in (HAN_CHARACTER, _KANA, _HANGUL))
    words = _WORD.findall(sample)
    # A Han character counts as a word: Chinese about technology may hold a Latin name in every
    # clause and is Chinese still.
    if han + kana + hangul < max(1, len(words)):
        return _by_statistics(HAN_CHARACTER.sub(" ", sample), words)
    if hangul > han + kana:
        return "ko"
    if kana > _KANA_SHARE * (han + kana):
        return "ja"
    simplified, traditional = script_evidence(sample)
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def _sample(text: str, size: int = _SAMPLE) -> str:
    if len(text) <= size:
        return text
    part = size // 2
    middle = len(text) // 2
    return text[:part] + "\n" + text[middle : middle + part]


def _without_code(sample: str) -> str:
    """The sample without code, which has English words whatever the text beside it is."""
    prose = _CODE.sub("\n", sample)
    return prose if _WORD.search(prose) or HAN_CHARACTER.search(prose) else sample


def _by_statistics(sample: str, words: list[str]) -> str:
    if sum(map(len, words)) < _FEWEST_LETTERS:
        return "und"
    enough = _sample(" ".join(sample.split()), _ENOUGH)
    language, confidence = _identifier().classify(enough)
    if language in _ENGLISH and confidence < _LEAST_CONFIDENCE:
        # Pidgin takes the half of a short English text's votes; together they are enough.
        ranked = _identifier().rank(enough)
        together = sum(share for name, share in ranked if name in _ENGLISH)
        return "en" if together >= _LEAST_CONFIDENCE else "und"
    # zxx is the tag of text that is not language.
    return "und" if confidence < _LEAST_CONFIDENCE or language == "zxx" else str(language)


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:  # it unpacks itself into the temporary folder, for a moment
        raise BadSetting(
            "telling languages apart needs 100 MB in the temporary folder for a moment"
            f" ({error.strerror}); set TMPDIR to one that has them"
        ) from error
