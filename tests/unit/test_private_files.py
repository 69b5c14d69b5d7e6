"""Files that only their owner may read: whole or not there, and the first maker's."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.private_files import create_private, keep_private, write_private


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_of_several_makers_the_first_holds(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "one"
    assert create_private(path, b"first")
    assert not create_private(path, b"second")
    assert (path.read_bytes(), names_in(path.parent)) == (b"first", ["one"])


def test_they_are_for_their_owner_unless_a_mode_is_given(tmp_path: Path) -> None:
    create_private(tmp_path / "made", b"x")
    write_private(tmp_path / "written", "x")
    write_private(tmp_path / "shared", "x", 0o640)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("made", "written", "shared")]
    assert modes == [0o600, 0o600, 0o640]


def test_a_full_disk_leaves_what_was_there_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one"
    write_private(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for write in (write_private, create_private):
        with pytest.raises(OSError, match="no space"):
            write(path, b"new")
    assert (path.read_bytes(), names_in(tmp_path)) == (b"old", ["one"])


def test_a_home_that_cannot_be_written_to_is_named_with_what_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = os.geteuid()
    keep_private(tmp_path / "home")
    (tmp_path / "file").touch()
    with pytest.raises(LiaisonError, match=f"LIAISON_HOME, {tmp_path}/file, can't be made by user {user}: File exists"):
        keep_private(tmp_path / "file")
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    words = f"LIAISON_HOME, {tmp_path}, can't be written to by user {user}: it .*; run `chown -R {user} {tmp_path}`"
    with pytest.raises(LiaisonError, match=words):
        keep_private(tmp_path)
