from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds import files
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


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b'[{"a": "}{"}, {"b": ["]", {}]}]', [b'{"a": "}{"}', b'{"b": ["]", {}]}']),
        (b'{\n "a": 1\n}\n{\r\n "a": "\\"{"\r\n}\n', [b'{  "a": 1 }', b'{   "a": "\\"{"  }']),
        (b'{"a": 1}{"b": 2} {"c": 3}\n', [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}']),
        (b'[\n{"a": 1},\n oops,\n{"b": 2}\n]', [b'{"a": 1}', b"oops", b'{"b": 2}']),
        (b'{\n"a": 1\n}\n{\n"b": "x\n y"\n}\n{\n"c": 1\n', [b'{ "a": 1 }', b'{\v"b": "x\v y"\v}', b'{\v"c": 1']),
        (b"[]\n", []),
    ],
)
def test_json_of_another_layout_is_read_as_its_objects(tmp_path: Path, content: bytes, records: list[bytes]) -> None:
    """What is no JSON stays none, on one line too."""
    path = tmp_path / "case.json"
    path.write_bytes(content)
    seen = survey_file(path)
    assert list(numbered_lines(path, seen)) == list(enumerate(records, start=1))
    assert (seen.lines, seen.by_line) == (len(records), False)
    path.write_bytes(content + b"{}")
    with pytest.raises(LiaisonError, match="changed while"):
        list(numbered_lines(path, seen))


@pytest.mark.parametrize("first", [b'{"a": 1}', b'{"a": {"b"', b"oops", b'{"a": 1} {"b"', b'{"a": "x'])
def test_a_line_that_is_broken_is_the_fault_of_that_line_alone(tmp_path: Path, first: bytes) -> None:
    path = tmp_path / "cases.ndjson"
    path.write_bytes(first + b'\n{"c": 1}\n\n{"d": 1}\n')
    assert [raw for _, raw in numbered_lines(path)] == [first, b'{"c": 1}', b"", b'{"d": 1}']
    assert survey_file(path).by_line


def test_json_of_another_layout_that_is_too_large_to_be_held_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_WHOLE_BYTES", 1 << 20)
    path = tmp_path / "case.json"
    path.write_bytes(b'[{"a": 1},\n' + b" " * (1 << 20) + b"]")
    with pytest.raises(LiaisonError, match="write one record a line"):
        survey_file(path)
