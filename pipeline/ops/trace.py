"""`liaison ops trace`: what happened to one case, from its messages to its hits; and which records were slow.

Counts, positions and times alone: no value of a record, and no key of another case. What is on record is read from
the topics and the index. What the prunings leave is computed anew, with the active generation's model, from what
`fingerprints` holds now: workers keep no such counts of each case, and what they met then may be gone.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Final

import httpx
import msgspec
import typer
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.alerts import is_saved_search
from pipeline.access.audit import ShownCase, ShownForm
from pipeline.access.hit_gate import exact_match
from pipeline.access.release import Rule
from pipeline.command_settings import from_environment
from pipeline.correlation.claims import ClaimState, external_version
from pipeline.correlation.fingerprinting import derive_fingerprint
from pipeline.correlation.hits import HitKind
from pipeline.correlation.key_kinds import owner_partition
from pipeline.correlation.postings import decode_postings
from pipeline.correlation.protocol import (
    CaseVersion,
    Follow,
    Watch,
    case_id,
    decode_pair_message,
    home_partition,
)
from pipeline.correlation.prunings import Prunings, count_prunings
from pipeline.errors import LiaisonError
from pipeline.index.engine import connect_for_reading, fetch_documents, search_all_shards
from pipeline.index.mappings import Indices
from pipeline.matching.bands import Band, Basis
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.screening.small_screening import SmallSketchScreen
from pipeline.ops.command_output import JsonObjectOption
from pipeline.ops.operation import record_operation
from pipeline.progress_bars import show_count
from pipeline.records.hashing import partition_of
from pipeline.records.messages import EXPIRED, AcceptedRecord, Position
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.monitoring.status_port import API_PLACE, loopback_host, read_targets
from pipeline.streams.registers.control import Generation, read_control
from pipeline.streams.registers.registry import read_agencies
from pipeline.streams.runtime.metering import SlowSlice

RECEIPTS_SHOWN: Final = 20
"""The last outcomes that are told one by one; all are counted."""

ASKING_S: Final = 5.0
"""How long a worker's port may take to answer."""

_encoder: Final = msgspec.json.Encoder()
_accepted: Final = msgspec.json.Decoder(AcceptedRecord)
_slices: Final = msgspec.json.Decoder(list[SlowSlice])


class TracedRecord(msgspec.Struct, frozen=True):
    """A record about the case: its position, and Kafka's time of it."""

    position: str
    time: datetime


class TracedOutcome(msgspec.Struct, frozen=True):
    """What intake decided on one message of the case; `position` is the message's in the national topic."""

    position: str
    version: int
    outcome: str
    reason: str
    time: str


class TracedPosting(msgspec.Struct, frozen=True):
    """The case's last posting at one meeting place, and how many of its keys it has there.

    `due` is how many keys of the held version the partition owns. `version` is 0 and `record` None where it has no
    posting. A version that meets the same cases as the one before and is judged alike is not posted anew.
    """

    partition: int
    version: int
    keys: int
    due: int
    record: TracedRecord | None


class TracedClaim(msgspec.Struct, frozen=True):
    """The last claim about a link of the case; `by` is the partition that judges the pair."""

    link: str
    state: ClaimState
    band: Band
    basis: Basis
    by: int
    record: TracedRecord


class TracedHit(msgspec.Struct, frozen=True):
    """A hit of the case's own agency."""

    kind: HitKind
    band: Band
    record: TracedRecord


class TracedDocuments(msgspec.Struct, frozen=True):
    """What the active index holds: the case's document with its external version (0: none), and its live links."""

    state: str
    version: int
    due: int
    links: int


class TracedStep(msgspec.Struct, frozen=True):
    """How long one step took, in seconds."""

    name: str
    seconds: float


class CaseTrace(msgspec.Struct, frozen=True):
    """What happened to a case. `version` 0: none is held in `accepted`.

    `fingerprint` is its last record at its home. `follows` counts the pairs that its home has linked as their judge,
    `watched_by` those that homes of other cases have: both together are its live claims and its matches of alerts.
    """

    case: str
    state: str
    version: int
    generation: str
    outcomes: dict[str, int]
    receipts: list[TracedOutcome]
    accepted: TracedRecord | None
    fingerprint: TracedRecord | None
    keys: int
    postings: list[TracedPosting]
    prunings: Prunings | None
    follows: int
    watched_by: int
    claims: list[TracedClaim]
    documents: TracedDocuments | None
    hits: list[TracedHit]
    steps: list[TracedStep]


class _Document(msgspec.Struct, frozen=True):
    state: str


class _Receipt(msgspec.Struct, frozen=True):
    position: Position
    outcome: str
    case: str = ""
    version: int = 0
    reason: str = ""
    time: str = ""


class _Side(msgspec.Struct, frozen=True):
    case: str


class _Claim(msgspec.Struct, frozen=True):
    link: str
    state: ClaimState
    partition: int
    a: _Side
    b: _Side
    band: Band = Band.NONE
    basis: Basis = Basis.SAME


class _Hit(msgspec.Struct, frozen=True):
    case: str
    kind: HitKind
    band: Band = Band.NONE


_receipt: Final = msgspec.json.Decoder(_Receipt)
_claim: Final = msgspec.json.Decoder(_Claim)
_hit: Final = msgspec.json.Decoder(_Hit)


def trace_case(
    case: Annotated[
        str, typer.Argument(help="Case key, <agency>:<case id>; not with --slowest.", show_default=False)
    ] = "",
    slowest: Annotated[
        bool, typer.Option("--slowest", help="Show the records of the last hour that took workers longest instead.")
    ] = False,
    at: Annotated[
        list[str] | None,
        typer.Option(
            "--at",
            metavar="URL",
            help="For --slowest: a worker's own port, such as http://10.0.0.7:9602; repeatable. By default the ports of"
            " this machine's workers.",
        ),
    ] = None,
    as_json: JsonObjectOption = False,
) -> None:
    """Show what happened to a case: outcomes, positions, pairs left by each pruning, links, documents, hits and times.

    No value of a record is shown, and no other case's key. The topics `fingerprints`, `postings` and `links` are read
    whole: a minute or so for a million cases. Nothing changes; the command is audited, and the case's owner sees that.
    """
    if slowest == bool(case):
        raise typer.BadParameter("give a case key, or --slowest")
    settings = from_environment()
    if slowest:
        found = list_slowest(settings, at or [])
        typer.echo(_encoder.encode({"slowest": found}) if as_json else "\n".join(map(_format_slice, found)))
        return
    agency, colon, name = case.partition(":")
    if not (agency and colon and name):
        raise typer.BadParameter(f"{case}: a case key is <agency>:<case id>")
    with show_count("reads") as count:
        traced = asyncio.run(read_trace(settings, case, count))
    typer.echo(_encoder.encode(traced) if as_json else "\n".join(trace_lines(traced)))


async def read_trace(settings: Settings, case: str, count: Callable[[], None]) -> CaseTrace:
    """Trace a case, on record before anybody is told; `count` is told of every chunk that is read.

    Raises LiaisonError where nothing is held of it, where the index does not answer, or where it can't be recorded.
    """
    agency = case.partition(":")[0]
    if agency not in await read_agencies(settings):
        raise LiaisonError(f"agency {agency} is not registered; see `liaison ops agency list`")
    generation = (await read_control(settings)).find_generation()
    traced = await _Reading(generation.apply_to_settings(settings), generation, agency, case, count).run()
    await record_operation(settings, "trace", (ShownCase(case, ShownForm.COUNTED, Rule.OPERATOR),))
    return traced


class _Reading:
    """One trace as it is read."""

    def __init__(
        self, settings: Settings, generation: Generation, agency: str, case: str, count: Callable[[], None]
    ) -> None:
        self._settings, self._generation, self._count = settings, generation, count
        self._agency, self._case, self._key = agency, case, case.encode()
        self._quoted = _encoder.encode(case)
        self._index = partition_of(self._key, settings.case_partitions)
        self._id = case_id(case)
        self._home = home_partition(self._id, settings.correlate_partitions)

    async def run(self) -> CaseTrace:
        """Read in the order of the flow. Raises LiaisonError where nothing is held of the case."""
        outcomes, receipts = await self._read_receipts()
        kept, record = await self._read_accepted()
        if kept is None and not outcomes:
            raise LiaisonError(
                f"nothing is held of {self._case}: no version in `accepted`, and no receipt of the last 30 days"
            )
        model = self._generation.compile_model()
        own = derive_fingerprint(kept, model) if kept is not None else None
        keys = own.keys if own else ()
        begun = time.perf_counter()
        fingerprint, others = await self._read_fingerprints(frozenset(keys))
        reading_s = time.perf_counter() - begun
        matcher = ModelMatcher(model, generation=self._generation.id, find_exact_match=exact_match)
        screen = SmallSketchScreen(model, matcher.threshold)
        prunings = count_prunings(own, others, matcher, screen) if own is not None and own.keys else None
        postings = await self._read_postings(keys)
        follows, watched_by = await self._read_watches()
        claims = await self._read_claims()
        hits = await self._read_hits()
        due = external_version(kept.version, kept.status == EXPIRED) if kept else 0
        later: dict[str, list[TracedRecord | None]] = {
            "fingerprint": [fingerprint],
            "first posting": [posting.record for posting in postings],
            "first claim": [claim.record for claim in claims],
            "first hit": [hit.record for hit in hits],
        }
        return CaseTrace(
            self._case,
            kept.status if kept else "not accepted",
            kept.version if kept else 0,
            self._generation.id,
            outcomes,
            receipts,
            record,
            fingerprint,
            len(keys),
            postings,
            prunings,
            follows,
            watched_by,
            claims,
            await self._read_documents(due),
            hits,
            [*_time_steps(kept, record, later), *_time_computing(reading_s, prunings)],
        )

    async def _read(
        self, topic: topics.Topic, partitions: Iterable[int], **names: str
    ) -> AsyncIterator[ConsumerRecord]:
        """All records of some partitions that are no tombstones."""
        name = topics.topic_name(self._settings, topic, **names)
        starts = {TopicPartition(name, partition): 0 for partition in partitions}
        async with aclosing(read_partitions(self._settings, starts)) as chunks:
            async for records in chunks:
                self._count()
                for record in records:
                    if record.value is not None:
                        yield record

    async def _read_receipts(self) -> tuple[dict[str, int], list[TracedOutcome]]:
        counted: Counter[str] = Counter()
        last: deque[TracedOutcome] = deque(maxlen=RECEIPTS_SHOWN)
        async for record in self._read(topics.RECEIPTS, [self._index], agency=self._agency):
            if self._quoted in record.value and (found := _receipt.decode(record.value)).case == self._case:
                counted[f"{found.outcome} ({found.reason})" if found.reason else found.outcome] += 1
                last.append(TracedOutcome(str(found.position), found.version, found.outcome, found.reason, found.time))
        return dict(counted), list(last)

    async def _read_accepted(self) -> tuple[AcceptedRecord | None, TracedRecord | None]:
        last = None
        async for record in self._read(topics.ACCEPTED, [self._index]):
            if record.key == self._key:
                last = record
        return (None, None) if last is None else (_accepted.decode(last.value), _trace_record(last))

    async def _read_fingerprints(self, keys: frozenset[int]) -> tuple[TracedRecord | None, list[CaseVersion]]:
        """The case's last record at its home, and the last version of each other case that shares a key.

        Alerts lie in `fingerprints` as cases do, and are left out: what meets one is a notice and no link.
        """
        own: ConsumerRecord | None = None
        others: dict[bytes, CaseVersion] = {}
        partitions = range(self._settings.correlate_partitions) if keys else [self._home]
        async for record in self._read(topics.FINGERPRINTS, partitions, generation=self._generation.id):
            if record.key == self._key:
                own = record
                continue
            version = CaseVersion(encoded=record.value)
            if _shares_key(version, keys):
                others[record.key] = version
            else:
                others.pop(record.key, None)
        return None if own is None else _trace_record(own), list(others.values())

    async def _read_postings(self, keys: Sequence[int]) -> list[TracedPosting]:
        """The case's last posting at each meeting place that has one or should have one."""
        partitions = self._settings.correlate_partitions
        due = Counter(owner_partition(key, partitions) for key in keys)
        last: dict[int, ConsumerRecord] = {}
        async for record in self._read(topics.POSTINGS, range(partitions), generation=self._generation.id):
            if record.key == self._id:
                last[record.partition] = record
        return [_trace_posting(at, last.get(at), due[at]) for at in sorted({*due, *last})]

    async def _read_watches(self) -> tuple[int, int]:
        """How many pairs the case's home follows as their judge, and how many judges watch the case there."""
        followed, watching = set[bytes](), set[bytes]()
        async for record in self._read(topics.WATCHES, [self._home], generation=self._generation.id):
            if self._id not in record.key:
                continue
            message = decode_pair_message(record.key, record.value)
            if isinstance(message, Watch) and message.b == self._id:
                (watching.add if message.on else watching.discard)(message.a)
            elif isinstance(message, Follow) and message.a == self._id:
                (followed.add if message.on else followed.discard)(message.b)
        return len(followed), len(watching)

    async def _read_claims(self) -> list[TracedClaim]:
        last: dict[bytes, TracedClaim] = {}
        partitions = range(self._settings.case_partitions)
        async for record in self._read(topics.LINKS, partitions, generation=self._generation.id):
            if self._quoted in record.value and self._case in (
                (claim := _claim.decode(record.value)).a.case,
                claim.b.case,
            ):
                last[record.key] = TracedClaim(
                    claim.link, claim.state, claim.band, claim.basis, claim.partition, _trace_record(record)
                )
        return sorted(last.values(), key=lambda claim: (claim.band.rank, claim.link, claim.by))

    async def _read_hits(self) -> list[TracedHit]:
        return [
            TracedHit(hit.kind, hit.band, _trace_record(record))
            async for record in self._read(topics.HITS, [0], agency=self._agency)
            if self._quoted in record.value and (hit := _hit.decode(record.value)).case == self._case
        ]

    async def _read_documents(self, due: int) -> TracedDocuments:
        indices = Indices(self._settings.namespace, "")
        live = [{"term": {"cases": self._case}}, {"term": {"state": ClaimState.LIVE}}]
        async with connect_for_reading(self._settings) as client:
            held = await fetch_documents(client, indices.read_alias("cases"), [self._case], source_includes=["state"])
            links = await search_all_shards(
                client,
                index=indices.read_alias("links"),
                size=0,
                track_total_hits=True,
                query={"bool": {"filter": live}},
            )
        state, version = (held[0].read_as(_Document).state, held[0].version) if held else ("none", 0)
        return TracedDocuments(state, version, due, links["hits"]["total"]["value"])


def _shares_key(version: CaseVersion, keys: frozenset[int]) -> bool:
    """Whether it is of a case, and has one of the keys; correlate leaves out what it can't read."""
    try:
        shares = not keys.isdisjoint(version.outline.keys)
        return shares and bool(version.outline.country or not is_saved_search(version.fingerprint))
    except msgspec.MsgspecError:
        return False


def _trace_record(record: ConsumerRecord) -> TracedRecord:
    position = Position(record.topic, record.partition, record.offset)
    return TracedRecord(str(position), datetime.fromtimestamp(record.timestamp / 1000, UTC))


def _trace_posting(partition: int, record: ConsumerRecord | None, due: int) -> TracedPosting:
    if record is None:
        return TracedPosting(partition, 0, 0, due, None)
    found = decode_postings([record.key], [record.value], SmallSketchScreen.words)
    return TracedPosting(partition, int(found.orders[0]) // 2, len(found.keys), due, _trace_record(record))


def _time_steps(
    kept: AcceptedRecord | None, accepted: TracedRecord | None, later: Mapping[str, Sequence[TracedRecord | None]]
) -> Iterator[TracedStep]:
    """The steps of the version that is held, up to the first of each kind of `later` records.

    What came before it, such as a hit of an earlier one, is left out.
    """
    if kept is None or accepted is None:
        return
    if arrived_ms := kept.provenance.arrived_ms:
        arrived = datetime.fromtimestamp(arrived_ms / 1000, UTC)
        yield TracedStep("arrival to accepted", (accepted.time - arrived).total_seconds())
    for name, records in later.items():
        since = [record.time for record in records if record is not None and record.time >= accepted.time]
        if since:
            yield TracedStep(f"accepted to {name}", (min(since) - accepted.time).total_seconds())


def _time_computing(reading_s: float, prunings: Prunings | None) -> Iterator[TracedStep]:
    """What took how long just now."""
    yield TracedStep("reading fingerprints, now", reading_s)
    if prunings is not None:
        yield TracedStep("screening, now", prunings.screen_s)
        yield TracedStep("judging, now", prunings.judge_s)


def trace_lines(found: CaseTrace) -> Iterator[str]:
    """The trace as text, a line for each thing, its kind first."""
    yield f"case\t{found.case}\tversion {found.version}\t{found.state}\tgeneration {found.generation}"
    for outcome, count in found.outcomes.items():
        yield f"outcomes\t{outcome}\t{count:,}"
    for receipt in found.receipts:
        reason = f"\t{receipt.reason}" if receipt.reason else ""
        yield f"message\t{receipt.position}\tversion {receipt.version}\t{receipt.outcome}{reason}\t{receipt.time}"
    if found.accepted is not None:
        yield _format_record("accepted", found.accepted)
    if found.fingerprint is not None:
        yield _format_record("fingerprint", found.fingerprint)
    yield f"keys\t{found.keys:,}"
    for posting in found.postings:
        yield _format_posting(posting)
    if (prunings := found.prunings) is not None:
        yield f"share a key\t{prunings.sharing:,}"
        yield f"of another country\t{prunings.abroad:,}"
        yield f"left by the screen of postings\t{prunings.asked:,}"
        yield f"left by the judge's screen, judged\t{prunings.judged:,}"
        for band, count in prunings.bands.items():
            yield f"judged\t{band}\t{count:,}"
    yield f"follows\t{found.follows:,} pairs as their judge"
    yield f"watched by\t{found.watched_by:,} other judges"
    for claim in found.claims:
        basis = "\tshared number" if claim.basis is Basis.SHARED else ""
        yield f"{_format_record('claim', claim.record)}\t{claim.link}\t{claim.state} {claim.band}{basis}\tby {claim.by}"
    if (documents := found.documents) is not None:
        behind = "" if documents.version == documents.due else f", {documents.due} is due"
        yield f"index\t{documents.state}, document version {documents.version}{behind}\t{documents.links:,} live links"
    for hit in found.hits:
        yield f"{_format_record('hit', hit.record)}\t{hit.kind} {hit.band}"
    for step in found.steps:
        yield f"took\t{step.name}\t{step.seconds:.3f} s"


def _format_posting(posting: TracedPosting) -> str:
    keys = f"{posting.keys:,} of {posting.due:,} keys"
    if posting.record is None:
        return f"posting\tnone in partition {posting.partition}\t{keys}"
    return f"{_format_record('posting', posting.record)}\tversion {posting.version}\t{keys}"


def _format_record(kind: str, record: TracedRecord) -> str:
    return f"{kind}\t{record.position}\t{record.time.isoformat(timespec='milliseconds')}"


def list_slowest(settings: Settings, addresses: list[str]) -> list[SlowSlice]:
    """What the workers at these addresses, by default those of this machine, tell of their slowest records.

    The slowest first. Raises LiaisonError where none answers, or one that was named does not.
    """
    host = loopback_host(settings.metrics_host)
    ports = range(settings.metrics_port, settings.metrics_port + API_PLACE) if settings.metrics_port else ()
    found: list[SlowSlice] = []
    answered = False
    own = [f"{host}:{port}" for port in ports] + read_targets(settings.metrics_targets_folder)
    for address in addresses or [f"http://{place}" for place in own]:
        try:
            told = httpx.get(f"{address.rstrip('/')}/slowest", timeout=ASKING_S).raise_for_status()
            found += _slices.decode(told.content)
            answered = True
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError, msgspec.ValidationError) as error:
            if addresses:
                raise LiaisonError(f"{address} tells no slow records: {type(error).__name__}") from error
    if not answered:
        raise LiaisonError("no worker of this machine answers; name the port of one with --at http://HOST:PORT")
    return sorted(found, reverse=True)


def _format_slice(found: SlowSlice) -> str:
    position = Position(found.topic, found.partition, found.offset)
    return (
        f"{found.decided_s:.3f} s\twaited {found.waited_s:.3f} s\t{found.feed}\t{position}\t{found.records:,} records"
        f"\t{datetime.fromtimestamp(found.time, UTC).isoformat(timespec='seconds')}"
    )
