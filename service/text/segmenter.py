"""The segmenter of Chinese words."""

import logging
import math
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from service.text.best_route import BestRoute
from service.text.viterbi import Search, Viterbi


@cache
def segmenter() -> Any:
    """jieba with its dictionary loaded, silent about its loading time and its cache."""
    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.CRITICAL)
    jieba.dt.tmp_dir = str(_cache_folder())
    jieba.initialize()  # else its table of frequencies is empty until it cuts a text
    jieba.dt.calc = BestRoute(jieba.dt.FREQ, jieba.dt.total).fill
    jieba.dt.get_DAG = _no_words
    jieba.posseg.viterbi = _search(jieba.posseg)
    return jieba


def _no_words(text: str) -> None:
    """Takes the place of jieba's list of the words in `text`, which BestRoute finds itself."""


def _search(posseg: Any) -> Search:
    tables = (posseg.char_state_tab_P, posseg.start_P, posseg.trans_P, posseg.emit_P)
    return Viterbi(posseg.viterbi, *tables).search


def frequency(word: str) -> float:
    """The share of a Simplified word among all words of jieba's corpus; 0 for one it lacks."""
    table = segmenter().dt
    return float((table.FREQ.get(word) or 0) / table.total)


def rarity(word: str) -> float:
    """From 0, all of the corpus, to 1 for a word that jieba has not counted."""
    table = segmenter().dt
    return 1 - math.log(1 + (table.FREQ.get(word) or 0)) / math.log(table.total)


def _cache_folder() -> Path:
    """The folder of jieba's unpacked dictionary: not /tmp, where everybody may write, because jieba
    loads any file that lies there."""
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diglot"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # no home, or one that can't be written to
        pass
    return Path(tempfile.mkdtemp(prefix="diglot-"))
