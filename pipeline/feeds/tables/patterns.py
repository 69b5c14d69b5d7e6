"""Patterns of mapping kits, matched in time linear in the text (RE2): no kit can make one that backtracks for ever."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

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
        raise ValueError(f"the pattern {pattern!r} is not one: {_to_text(said)}") from error


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


def _to_text(said: object) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
