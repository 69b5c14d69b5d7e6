from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.access.query_cipher import QueryCipher, delete_month_key, keys_in, months_in
from pipeline.errors import LiaisonError

NOVEMBER, DECEMBER = datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def test_a_query_is_read_by_its_months_key_alone(tmp_path: Path) -> None:
    sealed = QueryCipher(keys_in(tmp_path)).encrypt("Иван Петров", NOVEMBER)
    assert QueryCipher(keys_in(tmp_path)).decrypt(sealed, NOVEMBER) == "Иван Петров"
    assert sealed != QueryCipher(keys_in(tmp_path)).encrypt("Иван Петров", NOVEMBER)
    QueryCipher(keys_in(tmp_path)).encrypt("x", DECEMBER)
    with pytest.raises(LiaisonError, match="damaged or was altered"):
        QueryCipher(keys_in(tmp_path)).decrypt(sealed, DECEMBER)


def test_a_deleted_key_ends_what_it_sealed_in_running_processes_too(tmp_path: Path) -> None:
    cipher = QueryCipher(keys_in(tmp_path))
    sealed = cipher.encrypt("Иван Петров", NOVEMBER)
    key = tmp_path / "2026-11.key"
    assert key.stat().st_mode & 0o077 == 0
    key.unlink()
    with pytest.raises(LiaisonError, match="2026-11 can no longer be decrypted"):
        cipher.decrypt(sealed, NOVEMBER)


def test_months_are_listed_and_forgotten_one_by_one(tmp_path: Path) -> None:
    cipher = QueryCipher(keys_in(tmp_path))
    for at in (DECEMBER, NOVEMBER):
        cipher.encrypt("x", at)
    (tmp_path / "2026-13.draft").touch()
    assert months_in(tmp_path) == ["2026-11", "2026-12"]
    for _ in range(2):
        delete_month_key(tmp_path, "2026-11")
    assert months_in(tmp_path) == ["2026-12"]
    assert months_in(tmp_path / "nothing") == []
