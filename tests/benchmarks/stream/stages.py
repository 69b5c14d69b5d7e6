"""The three stages' own work in one process, without Kafka and Elasticsearch: the code that the workers call.

Records go from stage to stage as they stand on Kafka, key and value, encoded by who writes them and decoded by who
reads them.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from benchmarks.stream.population import CASE_PARTITIONS
from benchmarks.stream.populations import AGENCIES
from pipeline.access.guesses import make_guesses
from pipeline.access.release import release_counterpart
from pipeline.correlation.claims import Claim
from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.correlation.homes import Arrival, Home
from pipeline.correlation.matcher import SmallScreen, SmallSketches
from pipeline.correlation.postings import PostedCase, encode_postings
from pipeline.correlation.projection import advance_link
from pipeline.correlation.protocol import Answer, CaseVersion, ProtocolMessage, case_id, home_partition
from pipeline.correlation.steps import Steps, finish_steps
from pipeline.index.documents import case_document, link_document
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model, load_model
from pipeline.records.intake import IntakeContext, SourceMessage, decide_message, make_accepted_record
from pipeline.records.messages import AcceptedRecord
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.topics import Topic
from pipeline.streams.kafka.admin import ClusterIds
from pipeline.streams.runtime.lane import MOST_RECORDS
from pipeline.streams.runtime.processor import SourceSlice
from pipeline.streams.runtime.stores import StorePlaces, size_on_disk
from pipeline.streams.runtime.transactions import AppliedPosition, Output
from pipeline.streams.stages.correlate import SOURCES, STAGE, CorrelateProcessor, HeldPlace
from pipeline.streams.stages.saved_searches import SavedSearchMatches
from support.correlation.key_rings import RING

CHUNK: Final = 200
"""Cases between two commits, as at a live rate."""

GENERATION: Final = "bench"

_encode = msgspec.json.Encoder().encode
_accepted = msgspec.json.Decoder(AcceptedRecord).decode
_claim = msgspec.json.Decoder(Claim).decode


def _encode_guesses(made: Fingerprint) -> bytes:
    """The value of `hit_guesses` that intake writes with a first version, b"" where it guesses nothing."""
    guesses = make_guesses(RING, made.agency, made.entities, made.case)
    return b"" if guesses.empty else _encode(guesses)


class Stopwatch:
    """CPU seconds of this process spent in the calls that it wraps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its CPU time added up under a name."""

        def call(*args: Any, **options: Any) -> Any:
            started = time.process_time()
            try:
                return function(*args, **options)
            finally:
                self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - started

        return call

    def wrap(self, held: object, names: Mapping[str, str]) -> None:
        """Time methods of an object, each under its own name."""
        for method, name in names.items():
            setattr(held, method, self.timed(name, getattr(held, method)))


class TimedMatcher:
    """A matcher whose calls are timed, each under its own name."""

    def __init__(self, matcher: ModelMatcher, watch: Stopwatch) -> None:
        self.threshold, self.exact_match = matcher.threshold, matcher.exact_match
        self.may_link = watch.timed("screen", matcher.may_link)
        self.judge, self.find_link = matcher.judge, watch.timed("score", matcher.find_link)
        self.exceeds_bound = watch.timed("sample", matcher.exceeds_bound)
        self.meet = watch.timed("meet", matcher.meet)
        self.explain = watch.timed("explain", matcher.explain)
        self._whole = matcher

    @property
    def cut(self) -> int:
        """As of the matcher itself."""
        return self._whole.cut


class TimedScreen:
    """A small screen whose calls are timed."""

    def __init__(self, screen: SmallScreen, watch: Stopwatch) -> None:
        self.words = screen.words
        self.make_sketches: Callable[[Sequence[Fingerprint]], SmallSketches]
        self.make_sketches = watch.timed("small sketches", screen.make_sketches)
        self.may_link = watch.timed("small screen", screen.may_link)


class TimedProcessor(CorrelateProcessor):
    """The correlate stage, its parts timed."""

    def __init__(self, settings: Settings, places: StorePlaces, model: Model, watch: Stopwatch) -> None:
        super().__init__(settings, places, model, GENERATION, SavedSearchMatches(settings, RING, model, active=True))
        self._matcher: Any = TimedMatcher(self._matcher, watch)
        self._screen: SmallScreen = TimedScreen(self._screen, watch)
        self.screen = self._screen
        watch.wrap(
            self, {"_take_fingerprints_together": "home fingerprints", "_take_postings_together": "meeting places"}
        )


HOME_PARTS: Final = {
    "take_asks": "home asks",
    "take_watches": "home watches",
}


def _time_answers(home: Home, watch: Stopwatch) -> None:
    """Time what a home does with answers, all steps together."""
    in_steps = home.judge_in_steps
    take = watch.timed("home answers", lambda answers: finish_steps(in_steps(answers)))

    def judge(answers: Sequence[Answer]) -> Steps[list[ProtocolMessage]]:
        yield from ()
        messages: list[ProtocolMessage] = take(answers)
        return messages

    vars(home)["judge_in_steps"] = judge


class Held(NamedTuple):
    """A source partition: its store, and the records that wait, with the offset of the next that comes."""

    store: Any
    waiting: deque[ConsumerRecord]


class Stages:
    """Intake, all partitions of correlate, and project."""

    def __init__(self, folder: Path, partitions: int, rarity: int, watch: Stopwatch) -> None:
        """Open or make the stores in a folder; `rarity` is how rare a key must be, in hundredths of a bit."""
        self._folder, self.partitions, self._watch = folder, partitions, watch
        self._model = Model(msgspec.structs.replace(load_model().file, key_rarity=rarity))
        self._settings = Settings(home=folder, namespace="", correlate_partitions=partitions)
        self._names = {
            topic: topics.topic_name(self._settings, topic, generation=GENERATION) for topic in (*SOURCES, topics.LINKS)
        }
        self._topics = {name: topic for topic, name in self._names.items()}
        ids = ClusterIds("bench", dict.fromkeys(self._topics, "bench"))
        self._work = TimedProcessor(self._settings, StorePlaces(folder, STAGE, GENERATION, ids), self._model, watch)
        self._offsets = Counter[TopicPartition]()
        self._held: dict[TopicPartition, Held] = asyncio.run(self._open_stores())
        self._context = IntakeContext(AGENCIES, CASE_PARTITIONS, lambda _: None, lambda: datetime.now(UTC))
        self._receive, self._fingerprint = (
            watch.timed("receive", decide_message),
            watch.timed("fingerprint", make_fingerprint),
        )
        self._guesses = watch.timed("guesses", _encode_guesses)
        self._decide = watch.timed("decide", self._work.decide_slices)
        self.sent = Counter[str]()
        """Records, and bytes of keys and values, by topic since the stores were opened."""

    # --- stores

    async def _open_stores(self) -> dict[TopicPartition, Held]:
        """All stores, as of what the folder's note says was applied."""
        note = self._folder / "applied"
        noted = msgspec.json.decode(note.read_bytes(), type=list[dict[str, AppliedPosition]]) if note.exists() else None
        held = {}
        for index in range(self.partitions):
            applied = {
                TopicPartition(name, index): noted[index][topic.pattern] if noted else AppliedPosition()
                for topic, name in ((topic, self._names[topic]) for topic in SOURCES)
            }
            async for partition, store in self._work.open_stores(applied):
                held[partition] = Held(store, deque())
                self._offsets[partition] = applied[partition].offset + 1
        for index in range(self.partitions):
            home = held[TopicPartition(self._names[topics.FINGERPRINTS], index)].store.home
            self._watch.wrap(home, HOME_PARTS)
            _time_answers(home, self._watch)
        return held

    def _store(self, topic: Topic, index: int) -> Any:
        return self._held[TopicPartition(self._names[topic], index)].store

    def fill(self, fingerprints: Iterable[Fingerprint]) -> None:
        """Put cases into the stores as a rebuild does: without judging them."""
        arrived: list[list[Arrival]] = [[] for _ in range(self.partitions)]
        posted: list[PostedCase] = []
        held = list(fingerprints)
        for one in held:
            version, case = CaseVersion(one), case_id(one.case)
            arrived[home_partition(case, self.partitions)].append(Arrival(version, first=True))
            posted.append(PostedCase(case, version.order, one.country, one.keys))
        postings: list[list[tuple[bytes, bytes]]] = [[] for _ in range(self.partitions)]
        for posting in encode_postings(posted, self._work.screen.make_sketches(held), self.partitions):
            postings[posting.partition].append((posting.case, posting.value))
        for index in range(self.partitions):
            home, place = self._store(topics.FINGERPRINTS, index), self._store(topics.POSTINGS, index)
            home.home.load_fingerprints(arrived[index])
            at = self._offsets[TopicPartition(self._names[topics.FINGERPRINTS], index)] + 1
            home.note_records(1)
            home.commit(at)
            if postings[index]:
                place.place.load_postings(*map(list, zip(*postings[index], strict=True)))
            place.commit(at)
            for topic in (topics.FINGERPRINTS, topics.POSTINGS):
                self._offsets[TopicPartition(self._names[topic], index)] += 1

    def get_versions(self, cases: Iterable[str]) -> list[CaseVersion]:
        """Some cases, as their homes hold them."""
        held = [self._store(topics.FINGERPRINTS, index).home.store for index in range(self.partitions)]
        ids = [case_id(case) for case in cases]
        return [held[home_partition(one, self.partitions)].get_versions([one])[one] for one in ids]

    def read_versions(self) -> Iterator[CaseVersion]:
        """All cases that homes hold."""
        for index in range(self.partitions):
            store = self._store(topics.FINGERPRINTS, index).home.store
            file = store._file  # noqa: SLF001 - no part of the product reads all cases of a store
            ids = map(bytes, file.reader.cursor(db=file.databases["numbers"]).iternext(values=False))
            while some := list(islice(ids, CHUNK)):
                yield from store.get_versions(some).values()

    def make_matcher(self) -> ModelMatcher:
        """A matcher of the stages' model, which takes some milliseconds to make."""
        return ModelMatcher(self._model)

    def close(self) -> None:
        """Close all stores, and note how far they are."""
        applied = [
            {topic.pattern: self._position_of(topic, index) for topic in SOURCES} for index in range(self.partitions)
        ]
        for held in self._held.values():
            held.store.close()
        (self._folder / "applied").write_bytes(msgspec.json.encode(applied))

    def _position_of(self, topic: Topic, index: int) -> AppliedPosition:
        store = self._store(topic, index)
        if topic is topics.POSTINGS:
            return AppliedPosition(store.offset, store.place.store.records)
        source = topic.pattern.partition(".")[0]
        return AppliedPosition(*store.home.store.positions.get(source, ()))

    def disk(self) -> dict[str, int]:
        """Bytes on disk of the homes' stores and of the meeting places'."""
        folders = [folder for folder in (self._folder / STAGE / GENERATION).iterdir() if folder.is_dir()]
        homes = self._names[topics.FINGERPRINTS]
        return {
            "homes": sum(size_on_disk(folder) for folder in folders if folder.name.startswith(homes)),
            "places": sum(size_on_disk(folder) for folder in folders if not folder.name.startswith(homes)),
        }

    # --- records

    def intake(self, messages: Sequence[SourceMessage]) -> tuple[list[bytes], list[Output]]:
        """Values of `accepted`, and the records of `fingerprints`. All messages must be in order."""
        records, fingerprints = [], []
        for message in messages:
            decision = self._receive(message, self._context)
            if decision.taken is None:
                raise ValueError(f"not accepted: {decision.receipt}")
            case, normalised = decision.taken.case, decision.taken.normalised
            made = self._fingerprint(case, normalised, self._model, decision.taken.hash, first=True)
            encoded = _encode(made)
            records.append(
                _encode(make_accepted_record(decision.taken, decision.receipt, msgspec.Raw(encoded), GENERATION))
            )
            self._count("accepted", len(made.case), len(records[-1]))
            self._count("receipts", len(message.key or b""), len(_encode(decision.receipt)))
            self._guesses(made)
            home = home_partition(case_id(made.case), self.partitions)
            fingerprints.append(Output(self._names[topics.FINGERPRINTS], home, made.case.encode(), encoded))
        return records, fingerprints

    def send(self, outputs: Iterable[Output]) -> list[bytes]:
        """Put records where they are read; returns the values of `links`."""
        claims = []
        for output in outputs:
            topic = self._topics.get(output.topic)
            if topic is None:
                raise ValueError(f"unexpected: {output}")
            self._count(_told_topic(topic, output), len(output.key), len(output.value))
            if topic is topics.LINKS:
                claims.append(output.value)
            else:
                self._enqueue(output)
        return claims

    def _count(self, name: str, key: int, value: int) -> None:
        self.sent[f"{name} records"] += 1
        self.sent[f"{name} bytes"] += key + value

    def _enqueue(self, output: Output) -> None:
        at = TopicPartition(output.topic, output.partition)
        self._held[at].waiting.append(
            ConsumerRecord(
                output.topic, output.partition, self._offsets[at], 0, 0, output.key, output.value, None,
                len(output.key), len(output.value), (),
            )
        )  # fmt: skip
        self._offsets[at] += 1

    def correlate(self) -> list[Output]:
        """One transaction of each lane that has records, decided together as a worker does: what is sent."""
        sent: list[Output] = []
        taken: dict[TopicPartition, int] = {}
        for topic in SOURCES:
            slices = list(self._take_slices(topic))
            if slices:
                sent += [output for result in self._decide(slices) for output in result.outputs]
                taken |= {one.source: one.records[-1].offset for one in slices}
        for partition, offset in taken.items():
            self._commit(self._held[partition].store, offset)
        return sent

    def _take_slices(self, topic: Topic) -> Iterator[SourceSlice]:
        for index in range(self.partitions):
            partition = TopicPartition(self._names[topic], index)
            store, waiting = self._held[partition]
            if waiting:
                records = [waiting.popleft() for _ in range(min(len(waiting), MOST_RECORDS))]
                yield SourceSlice(partition, store, records)

    def _commit(self, store: Any, offset: int) -> None:
        name = "commit places" if isinstance(store, HeldPlace) else "commit homes"
        self._watch.timed(name, store.commit)(offset)

    @property
    def waiting(self) -> bool:
        """Whether any record is left."""
        return any(held.waiting for held in self._held.values())

    def project(self, records: Sequence[bytes], claims: Sequence[bytes]) -> int:
        """Bytes of the documents that would be written."""
        documents = [case_document(_accepted(value)) for value in records]
        for value in claims:
            step = advance_link(None, _claim(value), RING, release_counterpart)
            if step.write is not None:
                documents.append(link_document(step.write.claim))
        return sum(len(document.body) for document in documents)

    def counts(self) -> Counter[str]:
        """What homes and meeting places have done since the stores were opened, and what was sent."""
        found = Counter(self.sent)
        for index in range(self.partitions):
            place = self._store(topics.POSTINGS, index).place.counts
            home = self._store(topics.FINGERPRINTS, index).home.counts
            found += Counter(candidates=place.candidates, screened=place.screened, judged=home.judged)
        return found


def _told_topic(topic: Topic, output: Output) -> str:
    """The topic's name, of `pairs` whether it is an ask or an answer."""
    name = topic.pattern.partition(".")[0]
    return ("asks" if len(output.value) == 16 else "answers") if topic is topics.PAIRS else name
