"""The batch run: one partition's correlator over a store in memory, so that stream and batch run the same code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from pipeline.correlation.claims import Claim, ClaimState
from pipeline.correlation.correlator import Correlator
from pipeline.correlation.matcher import Matcher
from pipeline.correlation.store import MemoryStore
from pipeline.matching.bands import Band, Basis
from pipeline.matching.fingerprint import Fingerprint

TOGETHER = 200
"""Cases that are correlated in one call."""


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
    correlator = Correlator(MemoryStore(), 0, 1, matcher, within=within)
    live: dict[str, Claim] = {}
    for claim in _correlate_all(correlator, fingerprints):
        if claim.state is ClaimState.LIVE and claim.probability >= matcher.threshold:
            live[claim.link] = claim
        else:
            live.pop(claim.link, None)
    return [link_line(claim) for claim in sorted(live.values(), key=lambda claim: (claim.a.case, claim.b.case))]


def _correlate_all(correlator: Correlator, fingerprints: Iterable[Fingerprint]) -> Iterator[Claim]:
    waiting = iter(fingerprints)
    while chunk := list(islice(waiting, TOGETHER)):
        for claims in correlator.receive_all(chunk):
            yield from claims


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
