"""What intake and correlate do to a record and to a pair, so that tests can fill an index with real documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import msgspec

from pipeline.access.hit_gate import exact_match
from pipeline.access.hit_ledger import Admission
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState, link_id
from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.index.decisions import admission_document
from pipeline.index.documents import DocumentWrite
from pipeline.matching.bands import HIT_BAND, ExactMatch
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model
from pipeline.records.hashing import content_hash
from pipeline.records.intake import accept_record, make_accepted_record
from pipeline.records.messages import AcceptedRecord, Outcome, Position, Receipt
from pipeline.records.validation import read
from support.records.builder import RawCase, event, handling

ADMITTED = datetime(2026, 11, 24, 11, tzinfo=UTC)


@dataclass(frozen=True)
class PureStages:
    """What intake and correlate do to a record and to a pair, by their own pure functions."""

    model: Model

    @cached_property
    def _matcher(self) -> ModelMatcher:
        return ModelMatcher(self.model, generation="g1")

    def accepted(self, record: RawCase) -> AcceptedRecord:
        """The accepted version that a record's `data` becomes; a default handling is open to all."""
        data = {"version": 1, "status": "active", "handling": handling(), **record}
        if data["status"] == "withdrawn":
            del data["handling"]
        read_record = read(msgspec.json.encode(event(data)))
        taken = accept_record(read_record, None, content_hash(read_record.data))
        print_ = make_fingerprint(taken.case, taken.normalised, self.model)
        receipt = Receipt(Position("cases.x", 0, 1), Outcome.ACCEPTED, time="2026-11-24T10:00:00.000+00:00")
        return make_accepted_record(taken, receipt, msgspec.Raw(msgspec.json.encode(print_)), "g1")

    def claim(self, a: AcceptedRecord, b: AcceptedRecord, state: ClaimState = ClaimState.LIVE) -> Claim:
        """The claim that two accepted versions are linked, or no longer, or that one meets the other as a hit alone."""
        fingerprint, other = sorted((_print(a), _print(b)), key=lambda print_: print_.case)
        explanation = self._matcher.explain(fingerprint, other, self._matcher.judge(fingerprint, other).basis)
        exact_a, exact_b = (self._exact(*sides) for sides in ((fingerprint, other), (other, fingerprint)))
        if not explanation.band and (exact_a or exact_b):
            return Claim(link_id(a.case, b.case), state, 0, "g1", _side(fingerprint), _side(other),
                         exact_a=exact_a, exact_b=exact_b)  # fmt: skip
        return Claim(
            link_id(a.case, b.case), state, 0, "g1", _side(fingerprint), _side(other),
            explanation.score, explanation.probability, explanation.band, msgspec.Raw(msgspec.json.encode(explanation)),
            exact_a, exact_b, explanation.basis,
        )  # fmt: skip

    def _exact(self, asking: Fingerprint, held: Fingerprint) -> ExactMatch:
        if held.handling.code != "H2":
            return ExactMatch.NONE
        return exact_match(asking.entities, held.entities, self.model)


def admissions(claim: Claim) -> list[DocumentWrite]:
    """That the gate has answered each side that asks exactly, as project indexes it; from then on the link shows."""
    sides = (("a", claim.a, claim.b, claim.exact_a), ("b", claim.b, claim.a, claim.exact_b))
    return [
        admission_document(msgspec.json.encode(admission), claim.external_version)
        for name, side, other, exact in sides
        if exact
        for admission in [Admission(f"{claim.link}-{name}", side.agency, other.agency, ADMITTED, side.hash, HIT_BAND)]
    ]


def _print(value: AcceptedRecord) -> Fingerprint:
    return msgspec.json.decode(value.fingerprint, type=Fingerprint)


def _side(print_: Fingerprint) -> ClaimSide:
    return ClaimSide(
        print_.case,
        print_.version,
        False,
        print_.hash,
        print_.agency,
        print_.country,
        print_.handling,
        print_.contact,
        print_.retain_until,
    )
