"""Looks at the lines of a feed file with intake's own eyes, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from pipeline.records.agencies import Agency
from pipeline.records.hashing import content_hash
from pipeline.records.messages import Reason
from pipeline.records.validation import RecordProblem, RefusedError, ValidRecord, load, read, sender_problems
from pipeline.records.versions import KnownVersion, VersionRelation, compare_version


class LineProblem(msgspec.Struct, frozen=True):
    """One thing wrong with one line, from 1; `pointer` is a JSON pointer into its record."""

    line: int
    reason: str
    pointer: str
    message: str


class CheckedLine(msgspec.Struct, frozen=True):
    """One line without its line feed, and everything that intake would refuse it for."""

    line: int
    raw: bytes
    problems: tuple[LineProblem, ...] = ()


class Checker:
    """Checks the lines of one agency's file in their order: form, sender, and versions against the lines before.

    `country` is the agency's, as registered; empty: that of its first record here. Raises LiaisonError where the schema
    is missing.
    """

    def __init__(self, agency: str, country: str = "") -> None:
        load()
        self._agency = agency
        self._country = country
        self._known: dict[str, KnownVersion] = {}

    def check_lines(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[CheckedLine]:
        """Each numbered line with its problems."""
        for number, raw in lines:
            found = tuple(LineProblem(number, p.reason, p.pointer, p.message) for p in self._find_problems(raw))
            yield CheckedLine(number, raw, found)

    def _find_problems(self, raw: bytes) -> list[RecordProblem]:
        try:
            record = read(raw)
        except RefusedError as refused:
            return list(refused.problems)
        if record.case.agency == self._agency:
            self._country = self._country or record.case.country
        agency = Agency(self._agency, self._country or record.case.country)
        return list(sender_problems(record, agency)) or self._version_problems(record)

    def _version_problems(self, record: ValidRecord) -> list[RecordProblem]:
        case, content = record.case, content_hash(record.data)
        found = compare_version(self._known.get(case.key), case.version, content)
        if found is VersionRelation.NEWER:
            self._known[case.key] = KnownVersion(case.version, content)
        if found in (VersionRelation.NEWER, VersionRelation.DUPLICATE):
            return []
        return [
            RecordProblem(Reason(found), "/data/version", "not newer than the same case's version on a line before")
        ]
