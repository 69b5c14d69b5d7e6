"""What was left out of an uploaded table, or is in doubt, in a sentence each: how often, where, with examples."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.api.list_columns import HintKind, ListHint
from pipeline.locale import NN_
from pipeline.web.i18n import Words

SENTENCES: Mapping[HintKind, tuple[str, str]] = {
    "no_query": NN_(
        "{count} row has nothing to search for, such as a name or a number: row {examples}",
        "{count} rows have nothing to search for, such as a name or a number: rows {examples}",
    ),
    "refused_row": NN_(
        "{count} row is too long for one search: row {examples}",
        "{count} rows are too long for one search: rows {examples}",
    ),
    "unread_row": NN_(
        "{count} row is left out, as its cells do not fit the columns: row {examples}",
        "{count} rows are left out, as their cells do not fit the columns: rows {examples}",
    ),
    "unread_column": NN_(
        "{column}: not searched; {count} cell is filled, such as {examples}",
        "{column}: not searched; {count} cells are filled, such as {examples}",
    ),
    "unread_value": NN_(
        "{column}: {count} value can't be read and is left out of its row's search: {examples}",
        "{column}: {count} values can't be read and are left out of their rows' searches: {examples}",
    ),
    "two_dates": NN_(
        "{column}: {count} date can be read in two ways; both are searched: {examples}",
        "{column}: {count} dates can be read in two ways; both are searched: {examples}",
    ),
    "other_sheets": NN_(
        "{count} other sheet is not read: {examples}",
        "{count} other sheets are not read: {examples}",
    ),
    "damaged": NN_(
        "{column}: {count} cell has unreadable characters; choose another encoding: {examples}",
        "{column}: {count} cells have unreadable characters; choose another encoding: {examples}",
    ),
}  # fmt: skip
"""The sentence of each kind of hint, for one and for many."""


def format_hint(words: Words, hint: ListHint, column: str) -> str:
    """A hint as a sentence; `column` is what the page calls the hint's column."""
    whole = hint.kind == "unread_column" or hint.count <= len(hint.examples)
    examples = ", ".join(hint.examples) + ("" if whole else "…")
    return words.plural(*SENTENCES[hint.kind], hint.count, column=column, examples=examples)
