from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.feeds.temporary_file import CACHE_KIB, open_temporary


class Owner:
    pass


def test_it_is_closed_with_its_owner() -> None:
    owner = Owner()
    file = open_temporary(owner)
    file.execute("create table t (a)")
    del owner
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        file.execute("select * from t")


def test_it_has_no_name_and_outgrows_its_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    owner = Owner()
    file = open_temporary(owner)
    file.execute("create table t (a blob)")
    for _ in range(CACHE_KIB // 1024 + 8):
        file.execute("insert into t values (zeroblob(1048576))")
    assert list(tmp_path.iterdir()) == []
    assert file.execute("select count(*) from t").fetchone() == (CACHE_KIB // 1024 + 8,)


def test_it_may_be_handed_to_another_thread() -> None:
    owner = Owner()
    file = open_temporary(owner)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(file.execute, "create table t (a)").result()
    assert file.execute("select count(*) from t").fetchone() == (0,)
