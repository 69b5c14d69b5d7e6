"""Homes and meeting places of a few partitions, whose messages are passed on at once."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.correlation.claims import Claim
from pipeline.correlation.home_store import MemoryHomeStore
from pipeline.correlation.homes import Arrival, Home
from pipeline.correlation.matcher import Matcher, PassingScreen, SmallScreen
from pipeline.correlation.meeting_places import MeetingPlace, PostedSketchScreen
from pipeline.correlation.meeting_store import MemoryMeetingStore
from pipeline.correlation.protocol import (
    Answer,
    Ask,
    CaseVersion,
    JudgedClaim,
    Posting,
    ProtocolMessage,
    case_id,
    decode_pair_message,
    encode_pair_message,
    home_partition,
    target_partition,
)
from pipeline.matching.fingerprint import Fingerprint


class Exchange:
    """`sent` has all messages that were sent, in order."""

    def __init__(
        self,
        matcher: Matcher,
        partitions: int = 1,
        *,
        screen: SmallScreen | None = None,
        within: bool = False,
        remembered: int = 100,
    ) -> None:
        self.partitions, self._matcher, self._screen = partitions, matcher, screen or PassingScreen()
        self._within, self._remembered = within, remembered
        self.homes = [self.make_home(partition) for partition in range(partitions)]
        stores = [MemoryMeetingStore(self._screen.words) for _ in range(partitions)]
        self.places = [MeetingPlace(store, PostedSketchScreen(store, self._screen), within=within) for store in stores]
        self.sent: list[ProtocolMessage] = []

    def make_home(self, partition: int) -> Home:
        """One with an empty store."""
        return Home(
            MemoryHomeStore(),
            partition,
            self.partitions,
            self._matcher,
            screen=self._screen,
            generation="g",
            within=self._within,
            remembered=self._remembered,
        )

    def home_of(self, case: str) -> Home:
        return self.homes[home_partition(case_id(case), self.partitions)]

    def arrive(self, fingerprint: Fingerprint, *, first: bool = True) -> list[ProtocolMessage]:
        """Give a version to its home; nothing is passed on."""
        return self.home_of(fingerprint.case).take_fingerprints([Arrival(CaseVersion(fingerprint), first)])

    def take(self, *fingerprints: Fingerprint) -> list[Claim]:
        """Give versions to their homes, one after the other, and pass all on until all is quiet; the claims."""
        return [claim for one in fingerprints for claim in self.pass_on(self.arrive(one))]

    def pass_on(self, messages: Sequence[ProtocolMessage]) -> list[Claim]:
        claims: list[Claim] = []
        while messages:
            self.sent += messages
            claims += [message.claim for message in messages if isinstance(message, JudgedClaim)]
            messages = [led_to for message in messages for led_to in self._deliver(message)]
        return claims

    def _deliver(self, message: ProtocolMessage) -> Sequence[ProtocolMessage]:
        """What a message leads to, encoded and decoded on its way."""
        if isinstance(message, JudgedClaim):
            return []
        target = target_partition(message, self.partitions)
        if isinstance(message, Posting):
            return self.places[target].take_postings([message.case], [message.value])
        received = decode_pair_message(*encode_pair_message(message))
        if isinstance(received, Ask):
            return self.homes[target].take_asks([received])
        if isinstance(received, Answer):
            return self.homes[target].take_answers([received])
        return self.homes[target].take_watches([received])

    def count(self, kind: type) -> int:
        """How many messages of a kind were sent since it was asked last."""
        found = sum(isinstance(message, kind) for message in self.sent)
        self.sent = [message for message in self.sent if not isinstance(message, kind)]
        return found
