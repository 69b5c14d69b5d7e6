from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.files import numbered_lines, survey_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "f.ndjson"
    path.write_bytes(b"a\r\n\nb")
    return path


def test_lines_are_numbered_and_lose_their_ends(file: Path) -> None:
    assert list(numbered_lines(file, survey_file(file))) == [(1, b"a"), (2, b""), (3, b"b")]


def test_the_same_bytes_are_known_again_wherever_they_lie(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(file.read_bytes())
    assert survey_file(other) == survey_file(file)
    other.write_bytes(b"a\r\n\nc")
    assert survey_file(other).digest != survey_file(file).digest


def test_a_file_that_changes_while_it_is_read_is_noticed(file: Path) -> None:
    seen = survey_file(file)
    with file.open("ab") as more:
        more.write(b"\nc")
    with pytest.raises(LiaisonError, match="changed while"):
        list(numbered_lines(file, seen))
