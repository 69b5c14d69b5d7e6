from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipeline.feeds.tables.cells import SourceRow
from pipeline.feeds.tables.row_store import CACHE_KIB, RowStore, SeenKeys, open_temporary


def test_rows_come_back_by_key_in_their_order_and_shape() -> None:
    store = RowStore()
    row: dict[str, Any] = {"a": "x", "l": ("1", "2"), "g": [{"b": "y", "l": ("3",)}], "none": (), "empty": []}
    store.add("k", SourceRow(1, row))
    store.add("other", SourceRow(2, {"a": "z"}))
    store.add("k", SourceRow(3, {"a": "w"}))
    first, second = store.find("k")
    assert {**first, "empty": list(first["empty"])} == row
    assert second == {"a": "w"}
    assert store.find("nobody") == []
    assert store.count_unfound() == 1


def test_groups_come_in_the_order_of_their_first_rows() -> None:
    store = RowStore()
    for number, key in enumerate("bacab", start=1):
        store.add(key, SourceRow(number, {"k": key}))
    assert [[row.number for row in group] for group in store.groups()] == [[1, 5], [2, 4], [3]]
    assert list(RowStore().groups()) == []


def test_a_key_keeps_the_number_under_which_it_was_first_met() -> None:
    seen = SeenKeys()
    assert [seen.first_number(key, number) for number, key in enumerate("abab")] == [0, 1, 0, 1]


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
