"""Conditions of a kit's `where`: which rows, items and fields it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.feeds.tables.cells import TableRow, cell_texts, find_cell
from pipeline.feeds.tables.patterns import compile_pattern


class Condition(msgspec.Struct, frozen=True):
    """One column's condition: one of its texts is among `texts` ("" stands for an empty cell) or matches `pattern`.

    `is_negated`: none does.
    """

    column: str
    texts: frozenset[str]
    pattern: str = ""
    is_negated: bool = False

    def holds(self, row: TableRow) -> bool:
        """Whether it holds for the row."""
        found = cell_texts(find_cell(row, self.column)) or [""]
        return any(self._accepts(text) for text in found) != self.is_negated

    def _accepts(self, text: str) -> bool:
        if self.pattern:
            return compile_pattern(self.pattern).search(text) is not None
        return text in self.texts


Conditions = tuple[Condition, ...]


def compile_conditions(written: Any, place: str) -> Conditions:
    """Compile a `where`: columns with a text, several, `{not: ...}` or `{matches: PATTERN}`; raises ValueError."""
    if not isinstance(written, Mapping):
        raise ValueError(f"`{place}` must name columns with what they must hold")
    return tuple(_compile_condition(str(column), wanted, place) for column, wanted in written.items())


def all_hold(conditions: Conditions, row: TableRow) -> bool:
    """Whether every condition holds for the row."""
    return all(condition.holds(row) for condition in conditions)


def _compile_condition(column: str, wanted: Any, place: str) -> Condition:
    match wanted:
        case {"not": inner, **rest} if not rest:
            found = _compile_condition(column, inner, place)
            return msgspec.structs.replace(found, is_negated=not found.is_negated)
        case {"matches": str(pattern), **rest} if not rest:
            try:
                compile_pattern(pattern)
            except ValueError as error:
                raise ValueError(f"`{place}.{column}`: {error}") from error
            return Condition(column, frozenset(), pattern)
        case str():
            return Condition(column, frozenset({wanted}))
        case list() if all(isinstance(text, str) for text in wanted):
            return Condition(column, frozenset(wanted))
        case _:
            raise ValueError(
                f"`{place}.{column}` must be quoted text, a list of texts, {{not: ...}} or {{matches: PATTERN}}"
            )
