"""What a mapping kit makes of a table, as a person reads it before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.cli.rendering import records
from pipeline.feeds.previewing import ColumnValues, Finding, Preview, PreviewedCase, suspected_nulls
from pipeline.progress_bars import table_console

MAX_ROWS = 40
"""Columns and findings shown of each kind: a screen or two."""


Columns = Mapping[str, ColumnValues]
"""Columns by name, with their values."""


def show_preview(preview: Preview, unread: Columns, read: Columns) -> RenderableType:
    """First cases, columns left unread, words that look like nothing, and what would be said of the records."""
    parts: list[RenderableType] = [Group(previewed_case(case), "") for case in preview.first]
    if unread:
        parts += [_heading("Columns left unread"), _columns(unread)]
    if suspected := {column: values for column, values in read.items() if suspected_nulls(values)}:
        parts += [_heading("Values that look like nothing: add them to `null` in the kit's source"), _nulls(suspected)]
    for title, findings in (
        ("Values that could not be mapped", preview.unfit),
        ("Cut to what a record takes", preview.cut),
        ("Records that intake would reject", preview.rejected),
        ("Warnings on receipts", preview.doubted),
    ):
        if findings:
            parts += [_heading(title), _findings(findings)]
    parts.append(Text(f"{preview.rows:,} rows would make {preview.cases:,} cases. Nothing was written."))
    return Group(*parts)


def previewed_case(case: PreviewedCase) -> RenderableType:
    """One case as `liaison case` shows it."""
    data = case.event["data"]
    return records.case(
        {
            "case": f"{data['agency']}:{data['case_id']}",
            "version": data["version"],
            "status": data["status"],
            "agency": data["agency"],
            "country": data["country"],
            "handling": data.get("handling"),
            "contact": data.get("contact") or {},
            "retain_until": data.get("retain_until"),
            "provenance": None,
            "warnings": [msgspec.to_builtins(doubt) for doubt in case.warnings],
            "data": data,
        }
    )


def _heading(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def _columns(columns: Columns) -> Table:
    table = _table("Column", "Filled", "Such as")
    for name, values in sorted(columns.items(), key=lambda column: (-column[1].filled, column[0]))[:MAX_ROWS]:
        table.add_row(records.plain(name), f"{values.filled:,}", records.plain("; ".join(values.examples)))
    return table


def _nulls(columns: Columns) -> Table:
    table = _table("Column", "Times", "Value")
    for name, values in sorted(columns.items())[:MAX_ROWS]:
        for text in suspected_nulls(values):
            table.add_row(records.plain(name), f"{values.nulls[text]:,}", records.plain(text))
    return table


def _findings(findings: Sequence[Finding]) -> Table:
    table = _table("Where", "Times", "First")
    for found in findings[:MAX_ROWS]:
        said = ": ".join(_filled(found.kind, found.message))
        table.add_row(
            records.plain(found.place or "/"), f"{found.count:,}", records.plain(f"line {found.line:,}: {said}")
        )
    return table


def _filled(*texts: str) -> Iterable[str]:
    return (text for text in texts if text)


def _table(*headings: str) -> Table:
    table = Table(*headings, box=SIMPLE_HEAD, pad_edge=False)
    table.columns[0].overflow = "fold"  # a path cut short leads nowhere
    table.columns[1].justify = "right"
    return table


def print_preview(preview: Preview, unread: Columns, read: Columns) -> None:
    """Print it to standard output."""
    table_console().print(show_preview(preview, unread, read))
