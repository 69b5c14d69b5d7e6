"""What was left out of an uploaded table, or is in doubt, in a sentence each: how often, where, with examples."""

from __future__ import annotations

from typing import assert_never

from pipeline.api.list_columns import ListHint
from pipeline.web.i18n import Words


def format_hint(words: Words, hint: ListHint, column: str) -> str:
    """A hint as a sentence; `column` is what the page calls the hint's column."""
    whole = hint.kind == "unread_column" or hint.count <= len(hint.examples)
    told = {"column": column, "examples": ", ".join(hint.examples) + ("" if whole else "…")}
    match hint.kind:
        case "no_query":
            return words.plural(
                "{count} row has nothing to search for, such as a name or a number: row {examples}",
                "{count} rows have nothing to search for, such as a name or a number: rows {examples}",
                hint.count, **told,
            )  # fmt: skip
        case "refused_row":
            return words.plural(
                "{count} row is too long for one search: row {examples}",
                "{count} rows are too long for one search: rows {examples}",
                hint.count, **told,
            )  # fmt: skip
        case "unread_row":
            return words.plural(
                "{count} row is left out, as its cells do not fit the columns: row {examples}",
                "{count} rows are left out, as their cells do not fit the columns: rows {examples}",
                hint.count, **told,
            )  # fmt: skip
        case "unread_column":
            return words.plural(
                "{column}: not searched; {count} cell is filled, such as {examples}",
                "{column}: not searched; {count} cells are filled, such as {examples}",
                hint.count, **told,
            )  # fmt: skip
        case "unread_value":
            return words.plural(
                "{column}: {count} value can't be read and is left out of its row's search: {examples}",
                "{column}: {count} values can't be read and are left out of their rows' searches: {examples}",
                hint.count, **told,
            )  # fmt: skip
        case "two_dates":
            return words.plural(
                "{column}: {count} date can be read in two ways; both are searched: {examples}",
                "{column}: {count} dates can be read in two ways; both are searched: {examples}",
                hint.count, **told,
            )  # fmt: skip
        case "other_sheets":
            return words.plural(
                "{count} other sheet is not read: {examples}",
                "{count} other sheets are not read: {examples}",
                hint.count, **told,
            )  # fmt: skip
        case "damaged":
            return words.plural(
                "{column}: {count} cell has unreadable characters; choose another encoding: {examples}",
                "{column}: {count} cells have unreadable characters; choose another encoding: {examples}",
                hint.count, **told,
            )  # fmt: skip
        case _:
            assert_never(hint.kind)
