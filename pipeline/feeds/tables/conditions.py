"""Conditions of a kit's `where`: which rows, items and fields it is about; and its patterns.

Patterns are matched in time linear in the text (RE2): no kit can make one that backtracks for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
import re2

from pipeline.feeds.tables.cells import TableRow, cell_texts, find_cell

MEMORY_BYTES = 8 * 2**20
"""What a compiled pattern may take: RE2's own default, stated so that an upgrade does not change it."""


def _make_options() -> Any:
    options = re2.Options()
    options.log_errors = False  # the error is raised; a library's log line would stand beside it
    options.max_mem = MEMORY_BYTES
    return options


_OPTIONS = _make_options()


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Any:
    """The compiled pattern; raises ValueError for one that RE2 refuses, such as one with a back-reference."""
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        said = error.args[0] if error.args else error
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise ValueError(f"the pattern {pattern!r} is not one: {text}") from error


def find_named(pattern: str, text: str) -> list[dict[str, str]]:
    """The named groups of every match, "" for one that took no part; raises ValueError as compile_pattern."""
    places = _named_places(pattern)
    # In ASCII a character is a byte: given bytes, re2's wrapper has no places to convert, most of its time.
    searched = text.encode() if text.isascii() else text
    found = []
    for match in compile_pattern(pattern).finditer(searched):
        spans = [match.span(place) for _, place in places]
        found.append({name: text[start:end] for (name, _), (start, end) in zip(places, spans, strict=True)})
    return found


@lru_cache(maxsize=1024)
def _named_places(pattern: str) -> tuple[tuple[str, int], ...]:
    return tuple(compile_pattern(pattern).groupindex.items())


def pattern_names(pattern: str) -> tuple[str, ...]:
    """The named groups of a pattern, in order; raises ValueError."""
    places = compile_pattern(pattern).groupindex
    return tuple(sorted(places, key=places.__getitem__))


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
        if self.pattern:
            is_met = any(compile_pattern(self.pattern).search(text) is not None for text in found)
        else:
            is_met = any(text in self.texts for text in found)
        return is_met != self.is_negated


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
