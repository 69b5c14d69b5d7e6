"""`liaison demo`: a feed through the real pipeline, and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import msgspec
from elasticsearch import ApiError, TransportError
from rich.console import Console

from pipeline.access.tokens import STAFF
from pipeline.demo.feeding import FeedSender, Trickle, send_all, wait_until_settled
from pipeline.demo.generator import DemoFeed
from pipeline.demo.installation import Workers, reset_installation, running_workers
from pipeline.demo.messages import ACCEPTED, Message
from pipeline.demo.truth import Agreement, Latency, count_agreement
from pipeline.engines.ports import LOOPBACK, choose
from pipeline.errors import LiaisonError
from pipeline.feeds.pushing import case_producer
from pipeline.index.documents import LinkDocument
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.localstack import stack
from pipeline.matching.bands import Basis
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.monitoring.accounting import Accounting, count_outcomes
from pipeline.web.site import PREPARED

LIVE_MESSAGES = 150
"""Messages at the end of the feed that are sent one by one, to measure how soon a case is searchable."""
LIVE_PACE_S = 0.04
"""25 messages a second: a busy agency network on an ordinary day."""

RECALL, PRECISION = 0.9, 0.95
"""What `--exit` holds the demo's links to."""

WATCH_S = 0.5
"""Between two looks whether the demo's workers still run."""


class DemoResult(msgspec.Struct, frozen=True):
    """What came of a feed: `bulk` messages were sent at once and indexed within `seconds`, the others one by one."""

    counted: Accounting
    links: tuple[LinkDocument, ...]
    agreed: Agreement
    seconds: float
    bulk: int
    latency: Latency

    @property
    def accurate(self) -> bool:
        """Whether the links are as good as the demo promises."""
        return self.agreed.recall >= RECALL and self.agreed.precision >= PRECISION


@contextmanager
def running_stack(settings: Settings, console: Console) -> Iterator[None]:
    """The engines; those that were not running before are ended afterwards."""
    found_running = any(engine.state == "running" for engine in stack.engine_statuses(settings))
    stack.start_engines(settings, console)
    try:
        yield
    finally:
        if not found_running:
            stack.stop_engines(settings)


@contextmanager
def demo_installation(settings: Settings, feed: DemoFeed, console: Console) -> Iterator[Workers]:
    """The demo's installation, empty, with its agencies registered and its workers running."""
    with console.status("Making an empty installation ..."):
        asyncio.run(reset_installation(settings, (*feed.agencies, *_guest_agencies(feed))))
    with running_workers(settings) as workers:
        yield workers


def _guest_agencies(feed: DemoFeed) -> list[Agency]:
    """The agencies of the prepared people that the feed lacks: a person signs in only for one that takes part."""
    own = {agency.name for agency in feed.agencies}
    people = (person.requester for person in PREPARED if person.requester.roles - STAFF)
    countries = {requester.agency: requester.country for requester in people if requester.agency not in own}
    return [Agency(name, country) for name, country in countries.items()]


def run_feed(settings: Settings, feed: DemoFeed, workers: Workers, console: Console) -> DemoResult:
    """Send the feed, wait until all is consumed, and hold the result against the truth. Raises LiaisonError."""
    return asyncio.run(_run_feed(settings, feed, workers, console))


async def _run_feed(settings: Settings, feed: DemoFeed, workers: Workers, console: Console) -> DemoResult:
    bulk, live = split_feed(feed.messages)
    with case_producer(settings) as producer:
        sender = FeedSender(producer, settings.case_partitions)
        started = time.monotonic()
        await asyncio.to_thread(send_all, sender, bulk, console)
        console.print(f"{len(bulk):,} messages sent in {time.monotonic() - started:.1f} s")
        await wait_until_settled(settings, console, workers.check_alive)
        seconds = time.monotonic() - started
        console.print(f"accepted, correlated and indexed after {seconds:.1f} s")
        trickle = Trickle(sender, lambda keys: _find_indexed(settings, keys), LIVE_PACE_S)
        await trickle.run(live, _fresh_cases(bulk, live), console)
    await wait_until_settled(settings, console, workers.check_alive)
    console.print(f"{len(live):,} more messages sent one by one, timing until each new case is searchable")
    links = await _read_links(settings)
    return DemoResult(
        counted=await count_outcomes(settings),
        links=links,
        agreed=count_agreement(feed.pairs, {(link.a.case, link.b.case) for link in links if link.basis is Basis.SAME}),
        seconds=seconds,
        bulk=len(bulk),
        latency=Latency.of(trickle.latencies_s),
    )


def split_feed(messages: Sequence[Message]) -> tuple[Sequence[Message], Sequence[Message]]:
    """What is sent at once and what one by one: half of a small feed, since the first messages make the indices."""
    at_once = len(messages) - min(LIVE_MESSAGES, len(messages) // 2)
    return messages[:at_once], messages[at_once:]


def _fresh_cases(bulk: Sequence[Message], live: Sequence[Message]) -> set[str]:
    """The case keys that the live messages bring for the first time."""
    known = {message.key for message in bulk if message.outcome == ACCEPTED}
    return {
        message.key.decode()
        for message in live
        if message.outcome == ACCEPTED and message.key and message.key not in known
    }


async def _find_indexed(settings: Settings, keys: Sequence[str]) -> set[str]:
    """Those of the cases that a search finds now. Raises LiaisonError."""
    if not keys:
        return set()
    async with connect(settings) as client:
        try:
            index = Indices(settings.namespace, "").read_alias("cases")
            answer = await client.search(
                index=index, query={"terms": {"case": list(keys)}}, size=len(keys), source=False
            )
        except (ApiError, TransportError) as error:
            raise LiaisonError(f"Elasticsearch is not responding: {error}") from error
    return {hit["_id"] for hit in answer["hits"]["hits"]}


async def _read_links(settings: Settings) -> tuple[LinkDocument, ...]:
    async with connect(settings) as client:
        reader = IndexReader(client, Indices(settings.namespace, ""))
        return tuple([link async for link in reader.every_link()])


@contextmanager
def serve_pages(settings: Settings) -> Iterator[str]:
    """Pages and API for the prepared people; yields their address."""
    from pipeline.web.serving import serve_in_thread  # a second that a demo with --exit need not pay

    with serve_in_thread(settings, LOOPBACK, choose([settings.api_port]), PREPARED) as url:
        yield url


def keep_running(workers: Workers) -> None:
    """Return on Ctrl-C. Raises LiaisonError if a worker dies."""
    with suppress(KeyboardInterrupt):
        while True:
            workers.check_alive()
            time.sleep(WATCH_S)
