"""Tests of the life cycle that all local stores share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import lmdb
import pytest

from pipeline.correlation.store_file import (
    NO_OFFSET,
    RENEWED,
    StoreFile,
    StoreIdentity,
    StoreInUseError,
    StoreUnwritableError,
    boot_id,
)

IDENTITY = StoreIdentity("cluster", "topic", 0, "generation")

FULL_DISK = """
import sys
from pathlib import Path
from pipeline.correlation.store_file import StoreFile, StoreIdentity, StoreUnwritableError

folder = Path(sys.argv[1])
file = StoreFile(folder / "store", StoreIdentity("c", "t", 0, "g"), {"rows": {}}, map_size=1 << 20)
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


def opened(folder: Path, identity: StoreIdentity = IDENTITY, boot: str = "boot 1") -> StoreFile:
    return StoreFile(folder, identity, {"rows": {}}, map_size=1 << 16, boot=boot)


def put_row(file: StoreFile, offset: int, records: int = 0) -> None:
    file.commit(offset, lambda transaction: transaction.put(b"key", b"value", db=file.databases["rows"]), records)


def test_a_store_has_one_owner(tmp_path: Path) -> None:
    file = opened(tmp_path)
    with pytest.raises(StoreInUseError, match="held by another"):
        opened(tmp_path)
    file.close()
    opened(tmp_path).close()


@pytest.mark.parametrize(
    "other",
    [
        StoreIdentity("another cluster", "topic", 0, "generation"),
        StoreIdentity("cluster", "another topic", 0, "generation"),
        StoreIdentity("cluster", "topic", 1, "generation"),
        StoreIdentity("cluster", "topic", 0, "another generation"),
        StoreIdentity("cluster", "topic", 0, "generation", format=0),
    ],
)
def test_a_file_of_another_identity_is_emptied(tmp_path: Path, other: StoreIdentity) -> None:
    file = opened(tmp_path)
    put_row(file, 5)
    file.close()
    file = opened(tmp_path, other)
    assert (file.offset, file.get("rows", b"key")) == (NO_OFFSET, None)
    file.close()


def test_what_is_no_such_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"torn" * 4096)
    file = opened(tmp_path)
    assert file.offset == NO_OFFSET
    file.close()


def test_a_close_keeps_the_last_commit_with_the_records_that_it_stands_for(tmp_path: Path) -> None:
    file = opened(tmp_path)
    put_row(file, 9, records=3)
    file.close()
    file.close()
    file = opened(tmp_path, boot="boot 2")
    assert (file.offset, file.records, bytes(file.get("rows", b"key") or b"")) == (9, 3, b"value")
    file.close()


def test_after_a_crash_of_the_machine_a_file_is_emptied_though_it_was_closed_cleanly_once(tmp_path: Path) -> None:
    file = opened(tmp_path)
    put_row(file, 5)
    file.close()
    file = opened(tmp_path)
    put_row(file, 6)
    file.close(clean=False)
    file = opened(tmp_path, boot="boot 2")
    assert (file.offset, file.get("rows", b"key")) == (NO_OFFSET, None)
    file.close()


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


CANARY = b"canary" * 20


def with_erased_content(folder: Path) -> StoreFile:
    """Of many rows those with the canary are overwritten: LMDB frees their pages and leaves what is in them."""
    file = opened(folder)

    def fill(transaction: lmdb.Transaction) -> None:
        for number in range(300):
            transaction.put(b"%09d" % number, CANARY if number % 3 else b"kept", db=file.databases["rows"])

    def erase(transaction: lmdb.Transaction) -> None:
        for number in range(300):
            if number % 3:
                transaction.put(b"%09d" % number, b"", db=file.databases["rows"])

    file.commit(1, fill)
    file.commit(2, erase, 7, erased_at=1000.0)
    assert CANARY in (folder / "data.mdb").read_bytes()
    return file


def test_a_file_written_anew_holds_nothing_of_what_was_erased(tmp_path: Path) -> None:
    file = with_erased_content(tmp_path)
    file.rewrite_file()
    assert CANARY not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert (file.offset, file.records, file.erased_at) == (2, 7, None)
    assert bytes(file.get("rows", b"%09d" % 0) or b"") == b"kept"
    file.commit(3, lambda transaction: transaction.put(b"new", b"1", db=file.databases["rows"]))
    file.close()
    file = opened(tmp_path)
    assert (file.offset, bytes(file.get("rows", b"new") or b""), file.erased_at) == (3, b"1", None)
    file.close()


def test_an_erasure_is_remembered_until_the_file_is_written_anew(tmp_path: Path) -> None:
    file = with_erased_content(tmp_path)
    file.commit(3, lambda transaction: None, erased_at=2000.0)
    file.close()
    file = opened(tmp_path)
    assert file.erased_at == 1000.0
    file.close()


def test_a_disk_that_refuses_the_new_file_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = with_erased_content(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.correlation.store_file.os.fsync", refused)
        with pytest.raises(StoreUnwritableError, match="no room"):
            file.rewrite_file()
    assert bytes(file.get("rows", b"%09d" % 0) or b"") == b"kept"
    assert not (tmp_path / RENEWED).exists()
    file.commit(3, lambda transaction: None)
    file.rewrite_file()
    assert (file.offset, file.erased_at) == (3, None)
    file.close()


def refused(descriptor: int) -> None:
    raise OSError("no room")


def test_what_a_crash_left_of_a_new_file_goes_when_the_store_is_opened(tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / RENEWED).mkdir()
    (tmp_path / RENEWED / "data.mdb").write_bytes(CANARY)
    opened(tmp_path).close()
    assert not (tmp_path / RENEWED).exists()
