from __future__ import annotations

import io

from rich.console import Console

from pipeline.cli.rendering.preview import show_preview
from pipeline.feeds.previewing import ColumnValues, Finding, Preview, PreviewedCase
from pipeline.records.normalised import RecordWarning

DATA = {
    "agency": "fr-pj",
    "country": "FR",
    "case_id": "7",
    "version": 1,
    "status": "active",
    "title": "Vol [bold]",
    "entities": [{"id": "p1", "type": "person", "names": [{"full": "Ann"}]}],
}


def printed(preview: Preview, unread: dict[str, ColumnValues], read: dict[str, ColumnValues]) -> str:
    file = io.StringIO()
    Console(file=file, width=120).print(show_preview(preview, unread, read))
    return file.getvalue()


def test_a_preview_shows_cases_unread_columns_words_for_nothing_and_what_is_said() -> None:
    note, name = ColumnValues(), ColumnValues()
    for text in ("x", "y", "-"):
        note.add(text)
        name.add(text)
    case = PreviewedCase({"data": DATA}, (RecordWarning("country", "/data/country", "unknown"),))
    rejected = Finding("schema", "/data/entities/*/names", 1_200, 17, "is no list")
    text = printed(Preview(3, 2, (case,), (), (), (rejected,), ()), {"NOTE": note}, {"NAME": name})
    assert "fr-pj:7" in text
    assert "Vol [bold]" in text
    assert "! /data/country: unknown" in text
    assert "Columns left unread" in text
    assert "x; y" in text
    assert "add them to `null`" in text
    assert "1,200" in text
    assert "line 17: schema: is no list" in text
    assert "Warnings" not in text
    assert "3 rows would make 2 cases. Nothing was written." in text
