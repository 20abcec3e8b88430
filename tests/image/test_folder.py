"""`docker run IMAGE digest /articles --out /out`: folders of the host, as the user of the host."""

import json
import os
from pathlib import Path

import pytest

from tests.support.container_engines import Engine
from tests.support.containers import HARDENED

pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]
ARTICLES = {
    "a.txt": "The council of Ashford voted on Tuesday to build a bridge.",
    "b.txt": "青石镇议会周二投票决定建一座桥。",
}


@pytest.mark.parametrize("user", ["10001:10001", "1234:1234"])
def test_a_mounted_folder_is_digested(
    engine: Engine, image: str, user: str, tmp_path: Path
) -> None:
    articles, out = tmp_path / "articles", tmp_path / "out"
    articles.mkdir()
    for name, text in ARTICLES.items():
        (articles / name).write_text(text, "utf-8")
    out.mkdir()
    os.chown(out, *map(int, user.split(":")))
    engine("run", "--rm", *engine.run_flags, *HARDENED, "--user", user,
           "--volume", f"{articles}:/articles:ro", "--volume", f"{out}:/out",
           image, "digest", "/articles", "--out", "/out")  # fmt: skip
    lines = (out / "digests.jsonl").read_text("utf-8").splitlines()
    assert [Path(json.loads(line)["source"]).name for line in lines] == list(ARTICLES)
    assert "error" not in "".join(lines)
