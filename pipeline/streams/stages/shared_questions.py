"""Finds who asks the same as somebody else: each shared search and new alert against the shared standing ones.

From the audit and from `subscriptions`, so that no request does anything for it. A search is not kept, so two searches
do not meet: who wants to be told of later ones makes an alert.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.audit import AuditEntry
from pipeline.access.hit_gate import exact_match
from pipeline.access.hit_ledger import HitQuestion
from pipeline.access.notices import Asker, shared_notices
from pipeline.access.query_cipher import QueryCipher
from pipeline.access.subscriptions import Subscription, SubscriptionState, is_active
from pipeline.errors import LiaisonError
from pipeline.index.decisions import DecisionReader
from pipeline.matching.bands import ExactMatch
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.records.entity_types import PERSON
from pipeline.search.probes import make_probe, make_query_probe, make_strict_query, strict_question
from pipeline.search.questions import NAMED, parse_question
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.runtime.processor import ChunkResult
from pipeline.streams.runtime.stateless_processor import NullStore, StatelessProcessor
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.stages.hit_gate import question_output
from pipeline.streams.stages.silent_search_notifier import decode_search

log = logging.getLogger(__name__)

_subscriptions = msgspec.json.Decoder(Subscription)


class _Asked(msgspec.Struct):
    """What of an audited search matters here: one that was one guess too many is held against nothing."""

    question: str
    country: str = ""
    share: bool = False
    not_asked: str = ""


GUESSES = frozenset(NAMED) - {PERSON.name}
"""What a name may be of besides a person; two questions of one name would agree on all of them."""


class PreparedQuestion(msgspec.Struct, frozen=True):
    """What of a question names one thing: whole numbers, and a full name with its birth date as the matcher sees it."""

    entities: tuple[EntityPrint, ...]
    numbers: frozenset[str]


class SharedQuestions:
    """The alerts that are shared, each made ready for the matcher once, and who asks the same as one."""

    def __init__(self, decisions: DecisionReader, model: Model) -> None:
        self._decisions, self._model = decisions, model
        self._ready: dict[str, PreparedQuestion] = {}

    def pose_question(self, question: str, dialled: str) -> PreparedQuestion:
        """What a question names; nothing where it is not exact. Raises LiaisonError for one that makes no sense."""
        kept = strict_question(parse_question(question))
        if kept is None:
            return PreparedQuestion((), frozenset())
        clauses = make_strict_query(kept, make_probe(kept, dialled)).clauses
        numbers = frozenset(term for clause in clauses if clause.name == "number" for term in clause.terms)
        return PreparedQuestion(
            tuple(entity for entity in make_query_probe(kept, dialled) if entity.type not in GUESSES), numbers
        )

    async def overlap_questions(self, who: Asker, posed: PreparedQuestion, at: datetime) -> AsyncIterator[HitQuestion]:
        """Whom `who` is to be told of, and who is to be told of `who`, as the gate is asked for it."""
        ready: dict[str, PreparedQuestion] = {}
        async for subscription in self._decisions.list_shared_subscriptions():
            held = ready[subscription.id] = self._ready.get(subscription.id) or self.pose_question(
                subscription.question, subscription.dialled
            )
            if subscription.id == who.subscription or not is_active(subscription, at):
                continue
            exact = self._overlap(posed, held)
            for notice in shared_notices(who, subscription.asker, exact, at):
                yield HitQuestion(notice.id, notice.agency, notice.other_agency, notice=notice, exact=exact)
        self._ready = ready  # what has ended is forgotten

    def _overlap(self, a: PreparedQuestion, b: PreparedQuestion) -> ExactMatch:
        """What two questions have in common, each held against the other. One whole number in both is enough."""
        number = ExactMatch.NONE if a.numbers.isdisjoint(b.numbers) else ExactMatch.NUMBER
        met, back = (exact_match(*sides, self._model) for sides in ((a.entities, b.entities), (b.entities, a.entities)))
        return number | (met & back)


class _Work(StatelessProcessor):
    """What both sources have in common: notices found by asking the index, handed to the gate with the progress."""

    def __init__(self, settings: Settings, questions: SharedQuestions) -> None:
        self._settings = settings
        self._questions = questions

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        """The notices, each an answer about what the other agency asks.

        Raises LiaisonError while the index does not answer or has not followed; it is tried again.
        """
        found = [question for document in result.documents async for question in self.questions(document)]
        return [question_output(self._settings, question) for question in found]

    def questions(self, document: object) -> AsyncIterator[HitQuestion]:
        raise NotImplementedError


class SharedSearchProcessor(_Work):
    """Audited searches that are shared."""

    def __init__(self, settings: Settings, questions: SharedQuestions, cipher: QueryCipher) -> None:
        super().__init__(settings, questions)
        self._cipher = cipher

    def decide_records(
        self, source: TopicPartition, store: NullStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The searches among the entries."""
        return ChunkResult(documents=[entry for record in records if (entry := decode_search(record)) is not None])

    async def questions(self, entry: AuditEntry) -> AsyncIterator[HitQuestion]:  # type: ignore[override]
        """Of a shared search; once a day for each alert and agency, however often it is repeated."""
        at = datetime.fromisoformat(entry.time)
        try:
            asked = msgspec.json.decode(self._cipher.decrypt(entry.query, at), type=_Asked)
            posed = (
                self._questions.pose_question(asked.question, asked.country)
                if asked.share and asked.not_asked in ("", "budget")
                else None
            )
        except (LiaisonError, msgspec.MsgspecError, ValueError):
            return
        if posed is not None:
            who = Asker(entry.agency, entry.purpose, f"{entry.agency} {at.date().isoformat()}")
            async for question in self._questions.overlap_questions(who, posed, at):
                yield question


class SharedQueryProcessor(_Work):
    """New alerts that are shared; a renewal or another name asks nothing new."""

    def __init__(self, settings: Settings, questions: SharedQuestions, decisions: DecisionReader) -> None:
        super().__init__(settings, questions)
        self._decisions = decisions

    def decide_records(
        self, source: TopicPartition, store: NullStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The new ones, each with its offset."""
        return ChunkResult(
            documents=[
                (subscription, record.offset) for record in records if (subscription := _decode_new(record)) is not None
            ]
        )

    async def questions(self, document: tuple[Subscription, int]) -> AsyncIterator[HitQuestion]:  # type: ignore[override]
        """Of a new query, once the index shows it and so all that came before: of two new ones the later meets both."""
        made, offset = document
        await self._decisions.wait_until_effective(topics.SUBSCRIPTIONS.pattern, made.id, offset)
        try:
            posed = self._questions.pose_question(made.question, made.dialled)
        except LiaisonError:
            return
        async for question in self._questions.overlap_questions(made.asker, posed, made.time):
            yield question


def _decode_new(record: ConsumerRecord) -> Subscription | None:
    try:
        subscription = _subscriptions.decode(record.value) if record.value is not None else None
    except msgspec.MsgspecError:
        log.exception("%s-%d-%d is no alert", record.topic, record.partition, record.offset)
        return None
    wanted = (
        subscription is not None
        and subscription.shared
        and subscription.version == 1
        and subscription.labelled is None
        and subscription.state is SubscriptionState.ACTIVE
    )
    return subscription if wanted else None
