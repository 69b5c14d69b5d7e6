"""What goes on while a cluster is broken: records at a steady rate, a canary a second, searches all the time.

A canary is a record with a phone number that no other has. When it can be searched for first is seen in Elasticsearch
itself, all missing ones by one question. The searches, by the API, ask for canaries that must be found.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from confluent_kafka import Producer

from pipeline.access.token_keys import issue_token
from pipeline.records.hashing import partition_of
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from support.access.requesters import make_requester
from support.installation.records import COUNTRIES, Message, RecordMaker

RECORDS_A_SECOND = 4
CASES_A_FEED = 60
"""Cases of one feed share people with each other."""

SEARCHERS = 2
THINK_S = 0.25
SPOT_S = 0.5
REFRESHED_S = 5.0
"""Every copy of a shard shows what one has shown this long ago: they refresh once a second, each at its own time."""
PATIENCE_S = 30.0
"""What a client of the API waits for an answer."""

DELIVERY_MS = 600_000
"""A record is sent again for as long as a test takes: an agency would not give up either."""

AGENCIES = tuple(COUNTRIES)


@dataclass
class Canary:
    """A record that must be found; moments are monotonic seconds."""

    case: str
    phone: str
    pushed: float
    found: float | None = None
    answered: bool = False
    """Whether a search by the API has found it."""


@dataclass(frozen=True)
class Search:
    """One search; `good` where it was answered, and what was known to be there was in the answer."""

    begun: float
    seconds: float
    good: bool
    outcome: str


@dataclass
class Traffic:
    """The load, and all that it met. Lists only grow, and are read while threads append."""

    settings: Settings
    api_url: str
    messages: list[Message] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    canaries: list[Canary] = field(default_factory=list)
    searches: list[Search] = field(default_factory=list)
    _made: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _records: RecordMaker = field(default_factory=RecordMaker)
    _token: str = field(init=False)

    def __post_init__(self) -> None:
        who = make_requester("nl-np", subject="tester")
        self._token = issue_token(self.settings, who, datetime.now(UTC), timedelta(hours=12))

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Push and search meanwhile; at the end everything pushed is acknowledged."""
        stop = threading.Event()
        with ThreadPoolExecutor(2 + SEARCHERS) as pool:
            running = [pool.submit(work, stop) for work in (self._push, self._spot, *[self._search] * SEARCHERS)]
            try:
                yield
            finally:
                stop.set()
        for future in running:
            future.result()

    def _push(self, stop: threading.Event) -> None:
        producer = Producer(
            {
                "bootstrap.servers": self.settings.kafka_url,
                "enable.idempotence": True,
                "delivery.timeout.ms": DELIVERY_MS,
                "linger.ms": 5,
                "log_level": 0,
            }
        )
        load, began = self._feeds(), time.monotonic()
        for second in itertools.count():
            for message in [self._canary(), *itertools.islice(load, RECORDS_A_SECOND)]:
                self._send(producer, message)
            while not stop.is_set() and time.monotonic() < began + second + 1:
                producer.poll(0.05)
            if stop.is_set():
                break
        left = producer.flush(120)
        assert left == 0, f"{left} records are not acknowledged"

    def _feeds(self) -> Iterator[Message]:
        while True:
            yield from self._records.feed(CASES_A_FEED, f"f{next(self._made)}-")

    def _canary(self) -> Message:
        number = next(self._made)
        agency, phone = AGENCIES[number % len(AGENCIES)], f"+337{number:08d}"
        message = self._records.message(agency, f"canary-{number}", people=[self._records.person(phones=[phone])])
        self.canaries.append(Canary(f"{agency}:canary-{number}", phone, time.monotonic()))
        return message

    def _send(self, producer: Producer, message: Message) -> None:
        assert message.key is not None
        self.messages.append(message)
        producer.produce(
            topics.topic_name(self.settings, topics.CASES, agency=message.agency),
            message.value,
            message.key,
            partition_of(message.key, self.settings.case_partitions),
            on_delivery=self._delivered,
        )

    def _delivered(self, error: Any, _: Any) -> None:
        if error is not None:
            self.undelivered.append(str(error))

    def _spot(self, stop: threading.Event) -> None:
        """Note when canaries can be searched for."""
        urls = itertools.cycle(self.settings.elasticsearch_url.split(","))
        with httpx.Client(timeout=SPOT_S * 2) as client:
            while not stop.wait(SPOT_S):
                self.spot(client, next(urls))

    def spot(self, client: httpx.Client, url: str) -> None:
        """Ask one node for the canaries that were not found yet."""
        missing = {canary.case: canary for canary in list(self.canaries) if canary.found is None}
        question = {"query": {"ids": {"values": list(missing)}}, "size": len(missing), "_source": False}
        try:
            answer = client.post(f"{url}/cases/_search", json=question).json()
        except (httpx.HTTPError, ValueError):
            return  # the next node is asked
        for hit in answer.get("hits", {}).get("hits", []):
            missing[hit["_id"]].found = time.monotonic()

    def _search(self, stop: threading.Event) -> None:
        with self._client() as client:
            for turn in itertools.count():
                if stop.wait(THINK_S):
                    return
                if known := self._known():
                    # Lately pushed ones and old ones in turns.
                    self.searches.append(self._ask(client, known[-1 - (turn % 2) * (turn * 7 % len(known))]))

    def _known(self) -> list[Canary]:
        """The canaries that every search must find."""
        due = time.monotonic() - REFRESHED_S
        return [canary for canary in list(self.canaries) if canary.found is not None and canary.found < due]

    def _client(self) -> httpx.Client:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Liaison-Purpose": "investigation",
            "Liaison-Case-Reference": "2026/1",
        }
        return httpx.Client(base_url=self.api_url, headers=headers, timeout=PATIENCE_S)

    def _ask(self, client: httpx.Client, canary: Canary) -> Search:
        begun = time.monotonic()
        try:
            answer = client.post("/v1/search", json={"question": f"phone:{canary.phone}"})
        except httpx.HTTPError as error:
            return Search(begun, time.monotonic() - begun, False, type(error).__name__)
        seconds = time.monotonic() - begun
        if answer.status_code != httpx.codes.OK:
            return Search(begun, seconds, False, f"{answer.status_code} {answer.text[:200]}")
        there = canary.case in [row.get("case") for row in answer.json()["results"]]
        canary.answered |= there
        return Search(begun, seconds, there, "" if there else f"{canary.case} is missing")

    def find_missing(self) -> list[str]:
        """Search for each canary that no search has found yet; returns those that are still not found."""
        with self._client() as client:
            return [
                canary.case for canary in self.canaries if not canary.answered and not self._ask(client, canary).good
            ]

    def has_caught_up(self, since: float) -> bool:
        """Whether a canary pushed after this moment was found, and all before it."""
        missing = [canary.pushed for canary in self.canaries if canary.found is None]
        found = [canary.pushed for canary in self.canaries if canary.found is not None]
        return bool(found) and max(found) > since and (not missing or min(missing) > since)

    def delay_s(self, since: float) -> float:
        """The longest time from push to answer among the canaries pushed after this moment."""
        return max(
            (canary.found - canary.pushed for canary in self.canaries if canary.pushed > since and canary.found),
            default=0.0,
        )


def longest_gap_s(searches: Iterable[Search], begin: float, end: float) -> float:
    """The longest stretch in which no search was answered well."""
    moments = sorted([begin, end, *(search.begun + search.seconds for search in searches if search.good)])
    return max(after - before for before, after in itertools.pairwise(moments))
