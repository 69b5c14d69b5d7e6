"""Looks at what a kit makes of a table before anything is written: cases, columns left unread, what intake will say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import orjson

from pipeline.feeds.checking import Checker
from pipeline.feeds.kit import KitAgency
from pipeline.feeds.mapping import MappedRow
from pipeline.feeds.tables.cells import TableCell, cell_texts
from pipeline.records.normalised import RecordWarning
from pipeline.records.placeholders import PLACEHOLDERS

EXAMPLES = 3
"""Values shown of a column, and cases shown of a table."""
NULL_WORDS = frozenset(("-", "--", "-0-", ".", "?", "na", "\\n")).union(
    word for word in PLACEHOLDERS if len(word) > len("xx") and word != "test"
)
"""What registers write for nothing, case-folded: of what intake takes for it, what can be no code or value."""
NULL_SHARE = 0.02
"""A null marker is common: what stands for nothing in fewer cells than this is likelier a value."""

_PLACE = re.compile(r"(?<=/)[0-9]+(?=/|$)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9]+")


class ColumnValues(msgspec.Struct):
    """How often a column is filled, words for nothing aside; the first of its values; those words, counted."""

    filled: int = 0
    examples: dict[str, None] = msgspec.field(default_factory=dict)
    nulls: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, text: str) -> None:
        """Count one value."""
        if text.casefold() in NULL_WORDS:
            self.nulls[text] += 1
            return
        self.filled += 1
        if len(self.examples) < EXAMPLES:
            self.examples[text] = None


class ColumnSurvey:
    """The values of every column, as a mapper meets them."""

    def __init__(self) -> None:
        self.columns: dict[str, ColumnValues] = {}

    def observe(self, column: str, cell: TableCell) -> None:
        """Count the texts of one cell."""
        values = self.columns.setdefault(column, ColumnValues())
        for text in cell_texts(cell):
            values.add(text)


class Finding(msgspec.Struct, frozen=True):
    """One kind of problem or warning: what it is, where, how often, and the first line with its own words."""

    kind: str
    place: str
    count: int
    line: int
    message: str


class PreviewedCase(msgspec.Struct, frozen=True):
    """One case as it would be sent, with what its receipt would warn of."""

    event: dict[str, Any]
    warnings: tuple[RecordWarning, ...]


class Preview(msgspec.Struct, frozen=True):
    """What would come of a table: `unfit` values can't be mapped, `cut` ones a record has no room for.

    The other findings are what intake will say.
    """

    rows: int
    cases: int
    first: tuple[PreviewedCase, ...]
    unfit: tuple[Finding, ...]
    cut: tuple[Finding, ...]
    rejected: tuple[Finding, ...]
    doubted: tuple[Finding, ...]


def preview_rows(rows: Iterable[MappedRow], agencies: Iterable[KitAgency]) -> Preview:
    """Map all rows and check what they became with intake's own eyes; nothing is written."""
    checkers = {agency.name: Checker(agency.name, agency.country, warn=True) for agency in agencies}
    unfit, cut, rejected, doubted = _Findings(), _Findings(), _Findings(), _Findings()
    counted = cases = 0
    first = list[PreviewedCase]()
    for row in rows:
        counted += 1
        for problem in row.problems:
            unfit.add("", problem.column, row.line, problem.message)
        for note in row.notes:
            cut.add("", "", row.line, note)
        if row.event is None:
            continue
        cases += 1
        (checked,) = checkers[row.case.split(":")[0]].check_lines([(row.line, orjson.dumps(row.event))])
        for wrong in checked.problems:
            rejected.add(wrong.reason, wrong.pointer, row.line, wrong.message)
        for doubt in checked.warnings:
            doubted.add(doubt.warning, doubt.pointer, row.line, doubt.message)
        if len(first) < EXAMPLES:
            warnings = (RecordWarning(doubt.warning, doubt.pointer, doubt.message) for doubt in checked.warnings)
            first.append(PreviewedCase(row.event, tuple(warnings)))
    return Preview(counted, cases, tuple(first), tuple(unfit), tuple(cut), tuple(rejected), tuple(doubted))


def suspected_nulls(values: ColumnValues) -> list[str]:
    """The texts of a column that are likely to stand for nothing, commonest first."""
    total = values.filled + values.nulls.total()
    return [text for text, count in values.nulls.most_common() if count >= NULL_SHARE * total]


class _Findings:
    """Findings by kind and place, numbers and quoted values aside; commonest first."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str, str], tuple[int, str]] = {}
        self._counts = Counter[tuple[str, str, str]]()

    def add(self, kind: str, place: str, line: int, message: str) -> None:
        key = (kind, _PLACE.sub("*", place), _QUOTED.sub("", message))
        self._first.setdefault(key, (line, message))
        self._counts[key] += 1

    def __iter__(self) -> Iterator[Finding]:
        for key, count in self._counts.most_common():
            kind, place, _ = key
            yield Finding(kind, place, count, *self._first[key])
