"""What words and phrases stand for in names of organisations: kinds of bodies, fields of work, places (rigour's table).

An answer is exactly that of rigour's analyze_names for an organisation's name, without numbers.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.records.form_phrases import as_class
from pipeline.records.vendored import read_table

_NONE: frozenset[str] = frozenset()


def symbols_of(text: str) -> frozenset[str]:
    """What a word, or each of the phrases in a text, stands for, as CATEGORY:id; none for others."""
    table = _table()
    if text.isascii() and text.isalnum():
        return table.get(text.casefold(), _NONE)
    left_out, parting = _classes()
    words = [word for word in parting.split(left_out.sub("", text.casefold())) if word]
    if len(words) < 2:
        return table.get(words[0], _NONE) if words else _NONE
    starts, sizes = range(len(words)), range(1, _longest() + 1)
    phrases = {" ".join(words[start : start + size]) for start in starts for size in sizes}
    return _NONE.union(*(table[phrase] for phrase in phrases if phrase in table))


@cache
def _table() -> dict[str, frozenset[str]]:
    return read_table("organisation_symbols", dict[str, frozenset[str]])


@cache
def _longest() -> int:
    """Words of the longest phrase."""
    return 1 + max(phrase.count(" ") for phrase in _table())


@cache
def _classes() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What is left out of words, and what parts them."""
    classes = read_table("characters", dict[str, list[tuple[int, int]]])
    return re.compile(as_class(classes["left_out"])), re.compile(as_class(classes["parting"]))
