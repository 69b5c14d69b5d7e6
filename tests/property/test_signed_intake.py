"""Whatever forgeries come between an agency's own records, intake ends as if only its own had come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from operator import add
from types import FrameType
from typing import NamedTuple

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records.hashing import partition_of
from pipeline.records.intake import IntakeContext, SourceMessage, decide_message
from pipeline.records.messages import KnownVersion, Outcome, Position
from pipeline.times import unix_ms
from support.records.samples import message
from support.records.signing import (
    KEY,
    KID,
    NEXT_KEY,
    NEXT_KID,
    START,
    STRANGE_KEY,
    STRANGE_KID,
    public,
    signed,
    signing_agency,
)

MINUTE = timedelta(minutes=1)
CASE = "fr-pj:2026-004711"
PARTITION = partition_of(CASE.encode(), 4)
REVOKED = START + 60 * MINUTE
AGENCY = signing_agency(public(revoked_at=REVOKED), public(NEXT_KEY, not_before=START + 30 * MINUTE))
"""The first key holds for an hour, the next from half an hour less five minutes on."""

WRONG = ("unsigned", "stranger", "claims", "replayed", "tombstone")
SIGNERS = {"first": (KEY, KID), "next": (NEXT_KEY, NEXT_KID), "stranger": (STRANGE_KEY, STRANGE_KID)}
SIGNERS["claims"] = (STRANGE_KEY, KID)


class Sent(NamedTuple):
    """A message that arrives some minutes after START: by whom it is signed, and which version it is."""

    minute: int
    signer: str
    version: int
    withdrawn: bool

    @property
    def good(self) -> bool:
        """Whether it is the agency's own, signed with a key in force."""
        return (self.signer == "first" and self.minute < 60) or (self.signer == "next" and self.minute >= 25)


@cache
def raw(sent: Sent) -> bytes | None:
    """Its bytes."""
    plain = message(version=sent.version, status="withdrawn" if sent.withdrawn else "active")
    at = START + sent.minute * MINUTE
    if sent.signer == "unsigned":
        return plain
    if sent.signer == "tombstone":
        return None
    if sent.signer == "replayed":
        other = orjson.loads(signed(message(version=sent.version + 1), at=at))["signature"]
        return orjson.dumps({**orjson.loads(plain), "signature": other})
    key, kid = SIGNERS[sent.signer]
    return signed(plain, key, kid, at)


def decide(
    feed: Iterable[Sent], known: dict[str, KnownVersion], late: timedelta, *, again: bool = False
) -> list[Outcome]:
    """Intake's outcomes, as it works off a feed long after; `again`: an operator has sent it once more, ten days on."""
    outcomes = []
    for offset, sent in enumerate(feed):
        arrived = START + sent.minute * MINUTE + (timedelta(days=10) if again else timedelta())
        place = Position("cases.fr-pj", PARTITION, offset + (1000 if again else 0))
        origin = Position("cases.fr-pj", PARTITION, offset) if again else None
        context = IntakeContext({"fr-pj": AGENCY}, 4, known.get, partial(add, arrived, late))
        source = SourceMessage(place, "fr-pj", CASE.encode(), raw(sent), unix_ms(arrived), origin)
        decision = decide_message(source, context)
        if decision.taken is not None:
            known[CASE] = decision.taken.known
        outcomes.append(Outcome(decision.receipt.outcome))
    return outcomes


EXAMPLES = settings.get_profile(settings.get_current_profile_name()).max_examples // 5
"""A feed takes as long to work off as five examples of another law."""

FEEDS = st.lists(
    st.builds(Sent, st.integers(0, 90), st.sampled_from(("first", "next", *WRONG)), st.integers(1, 4), st.booleans())
).map(lambda feed: sorted(feed, key=lambda sent: sent.minute))
LATE = st.timedeltas(timedelta(), timedelta(days=3650))


@settings(max_examples=EXAMPLES)
@given(FEEDS, LATE, LATE)
def test_forgeries_change_nothing_and_neither_does_when_intake_works(
    feed: list[Sent], late: timedelta, later: timedelta
) -> None:
    known: dict[str, KnownVersion] = {}
    outcomes = decide(feed, known, late)
    own: dict[str, KnownVersion] = {}
    decide([sent for sent in feed if sent.good], own, later)
    assert known == own
    again: dict[str, KnownVersion] = {}
    assert decide(feed, again, later) == outcomes
    assert all(sent.good for sent, outcome in zip(feed, outcomes, strict=True) if outcome is Outcome.ACCEPTED)


@settings(max_examples=EXAMPLES)
@given(FEEDS.filter(bool))
def test_what_was_accepted_stays_so_when_it_is_sent_again_after_its_key_was_revoked(feed: list[Sent]) -> None:
    known: dict[str, KnownVersion] = {}
    accepted = [sent for sent, out in zip(feed, decide(feed, known, timedelta()), strict=True) if out == "accepted"]
    before = dict(known)
    assert set(decide(accepted, known, timedelta(), again=True)) <= {Outcome.DUPLICATE}
    assert known == before


def test_the_feeds_are_as_they_say() -> None:
    """Each kind of message, alone, ends as it should."""
    for signer in ("first", "next", *WRONG):
        for minute in (0, 24, 25, 59, 60, 90):
            sent = Sent(minute, signer, 1, withdrawn=False)
            (outcome,) = decide([sent], {}, timedelta())
            assert outcome == (Outcome.ACCEPTED if sent.good else Outcome.REJECTED), sent
    assert datetime(2026, 10, 1, tzinfo=UTC) == START


PAYLOADS: Mapping[str, Callable[[int], object]] = {
    "numbers that have two forms": lambda count: [1e-7] * count,
    "long numbers": lambda count: [1.2345678901234567e-300] * count,
    "letters beyond the first plane": lambda count: ["\N{GRINNING FACE}"] * count,
    "keys in any order": lambda count: {f"\N{GRINNING FACE}{at * 7919 % count:x}": 1 for at in range(count)},
}
"""What a canonical form costs most of: what orjson writes otherwise than RFC 8785."""

CALLS_A_BYTE = 4
"""Functions that are called for a byte of a signed record, in Python or not; numbers in two forms have nearly three."""


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("count", [1_000, 10_000])
def test_the_work_of_a_signed_record_grows_with_its_bytes_alone(payload: str, count: int) -> None:
    sent, arrived = signed(message(extensions={"x": PAYLOADS[payload](count)}), at=START), START + MINUTE
    source = SourceMessage(Position("cases.fr-pj", PARTITION, 1), "fr-pj", CASE.encode(), sent, unix_ms(arrived))
    context = IntakeContext({"fr-pj": AGENCY}, 4, lambda _: None, lambda: arrived)
    decide_message(source, context)  # what is read once
    calls = 0

    def count_call(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count_call)
    try:
        decision = decide_message(source, context)
    finally:
        sys.setprofile(None)
    assert decision.receipt.outcome == Outcome.ACCEPTED
    assert calls <= CALLS_A_BYTE * len(sent)
