from __future__ import annotations

import tempfile
from pathlib import Path

from support.installation.engines_folder import engines_folder


def test_it_is_in_memory_where_there_is_room(tmp_path: Path) -> None:
    assert engines_folder(tmp_path, room_bytes=1) == tmp_path


def test_else_it_is_that_of_temporary_files(tmp_path: Path) -> None:
    assert engines_folder(tmp_path, room_bytes=1 << 60) == Path(tempfile.gettempdir())
    assert engines_folder(tmp_path / "absent", room_bytes=1) == Path(tempfile.gettempdir())
