"""The batch run: one partition in memory, which links cases by the code of the stream.

Cases come from files by the same rules as in intake (LineReader): validation, the sender, versions in file order.
Linked cases resolve into things: groups of entities of one type that are the same by all their links together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec

from pipeline.correlation.claims import Claim, ClaimState
from pipeline.correlation.fingerprinting import BlockingModel, make_fingerprint
from pipeline.correlation.lone_partition import TOGETHER, LonePartition
from pipeline.correlation.matcher import Matcher
from pipeline.matching.bands import Band, Basis
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.score.resolution import Tie, are_apart, group_ties
from pipeline.matching.score.scoring import weigh_evidence
from pipeline.records.agencies import Agency
from pipeline.records.entity_types import normalise
from pipeline.records.hashing import content_hash
from pipeline.records.messages import KnownVersion, Reason, VersionRelation, compare_version
from pipeline.records.model import Case, entity_key
from pipeline.records.validation import RecordProblem, RefusedError, load, read, sender_problems


class LinkLine(msgspec.Struct, frozen=True):
    """One line of `batch correlate` and of `export links --format ndjson`; case_a < case_b."""

    link_id: str
    case_a: str
    case_b: str
    version_a: int
    version_b: int
    probability: float
    score: int
    band: Band
    basis: Basis
    evidence: msgspec.Raw


def find_links(fingerprints: Iterable[Fingerprint], matcher: Matcher, *, within: bool = False) -> list[LinkLine]:
    """The links between the cases' last versions, ordered by case key; `within` also links cases of one country."""
    partition = LonePartition.in_memory(matcher, within=within)
    live: dict[str, Claim] = {}
    waiting = iter(fingerprints)
    while chunk := list(islice(waiting, TOGETHER)):
        for judged in partition.take(chunk):
            claim = judged.claim
            if claim.state is ClaimState.LIVE and claim.probability >= matcher.threshold:
                live[claim.link] = claim
            else:
                live.pop(claim.link, None)
    return [link_line(claim) for claim in sorted(live.values(), key=lambda claim: (claim.a.case, claim.b.case))]


def link_line(claim: Claim) -> LinkLine:
    """A live claim as a line for people and tools."""
    return LinkLine(
        claim.link,
        claim.a.case,
        claim.b.case,
        claim.a.version,
        claim.b.version,
        claim.probability,
        claim.score,
        claim.band,
        claim.basis,
        claim.evidence,
    )


EntityPosition = tuple[str, int]
"""A case key and the number of an entity in it."""


class ResolvedEntity(msgspec.Struct, frozen=True):
    """One line of `batch resolve`: a thing, with the keys of its entities (records.model.entity_key), ascending."""

    type: str
    members: tuple[str, ...]


def resolve_entities(cases: Mapping[str, Fingerprint], links: Iterable[LinkLine], model: Model) -> list[ResolvedEntity]:
    """Put each entity of the cases into exactly one thing; the things are ordered by their first member.

    Pure; the order of the links does not matter.
    """
    places = [(key, at) for key in sorted(cases) for at in range(len(cases[key].entities))]
    number = {place: at for at, place in enumerate(places)}
    entities = [cases[key].entities[at] for key, at in places]
    ties = [tie for link in links for tie in _link_ties(cases, link, number, model)]
    found = group_ties(len(places), ties, lambda a, b: are_apart(entities[a], entities[b], model))
    named = [tuple(sorted(entity_key(places[at][0], entities[at].id) for at in members)) for members in found]
    return [ResolvedEntity(entities[members[0]].type, names) for members, names in zip(found, named, strict=True)]


def _link_ties(
    cases: Mapping[str, Fingerprint], link: LinkLine, number: Mapping[EntityPosition, int], model: Model
) -> Iterable[Tie]:
    """The ties of a link between entities of one type.

    A selector across types ties cases, not things. A link by a shared number has no ties, since its holders are two.
    """
    if link.basis is Basis.SHARED:
        return
    found = weigh_evidence(cases[link.case_a].entities, cases[link.case_b].entities, model)
    for tie in found.ties:
        if not tie.selector:
            yield Tie(tie.bits, number[link.case_a, tie.a], number[link.case_b, tie.b])


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
        content = content_hash(record.data)
        found = compare_version(self._known.get(case.key), case.version, content)
        if found is VersionRelation.DUPLICATE:
            return None
        if found is not VersionRelation.NEWER:
            problem = RecordProblem(Reason(found), "/data/version", "not newer than the version taken before")
            raise RefusedError(problem)
        self._known[case.key] = KnownVersion(case.version, content)
        return case


def make_fingerprints(cases: Iterable[Case], model: BlockingModel) -> Iterator[Fingerprint]:
    """Normalise and fingerprint each case, as intake does."""
    return (make_fingerprint(case, normalise(case), model) for case in cases)
