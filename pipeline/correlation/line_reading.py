"""Case records from files, through the same rules as intake: validation, the sender, versions in file order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from pipeline.correlation.fingerprinting import BlockingModel, make_fingerprint
from pipeline.matching.fingerprint import Fingerprint
from pipeline.records.agencies import Agency
from pipeline.records.entity_types import normalise
from pipeline.records.hashing import content_hash
from pipeline.records.messages import KnownVersion, Reason, VersionRelation, compare_version
from pipeline.records.model import Case
from pipeline.records.validation import RecordProblem, RefusedError, ValidRecord, load, read, sender_problems

ACCEPTED, DUPLICATE = "accepted", "duplicate"

REFUSALS_KEPT = 100
"""Rejected lines that are kept with their reason; a file that was given by mistake has millions of them."""


class LineRefusal(msgspec.Struct, frozen=True):
    """A rejected line of a file, counted from 1, and the first problem with it."""

    file: str
    line: int
    problem: RecordProblem


class LineReader:
    """Reads lines as intake reads messages.

    `outcomes` counts the lines by outcome: accepted, duplicate, or the reason of a rejection. `refusals` holds the
    first REFUSALS_KEPT rejected lines of all files. Intake learns an agency's country from the registry; here it is
    the country of the agency's first record. Raises LiaisonError if the schema is missing.
    """

    def __init__(self) -> None:
        load()
        self.outcomes: Counter[str] = Counter()
        self.refusals: list[LineRefusal] = []
        self._agencies: dict[str, Agency] = {}
        self._known: dict[str, KnownVersion] = {}

    @property
    def refused(self) -> int:
        """How many lines were rejected."""
        return self.outcomes.total() - self.outcomes[ACCEPTED] - self.outcomes[DUPLICATE]

    def read_cases(self, lines: Iterable[bytes], file: str = "") -> Iterator[Case]:
        """The accepted records of a file, in order; blank lines are skipped. Refusals name the file as given."""
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                case = self._read_case(line)
            except RefusedError as refused:
                problem = refused.problems[0]
                self.outcomes[problem.reason] += 1
                if len(self.refusals) < REFUSALS_KEPT:
                    self.refusals.append(LineRefusal(file, number, problem))
                continue
            self.outcomes[DUPLICATE if case is None else ACCEPTED] += 1
            if case is not None:
                yield case

    def _read_case(self, line: bytes) -> Case | None:
        """The record in a line, None if it is a duplicate. Raises RefusedError."""
        record = read(line.strip())
        case = record.case
        agency = self._agencies.setdefault(case.agency, Agency(case.agency, case.country))
        if foreign := tuple(sender_problems(record, agency)):
            raise RefusedError(*foreign)
        return case if self._is_newer(record) else None

    def _is_newer(self, record: ValidRecord) -> bool:
        case, content = record.case, content_hash(record.data)
        found = compare_version(self._known.get(case.key), case.version, content)
        if found in (VersionRelation.STALE, VersionRelation.CONFLICTING):
            problem = RecordProblem(Reason(found), "/data/version", "not newer than the version taken before")
            raise RefusedError(problem)
        if found is VersionRelation.NEWER:
            self._known[case.key] = KnownVersion(case.version, content)
        return found is VersionRelation.NEWER


def make_fingerprints(cases: Iterable[Case], model: BlockingModel) -> Iterator[Fingerprint]:
    """Normalise and fingerprint each case, as intake does."""
    return (make_fingerprint(case, normalise(case), model) for case in cases)
