from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.records import vendored


def test_a_missing_or_damaged_table_is_the_installations_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendored, "files", lambda _package: tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cut.json.xz").write_bytes(b"\xfd7zXZ\x00")
    for name in ("missing", "cut"):
        with pytest.raises(LiaisonError, match=f"{name}.json.xz is missing or damaged; install Liaison again"):
            vendored.read_table(name, dict[str, str])
