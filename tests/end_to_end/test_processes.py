"""Properties of a process of its own: imports, hash order, lines on stderr."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

ENGLISH = [
    "The council met on Monday.",
    "It will build forty stops.",
    "Residents praised the plan.",
]
CHINESE = ["市议会星期一开会。", "会议决定新建四十个车站。", "沿线居民称赞这项计划。"]


def run(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )


def test_the_extractive_engine_never_needs_torch() -> None:
    code = (
        "import sys; from service.serving.service import Service;"
        "from service.settings import Settings;"
        "from service.engine_factory import load_engine; from service.article import Article;"
        "from service.tasks import Options;"
        "service = Service(Settings(engine='extractive'), load_engine);"
        "service.open(); service.wait();"
        "article = Article('The council met. It will build forty stops. 市议会开会。');"
        "assert service.submit(article, Options()).result(60).engine.name == 'extractive';"
        "service.close(30); print(*{name.split('.')[0] for name in sys.modules})"
    )
    assert not {"torch", "transformers"} & set(run(code).stdout.split())


def test_the_choice_of_sentences_does_not_hang_on_hash_order() -> None:
    code = (
        "from service.extractive.selection import choose\n"
        "from tests.support.documents import of_sentences\n"
        f"english = of_sentences({ENGLISH * 3!r}, 'en')\n"
        f"chinese = of_sentences({CHINESE * 3!r}, 'zh-Hans')\n"
        "print(choose(english, 15), choose(chinese, 25))"
    )
    assert len({run(code, PYTHONHASHSEED=seed).stdout for seed in ("0", "1", "2")}) == 1


def test_the_segmenter_is_silent_and_keeps_its_cache_in_a_private_folder(
    tmp_path: Path,
) -> None:
    code = (
        "from service.text.segmenter import segmenter; jieba = segmenter();"
        "print(jieba.lcut('新图书馆')); print(jieba.dt.tmp_dir)"
    )
    done = run(code, XDG_CACHE_HOME=str(tmp_path / "cache"))
    words, folder = done.stdout.splitlines()
    assert "图书馆" in words
    assert done.stderr == ""
    assert Path(folder).stat().st_mode & 0o077 == 0


def test_a_temporary_folder_that_is_full_is_said_clearly() -> None:
    code = (
        "import resource; from service.errors import BadSetting\n"
        "from service.text.language import detect\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "try: detect('Der Rat hat am Montag eine neue Linie beschlossen.')\n"
        "except BadSetting as error: print(error)"
    )
    assert "TMPDIR" in run(code).stdout
