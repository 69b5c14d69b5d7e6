"""Case records from files, through the same rules as intake: validation, the sender, versions in file order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from pipeline.correlation.fingerprinting import BlockingModel, make_fingerprint
from pipeline.matching.fingerprint import Fingerprint
from pipeline.records.agencies import Agency
from pipeline.records.hashing import content_hash
from pipeline.records.messages import Reason
from pipeline.records.model import Case
from pipeline.records.normalisation import normalise
from pipeline.records.validation import RecordProblem, RefusedError, ValidRecord, load, read, sender_problems
from pipeline.records.versions import KnownVersion, VersionRelation, compare_version

ACCEPTED, DUPLICATE = "accepted", "duplicate"


class LineRefusal(msgspec.Struct, frozen=True):
    """A line that was left out; `line` counts from 1 over all files."""

    line: int
    problem: RecordProblem


class LineReader:
    """Reads lines as intake reads messages; `outcomes` counts them: accepted + duplicate + the rest = lines.

    An agency's country, which the registry tells intake, is here that of its first record. Raises LiaisonError where
    the schema is missing.
    """

    def __init__(self) -> None:
        load()
        self.outcomes: Counter[str] = Counter()
        self.refusals: list[LineRefusal] = []
        self._agencies: dict[str, Agency] = {}
        self._known: dict[str, KnownVersion] = {}

    def read_cases(self, lines: Iterable[bytes]) -> Iterator[Case]:
        """The accepted records, in order."""
        for number, line in enumerate(lines, start=1 + self.outcomes.total()):
            try:
                case = self._read_case(line)
            except RefusedError as refused:
                problem = refused.problems[0]
                self.outcomes[problem.reason] += 1
                self.refusals.append(LineRefusal(number, problem))
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
    """Each case normalised and fingerprinted, as intake does it."""
    return (make_fingerprint(case, normalise(case), model) for case in cases)
