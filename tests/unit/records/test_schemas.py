from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.records import schemas
from pipeline.records.schemas import hide_names
from support.installation.incomplete import run_there, without_schemas
from support.records.samples import message

COMMANDS = [
    ("feed", "validate", "cases.ndjson", "--agency", "fr-pj"),
    ("serve",),
]
OTHERS = [
    ("batch", "correlate", "cases.ndjson", "-o", "links.ndjson"),
    ("batch", "resolve", "cases.ndjson", "-o", "things.ndjson"),
    ("worker", "intake"),
    ("worker", "project"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    without_schemas(tmp_path)
    (tmp_path / "cases.ndjson").write_bytes(message() + b"\n")
    return tmp_path


@pytest.mark.parametrize("command", [*COMMANDS, *(pytest.param(one, marks=pytest.mark.rare) for one in OTHERS)])
def test_without_schemas_a_command_fails_at_its_start_in_one_line(command: tuple[str, ...], folder: Path) -> None:
    done = run_there(folder, *command, LIAISON_HOME=str(folder / "home"), LIAISON_KAFKA_URL="127.0.0.1:1")
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert [line for line in done.stderr.splitlines() if line.strip()] == [
        f"liaison: the schema case.schema.json in {folder}/schemas is missing or damaged; install Liaison again"
    ]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"$id": "x", "type": 1}', b'{"$id": "https://x/", "$ref": "y"}']
)
def test_a_damaged_schema_is_the_installations_fault(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "case.schema.json").write_bytes(content)
    for one in (schemas.names, schemas.schema, schemas.validator):
        monkeypatch.setattr(schemas, one.__name__, one.__wrapped__)
    monkeypatch.setattr(schemas, "folder", lambda: tmp_path)
    with pytest.raises(LiaisonError, match="install Liaison again"):
        schemas.validator("case")


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("", ""),
        ("/data/entities/0/names/12/given", "/data/entities/0/names/12/given"),
        ("/data/Ivan Petrov", "/data/…"),
        ("/data/entities/0/Ivan~1title", "/data/entities/0/…"),
        ("/data/33612345678", "/data/…"),
        ("/data/Ivan/1980", "/data/…/…"),
        ("/data/extensions/1980/title", "/data/extensions/…/title"),
        ("/data/entities/\u0663", "/data/entities/…"),
        ("/", "/…"),
    ],
)
def test_a_pointer_shows_names_of_the_schema_and_places_in_lists_alone(pointer: str, shown: str) -> None:
    assert hide_names(pointer) == shown
