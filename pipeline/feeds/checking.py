"""Looks at the lines of a feed file with intake's own eyes, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from pipeline.feeds.tables.row_store import open_temporary
from pipeline.records.agencies import Agency
from pipeline.records.doubts import handling_warnings
from pipeline.records.entity_types import normalise
from pipeline.records.hashing import content_hash
from pipeline.records.messages import KnownVersion, Reason, VersionRelation, compare_version
from pipeline.records.validation import RecordProblem, RefusedError, ValidRecord, load, read, sender_problems
from pipeline.times import Clock, now


class KnownVersions:
    """The highest version met of each case, and the hash of its content, by case key."""

    def __init__(self) -> None:
        self._file = open_temporary(self)
        self._file.execute("create table known (key text primary key, version integer, content text) without rowid")

    def find(self, case: str) -> KnownVersion | None:
        """What is known of the case."""
        row = self._file.execute("select version, content from known where key = ?", (case,)).fetchone()
        return KnownVersion(*row) if row else None

    def keep(self, case: str, version: KnownVersion) -> None:
        """Know this version, which is newer than what was known."""
        values = (case, version.version, version.content_hash)
        self._file.execute("insert or replace into known values (?, ?, ?)", values)


class LineProblem(msgspec.Struct, frozen=True):
    """One thing wrong with one line, from 1; `pointer` is a JSON pointer into its record."""

    line: int
    reason: str
    pointer: str
    message: str


class LineWarning(msgspec.Struct, frozen=True):
    """Something doubtful on one line, from 1, of which intake's receipt will warn; `warning` is its code."""

    line: int
    warning: str
    pointer: str
    message: str


class CheckedLine(msgspec.Struct, frozen=True):
    """One line without its line feed, everything that intake would refuse it for, and what it would warn of."""

    line: int
    raw: bytes
    problems: tuple[LineProblem, ...] = ()
    warnings: tuple[LineWarning, ...] = ()


class Checker:
    """Checks the lines of one agency's file in their order: form, sender, and versions against the lines before.

    `country` is the agency's, as registered; empty: that of its first record here. `warn`: find warnings too, which
    takes longer than all else. Raises LiaisonError where the schema is missing.
    """

    def __init__(self, agency: str, country: str = "", *, warn: bool = False, now: Clock = now) -> None:
        load()
        self._now = now
        self._warn = warn
        self._agency = agency
        self._country = country
        self._known = KnownVersions()

    def check_lines(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[CheckedLine]:
        """Each numbered line with its problems."""
        for number, raw in lines:
            yield self._check_line(number, raw)

    def _check_line(self, number: int, raw: bytes) -> CheckedLine:
        try:
            record = read(raw)
        except RefusedError as refused:
            return CheckedLine(number, raw, tuple(_at_line(number, problem) for problem in refused.problems))
        problems = tuple(_at_line(number, problem) for problem in self._find_problems(record))
        doubted = (*handling_warnings(record.case, self._now()), *normalise(record.case).warnings) if self._warn else ()
        warnings = tuple(LineWarning(number, one.code, one.pointer, one.message) for one in doubted)
        return CheckedLine(number, raw, problems, warnings)

    def _find_problems(self, record: ValidRecord) -> list[RecordProblem]:
        if record.case.agency == self._agency:
            self._country = self._country or record.case.country
        agency = Agency(self._agency, self._country or record.case.country)
        return list(sender_problems(record, agency)) or self._version_problems(record)

    def _version_problems(self, record: ValidRecord) -> list[RecordProblem]:
        case, content = record.case, content_hash(record.data)
        found = compare_version(self._known.find(case.key), case.version, content)
        if found is VersionRelation.NEWER:
            self._known.keep(case.key, KnownVersion(case.version, content))
        if found in (VersionRelation.NEWER, VersionRelation.DUPLICATE):
            return []
        return [
            RecordProblem(Reason(found), "/data/version", "not newer than the same case's version on a line before")
        ]


def _at_line(number: int, problem: RecordProblem) -> LineProblem:
    return LineProblem(number, problem.reason, problem.pointer, problem.message)
