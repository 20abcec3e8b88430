"""A disk that is really full and one that is really read-only, below a real service.

They are mounted, so this needs to be root, and a kernel that lets it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from service.folder.ledger import FILE as DIGESTS
from tests.support.disks import mount, small_disk
from tests.support.serving import ROOT, Reply, Served, results, serving
from tests.support.waiting import PATIENCE_S

SERVER = ("-m", "tests.support.scripted_server")
SLOW_S, QUICK_S = "1.0", "0.01"
ENGLISH = "The council of Ashford voted to build bridge {}. The mayor called it overdue."
CHINESE = "青石镇议会投票决定建第{}座桥。镇长表示，这座桥早该建了。"
TEXTS = [text.format(n) for n in range(20) for text in (ENGLISH, CHINESE)]
FEW = TEXTS[:6]
JSON = {"Content-Type": "application/json"}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Twelve MiB and no more: three times what the write-ahead log of a store may take."""
    with small_disk(tmp_path / "disk", "12m") as folder:
        yield folder


def fill(disk: Path) -> Path:
    """Take all the room that is left; to be unlinked to give it back."""
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert os.statvfs(disk).f_bavail == 0
    return filler


def send(server: Served, texts: list[str]) -> Reply:
    body = json.dumps([{"text": text} for text in texts]).encode()
    return server.ask("POST", "/batches", body, JSON)


def at(disk: Path) -> Mapping[str, str]:
    return {"DIGLOT_DATA": str(disk)}


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "service", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert "Traceback" not in done.stderr
    return done


def check_whole(server: Served, batch: str, count: int) -> None:
    lines = results(server, batch)
    assert [line["index"] for line in lines] == list(range(count))
    assert not any("error" in line for line in lines)


def test_a_full_disk_refuses_batches_and_loses_none(tmp_path: Path, disk: Path) -> None:
    with serving(tmp_path / "log", *SERVER, SLOW_S, environment=at(disk)) as server:
        server.wait_until_ready()
        accepted = send(server, TEXTS).json["id"]
        filler = fill(disk)
        refused = send(server, [text * 50 for text in TEXTS])
        assert (refused.status, refused.json["code"]) == (507, "store_full"), refused.body
        assert refused.headers["Retry-After"]
        assert str(disk) not in refused.body.decode()
        assert [server.post({"text": text}).status for text in (ENGLISH, CHINESE)] == [200, 200]
        assert server.get(f"/batches/{accepted}").json["articles"] == len(TEXTS)
        assert server.get("/readyz").status == 200
        filler.unlink()
        check_whole(server, accepted, len(TEXTS))
        check_whole(server, send(server, TEXTS[:2]).json["id"], 2)
        again = {"text": ENGLISH.format("one more")}
        assert not server.post(again).json["kept"]
        last = time.monotonic() + PATIENCE_S
        while not server.post(again).json["kept"]:  # it is written behind the answer
            assert time.monotonic() < last
        assert "Traceback" not in server.log.read_text()


def test_killed_on_a_full_disk_it_loses_nothing(tmp_path: Path, disk: Path) -> None:
    with serving(tmp_path / "log", *SERVER, SLOW_S, environment=at(disk)) as server:
        server.wait_until_ready()
        accepted = send(server, FEW).json["id"]
        filler = fill(disk)
        server.kill()
    with serving(tmp_path / "log", *SERVER, QUICK_S, environment=at(disk)) as server:
        server.wait_until_ready()
        assert server.post({"text": CHINESE}).status == 200
        filler.unlink()
        check_whole(server, accepted, len(FEW))


def test_a_disk_that_is_full_at_the_start(disk: Path) -> None:
    fill(disk)
    started = run("serve", "--engine", "extractive", "--port", "0", "--data", str(disk))
    assert started.returncode == 2
    said = started.stderr.strip().splitlines()[-1]  # the log has its own line before
    assert said.startswith(f"diglot: the store in {disk} can't be used: diglot.db: ")
    assert "full" in said


def test_no_key_is_made_on_a_full_disk_and_those_that_are_stay(disk: Path) -> None:
    assert run("keys", "add", "first", "--data", str(disk)).returncode == 0
    before = (disk / "keys.json").read_bytes()
    fill(disk)
    failed = run("keys", "add", "second", "--data", str(disk))
    assert failed.returncode == 2
    assert "No space left" in failed.stderr
    assert (disk / "keys.json").read_bytes() == before


def test_a_folder_run_on_a_full_disk_goes_on_when_there_is_room(tmp_path: Path, disk: Path) -> None:
    texts = {f"{n:02}.txt": text * 20 for n, text in enumerate(TEXTS)}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    command = ("digest", *(str(tmp_path / name) for name in texts), "--out", str(disk / "out"),
               "--engine", "extractive")  # fmt: skip
    filler = fill(disk)
    os.truncate(filler, filler.stat().st_size - 40_000)
    stopped = run(*command)
    assert stopped.returncode == 1
    assert "No space left" in stopped.stderr
    kept = (disk / "out" / DIGESTS).read_text("utf-8").splitlines()
    assert 0 < len(kept) < len(texts)
    filler.unlink()
    assert run(*command).returncode == 0
    lines = (disk / "out" / DIGESTS).read_text("utf-8").splitlines()
    assert [Path(json.loads(line)["source"]).name for line in lines] == list(texts)
    assert set(kept) <= set(lines)  # nothing was done twice


def test_a_read_only_folder_stops_the_start_with_one_line(disk: Path) -> None:
    mount("-o", "remount,ro", str(disk))
    started = run("serve", "--engine", "extractive", "--port", "0", "--data", str(disk))
    assert started.returncode == 2
    assert "diglot: the store in" in started.stderr
    digested = run("digest", str(ROOT / "seeds"), "--out", str(disk), "--engine", "extractive")
    assert digested.returncode == 2
    assert "Read-only file system" in digested.stderr
    key = run("keys", "add", "first", "--data", str(disk))
    assert key.returncode == 2
    assert "Read-only file system" in key.stderr


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[Path]:
    """A disk that can be made to go read-only while it is in use, as after a fault of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts a disk")
    folder, image = tmp_path / "failing", tmp_path / "image"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(16 * 1024 * 1024)
    made = subprocess.run(["mkfs.ext4", "-q", image], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no ext4 can be made here")
    mount("-o", "loop,errors=remount-ro", str(image), str(folder))
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def break_off(disk: Path) -> None:
    (device,) = [
        line.split()[0].removeprefix("/dev/")
        for line in Path("/proc/mounts").read_text().splitlines()
        if line.split()[1] == str(disk)
    ]
    with suppress(OSError):  # the write itself is an error on some kernels
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("a test\n")
    try:
        (disk / "probe").touch()
    except OSError:
        return
    pytest.skip("this kernel lets nobody break a disk")


def test_a_disk_that_goes_read_only_refuses_batches_and_loses_none(
    tmp_path: Path, failing: Path
) -> None:
    with serving(tmp_path / "log", *SERVER, SLOW_S, environment=at(failing)) as server:
        server.wait_until_ready()
        accepted = send(server, TEXTS).json["id"]
        break_off(failing)
        refused = send(server, TEXTS)
        assert (refused.status, refused.json["code"]) == (503, "store_failed"), refused.body
        assert str(failing) not in refused.body.decode()
        assert [server.post({"text": text}).status for text in (ENGLISH, CHINESE)] == [200, 200]
        assert server.get("/readyz").status == 200
        server.process.terminate()
        assert server.process.wait(timeout=PATIENCE_S) == 0
    subprocess.run(["umount", failing], check=True)
    image = tmp_path / "image"
    subprocess.run(["fsck.ext4", "-p", "-f", image], capture_output=True, check=False)
    mount("-o", "loop", str(image), str(failing))
    with serving(tmp_path / "log", *SERVER, QUICK_S, environment=at(failing)) as server:
        server.wait_until_ready()
        check_whole(server, accepted, len(TEXTS))
