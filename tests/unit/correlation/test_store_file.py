"""Tests of the life cycle that all local stores share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import lmdb
import pytest

from pipeline.correlation.store_file import Identity, StoreFile, StoreInUseError, StoreUnwritableError, boot_id

IDENTITY = Identity("cluster", "topic", 0, "generation")

FULL_DISK = """
import sys
from pathlib import Path
from pipeline.correlation.store_file import Identity, StoreFile, StoreUnwritableError

folder = Path(sys.argv[1])
file = StoreFile(folder / "store", Identity("c", "t", 0, "g"), {"rows": {}}, map_size=1 << 20)
def fill(start, count):
    def put(transaction):
        for i in range(start, start + count):
            transaction.put(b"%09d" % i, b"x" * 1000, db=file.databases["rows"])
    return put
file.commit(0, fill(0, 100))
ballast = folder / "ballast"
ballast.write_bytes(b"x" * (2 << 20))
try:
    file.commit(1, fill(100, 5000))
except StoreUnwritableError as error:
    print("refused:", file.offset, file.get("rows", b"%09d" % 99) is not None, file.get("rows", b"%09d" % 100))
ballast.unlink()
file.commit(1, fill(100, 1000))
print("again:", file.offset, bytes(file.get("rows", b"%09d" % 1099))[:1])
"""


def opened(folder: Path) -> StoreFile:
    return StoreFile(folder, IDENTITY, {"rows": {}}, map_size=1 << 16)


def test_a_store_has_one_owner(tmp_path: Path) -> None:
    file = opened(tmp_path)
    with pytest.raises(StoreInUseError, match="held by another"):
        opened(tmp_path)
    file.close()
    opened(tmp_path).close()


def test_a_full_map_grows(tmp_path: Path) -> None:
    file = opened(tmp_path)
    before = file.map_size

    def fill(transaction: lmdb.Transaction) -> int:
        for number in range(3000):
            transaction.put(b"%09d" % number, b"x" * 100, db=file.databases["rows"])
        return 3000

    assert file.commit(1, fill) == 3000
    assert file.map_size > before
    assert bytes(file.get("rows", b"%09d" % 2999) or b"") == b"x" * 100
    file.close()
    file = opened(tmp_path)
    assert file.offset == 1
    file.close()


def test_a_commit_that_fails_leaves_the_last_one(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.commit(1, lambda transaction: transaction.put(b"a", b"1", db=file.databases["rows"]))

    def refuse(transaction: lmdb.Transaction) -> None:
        transaction.put(b"a", b"2", db=file.databases["rows"])
        raise lmdb.DiskError("refused")

    with pytest.raises(StoreUnwritableError):
        file.commit(2, refuse)
    assert file.offset == 1
    assert bytes(file.get("rows", b"a") or b"") == b"1"
    file.close()


def test_a_close_that_the_disk_refuses_lets_go_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = opened(tmp_path)
    file.commit(1, lambda transaction: None)

    def refuse(_: object) -> None:
        raise lmdb.DiskError("refused")

    monkeypatch.setattr(file, "_write_meta", refuse)
    with pytest.raises(lmdb.DiskError):
        file.close()
    again = opened(tmp_path)
    assert again.offset == 1
    again.close()


def test_a_store_that_a_full_disk_keeps_from_opening_is_not_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = opened(tmp_path)
    file.commit(1, lambda transaction: None)
    file.close()

    def refuse(*_: object, **__: object) -> None:
        raise lmdb.DiskError("refused")

    with monkeypatch.context() as patched:
        patched.setattr(lmdb, "open", refuse)
        with pytest.raises(lmdb.DiskError):
            opened(tmp_path)
    again = opened(tmp_path)
    assert again.offset == 1
    again.close()


def test_a_full_disk_refuses_the_commit_and_takes_it_once_there_is_room(tmp_path: Path) -> None:
    script = f'mount -t tmpfs -o size=4m tmpfs "$0" && exec {sys.executable} -c "$1" "$0"'
    command = ["unshare", "-rm", "sh", "-c", script, str(tmp_path), FULL_DISK]
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this system does not let an unprivileged user mount a small disk (unshare -rm)")
    run = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    assert run.stdout.splitlines() == ["refused: 0 True None", "again: 1 b'x'"], run.stderr


def test_the_boot_id_is_the_same_within_one_boot() -> None:
    assert boot_id() == boot_id()
