"""The three stages' own work in one process, without Kafka and Elasticsearch: the code that the workers call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.stream.population import CASE_PARTITIONS
from benchmarks.stream.populations import AGENCIES
from pipeline.access.guesses import make_guesses
from pipeline.access.release import release_counterpart
from pipeline.correlation.claims import Claim
from pipeline.correlation.correlator import Correlator, target_partitions
from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.correlation.lmdb_store import LmdbStore
from pipeline.correlation.projection import advance_link
from pipeline.correlation.store_file import StoreIdentity
from pipeline.index.documents import case_document, link_document
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model, load_model
from pipeline.records.intake import IntakeContext, SourceMessage, decide_message, make_accepted_record
from pipeline.records.messages import AcceptedRecord
from pipeline.streams.catalogues import metrics
from pipeline.streams.runtime.source_queues import SLICE_RECORDS
from support.correlation.key_rings import RING

CHUNK = 200
"""Cases between two commits, as at a live rate."""

_encode = msgspec.json.Encoder().encode
_fingerprint = msgspec.json.Decoder(Fingerprint).decode
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

        def call(*args: Any) -> Any:
            started = time.process_time()
            try:
                return function(*args)
            finally:
                self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - started

        return call


class TimedMatcher:
    """A matcher whose calls are timed, each under its own name."""

    def __init__(self, matcher: ModelMatcher, watch: Stopwatch) -> None:
        self.threshold, self.exact_match = matcher.threshold, matcher.exact_match
        self.may_link = watch.timed("screen", matcher.may_link)
        self.may_link_crowd = watch.timed("screen", matcher.may_link_crowd)
        self.judge, self.find_link = matcher.judge, watch.timed("score", matcher.find_link)
        self.exceeds_bound = watch.timed("sample", matcher.exceeds_bound)
        self.meet = watch.timed("meet", matcher.meet)
        self.explain = watch.timed("explain", matcher.explain)


class Stages:
    """Intake, all partitions of correlate, and project."""

    def __init__(self, folder: Path, partitions: int, rarity: int, watch: Stopwatch) -> None:
        """Open or make the stores in a folder; `rarity` is how rare a key must be, in hundredths of a bit."""
        identities = [StoreIdentity("bench", "blocks", partition, "bench") for partition in range(partitions)]
        self.stores = [LmdbStore(folder / str(identity.partition), identity) for identity in identities]
        self._model = Model(msgspec.structs.replace(load_model().file, key_rarity=rarity))
        self._matcher = TimedMatcher(ModelMatcher(self._model), watch)
        self._context = IntakeContext(AGENCIES, CASE_PARTITIONS, lambda _: None, lambda: datetime.now(UTC))
        self._watch = watch
        self._receive, self._fingerprint = (
            watch.timed("receive", decide_message),
            watch.timed("fingerprint", make_fingerprint),
        )
        self._guesses = watch.timed("guesses", _encode_guesses)
        self.correlators = [
            Correlator(store, at, partitions, self._matcher, observer=metrics.BLOCK_SIZE.observe)
            for at, store in enumerate(self.stores)
        ]

    def fill(self, fingerprints: Iterable[Fingerprint]) -> None:
        """Put cases into the stores as a rebuild does: without judging them."""
        waiting: list[list[Fingerprint]] = [[] for _ in self.stores]
        for fingerprint in fingerprints:
            for partition in target_partitions(fingerprint, first=True, partitions=len(self.stores)):
                waiting[partition].append(fingerprint)
        for correlator, some in zip(self.correlators, waiting, strict=True):
            correlator.load_versions(some)
        self.commit()

    def close(self) -> None:
        """Close all stores."""
        for store in self.stores:
            store.close()

    def commit(self) -> None:
        """One commit of each store."""
        for store in self.stores:
            store.commit(0)

    def intake(self, messages: Sequence[SourceMessage]) -> tuple[list[bytes], list[tuple[int, bytes]]]:
        """Values of `accepted`, and of `blocks` with their partitions. All messages must be in order."""
        records, blocks = [], []
        for message in messages:
            decision = self._receive(message, self._context)
            if decision.taken is None:
                raise ValueError(f"not accepted: {decision.receipt}")
            made = self._fingerprint(decision.taken.case, decision.taken.normalised, self._model, decision.taken.hash)
            encoded = _encode(made)
            records.append(
                _encode(make_accepted_record(decision.taken, decision.receipt, msgspec.Raw(encoded), "bench"))
            )
            _encode(decision.receipt)
            self._guesses(made)
            blocks += [(at, encoded) for at in target_partitions(made, first=True, partitions=len(self.stores))]
        return records, blocks

    def correlate(self, blocks: Iterable[tuple[int, bytes]]) -> list[bytes]:
        """Values of `links`."""
        waiting: list[list[Fingerprint]] = [[] for _ in self.stores]
        for at, value in blocks:
            waiting[at].append(_fingerprint(value))
        claims = [
            _encode(claim)
            for correlator, some in zip(self.correlators, waiting, strict=True)
            for start in range(0, len(some), SLICE_RECORDS)
            for found in correlator.receive_all(some[start : start + SLICE_RECORDS])
            for claim in found
        ]
        self._watch.timed("commit", self.commit)()
        return claims

    def project(self, records: Sequence[bytes], claims: Sequence[bytes]) -> int:
        """Bytes of the documents that would be written."""
        documents = [case_document(_accepted(value)) for value in records]
        for value in claims:
            step = advance_link(None, _claim(value), RING, release_counterpart)
            if step.write is not None:
                documents.append(link_document(step.write.claim))
        return sum(len(document.body) for document in documents)

    def counts(self) -> dict[str, int]:
        """What all correlators have done: `candidates` met in other countries, `judged` of them after the screen."""
        names = ("candidates", "judged")
        return {name: sum(getattr(correlator.counts, name) for correlator in self.correlators) for name in names}
