"""The notify stage: what was decided in, notices to agencies out; each is told once, in one transaction with progress.

It does not depend on the generation: whatever model runs beside another, nobody is told twice.

Besides decisions it follows the audit and new alerts, so that no request does anything for what follows:

- Owners of silent cases may be told that somebody searched for one: the day, agency and purpose, never the query. It is
  found out by asking the index again. Who may be told, and when, the gate decides (pipeline.access.hit_ledger).
- Who asks the same as somebody else: each shared search and new alert against the shared standing ones. A search is not
  kept, so two searches do not meet: who wants to be told of later ones makes an alert.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.alerts import Alert, AlertState, is_active
from pipeline.access.audit import AuditEntry, PosedQuestion, decode_entry, facts_of
from pipeline.access.disclosure_threads import Disclosure
from pipeline.access.hit_gate import exact_match, names_person
from pipeline.access.hit_ledger import HitQuestion, searched_question
from pipeline.access.notices import Asker, Notice, disclosure_notice, searched_notice, shared_notices
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.correlation.key_ring import KeyRing
from pipeline.errors import LiaisonError
from pipeline.index.decisions import DecisionReader
from pipeline.index.engine import connect_for_reading
from pipeline.index.mappings import Indices
from pipeline.index.queries import QueryLimits, silent_cases
from pipeline.index.reading import IndexReader
from pipeline.index.searching import find_equal
from pipeline.matching.bands import ExactMatch
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.records.entity_types import PERSON
from pipeline.search.probes import list_exact_numbers, make_probe, make_query_probe, strict_question
from pipeline.search.questions import NAMED, Question, parse_question
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.registers.control import read_control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.processor import After, ChunkResult, Processor
from pipeline.streams.runtime.stage import ALL, Stage, StageFeed
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.runtime.worker_slots import claimed_slot
from pipeline.streams.stages.hit_gate import question_output
from pipeline.times import now

log = logging.getLogger(__name__)

FindQuestions = Callable[[Any, int], AsyncIterator[HitQuestion]]
"""Finds what the gate is to be asked for a decoded record, and its offset."""


class GateQuestionProcessor(Processor):
    """Asks the gate, with the progress, what records lead to."""

    def __init__(
        self, settings: Settings, decode: Callable[[ConsumerRecord], Any], finders: Mapping[str, FindQuestions]
    ) -> None:
        """`decode` gives None for a record that leads to nothing; `finders` are named by what they look among."""
        self._settings, self._decode, self._finders = settings, decode, finders

    def decide_records(self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]) -> ChunkResult:
        """The records that may lead to questions, each with what it says.

        Raises InternalFaultError at one of a later version: those whom it concerns would never hear of it.
        """
        return faults.decide_known(
            records,
            self._decode,
            lambda decoded: ChunkResult(documents=[(record, found) for record, found in decoded if found is not None]),
        )

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        """What the gate is asked.

        Raises LiaisonError while the index does not answer or has not followed; then it is tried again.
        """
        outputs: list[Output] = []
        for among, find in self._finders.items():
            for record, decoded in result.documents:
                asked = [question async for question in find(decoded, record.offset)]
                position = record.topic, record.partition, record.offset
                log.debug("%s-%d-%d: %d questions to the gate about %s", *position, len(asked), among)
                outputs += [question_output(self._settings, question) for question in asked]
        return outputs


class SilentSearches:
    """Asks each audited search again among silent cases: the gate tells whom of it."""

    def __init__(
        self,
        reader: IndexReader,
        model: Model,
        cipher: QueryCipher,
        ring: KeyRing,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._ring, self._clock = ring, clock
        self._reader, self._model, self._cipher = reader, model, cipher

    async def find_questions(self, entry: AuditEntry, offset: int) -> AsyncIterator[HitQuestion]:
        """What the gate is to tell of a search. Raises LiaisonError while the index does not answer."""
        async for notice in self.notices(entry):
            yield searched_question(notice, self._clock())

    async def notices(self, entry: AuditEntry) -> AsyncIterator[Notice]:
        """Whom an audited search concerns: the owners, others than the searcher's own agency, of whom it named."""
        asked = self._decrypt_search(entry)
        named = strict_question(parse_question(asked.question)) if asked else None
        if asked is None or named is None or not named.born:
            return
        person = Question(types=named.types, names=named.names, born=named.born)
        probe = make_query_probe(person, asked.country)
        at = datetime.fromisoformat(entry.time)
        limits = QueryLimits(at.date(), filters=(silent_cases(),))
        for candidate, document in await find_equal(self._reader, person, asked.country, self._model, limits):
            if document.agency != entry.agency and names_person(probe, candidate.entities, self._model):
                yield searched_notice(document.case, entry.agency, entry.purpose, at, self._ring)

    def _decrypt_search(self, entry: AuditEntry) -> PosedQuestion | None:
        """The search's words; None once the month's key is gone, or where they ask for nothing."""
        at = datetime.fromisoformat(entry.time)
        try:
            asked = msgspec.json.decode(self._cipher.decrypt(entry.query, at), type=PosedQuestion)
            parse_question(asked.question)
        except (LiaisonError, msgspec.MsgspecError, ValueError) as error:
            log.warning("an audited search can't be asked again: %s", type(error).__name__)
            return None
        return asked


def decode_search(record: ConsumerRecord) -> AuditEntry | None:
    """The act in a record of `audit` that posed a question; None for anything else. Raises LaterFormatError."""
    entry = faults.decode_own(decode_entry, record, "audit entry")
    return entry if entry is not None and facts_of(entry).posed else None


_alerts = msgspec.json.Decoder(Alert)


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
        numbers = list_exact_numbers(kept, make_probe(kept, dialled))
        return PreparedQuestion(
            tuple(entity for entity in make_query_probe(kept, dialled) if entity.type not in GUESSES), numbers
        )

    async def overlap_questions(self, who: Asker, posed: PreparedQuestion, at: datetime) -> AsyncIterator[HitQuestion]:
        """Whom `who` is to be told of, and who is to be told of `who`, as the gate is asked for it."""
        ready: dict[str, PreparedQuestion] = {}
        async for alert in self._decisions.list_shared_alerts():
            held = ready[alert.id] = self._ready.get(alert.id) or self.pose_question(alert.question, alert.dialled)
            if alert.id == who.subscription or not is_active(alert, at):
                continue
            exact = self._overlap(posed, held)
            for notice in shared_notices(who, alert.asker, exact, at):
                yield HitQuestion(notice.id, notice.agency, notice.other_agency, notice=notice, exact=exact)
        self._ready = ready  # what has ended is forgotten

    def _overlap(self, a: PreparedQuestion, b: PreparedQuestion) -> ExactMatch:
        """What two questions have in common, each held against the other. One whole number in both is enough."""
        number = ExactMatch.NONE if a.numbers.isdisjoint(b.numbers) else ExactMatch.NUMBER
        met, back = (exact_match(*sides, self._model) for sides in ((a.entities, b.entities), (b.entities, a.entities)))
        return number | (met & back)


class SharedSearches:
    """Finds who asks the same as an audited search that is shared."""

    def __init__(self, questions: SharedQuestions, cipher: QueryCipher) -> None:
        self._questions, self._cipher = questions, cipher

    async def find_questions(self, entry: AuditEntry, offset: int) -> AsyncIterator[HitQuestion]:
        """Of a shared search; once a day for each alert and agency, however often it is repeated.

        One that was not asked for its guesses was one guess too many, and is not shared.
        """
        at = datetime.fromisoformat(entry.time)
        try:
            asked = msgspec.json.decode(self._cipher.decrypt(entry.query, at), type=PosedQuestion)
            facts = facts_of(entry, asked)
            posed = (
                self._questions.pose_question(asked.question, asked.country)
                if facts.shared and facts.not_asked in ("", "budget")
                else None
            )
        except (LiaisonError, msgspec.MsgspecError, ValueError):
            return
        if posed is not None:
            who = Asker(entry.agency, entry.purpose, f"{entry.agency} {at.date().isoformat()}")
            async for question in self._questions.overlap_questions(who, posed, at):
                yield question


class SharedQueries:
    """Finds who asks the same as a new alert that is shared."""

    def __init__(self, questions: SharedQuestions, decisions: DecisionReader) -> None:
        self._questions, self._decisions = questions, decisions

    async def find_questions(self, made: Alert, offset: int) -> AsyncIterator[HitQuestion]:
        """Of a new query, once the index shows it and so all that came before: of two new ones the later meets both."""
        await self._decisions.wait_until_effective(topics.SUBSCRIPTIONS.pattern, made.id, offset)
        try:
            posed = self._questions.pose_question(made.question, made.dialled)
        except LiaisonError:
            return
        async for question in self._questions.overlap_questions(made.asker, posed, made.time):
            yield question


def decode_new(record: ConsumerRecord) -> Alert | None:
    """The new, shared alert in a record of `subscriptions`; None for anything else: a renewal asks nothing new."""
    alert = faults.decode_own(_alerts.decode, record, "alert")
    wanted = (
        alert is not None
        and alert.shared
        and alert.version == 1
        and alert.labelled is None
        and alert.state is AlertState.ACTIVE
    )
    return alert if wanted else None


STAGE: Final = "notify"

DECISIONS: Final = "notify-disclosures"
SEARCHES: Final = "notify-searches"
QUERIES: Final = "notify-queries"
FEEDS: Final = {
    DECISIONS: topics.DISCLOSURES,
    SEARCHES: topics.AUDIT,
    QUERIES: topics.SUBSCRIPTIONS,
}
"""What each feed follows."""

_disclosures = msgspec.json.Decoder(Disclosure)
_encoder = msgspec.json.Encoder()


class NotifyProcessor(Processor):
    """Tells what each record leads to, by a pure function."""

    def __init__(self, settings: Settings, make_notices: Callable[[bytes], Iterable[Notice]]) -> None:
        self._topic = topics.topic_name(settings, topics.NOTICES)
        self._make_notices = make_notices

    def decide_records(self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]) -> ChunkResult:
        """The notices of each record; one that can't be read is left out, since nobody could be told of it."""
        result = ChunkResult()
        for record in records:
            try:
                notices = list(self._make_notices(record.value)) if record.value is not None else []
            except faults.TROUBLE:
                raise
            except Exception:
                log.exception("%s-%d-%d can't be told of", record.topic, record.partition, record.offset)
                continue
            log.debug("%s-%d-%d: %d notices", record.topic, record.partition, record.offset, len(notices))
            result.outputs += [
                Output(self._topic, 0, notice.id.encode(), _encoder.encode(notice)) for notice in notices
            ]
        return result


def of_disclosure(ring: KeyRing, value: bytes) -> Iterable[Notice]:
    """Whom a value of `disclosures` concerns."""
    notice = disclosure_notice(_disclosures.decode(value), ring)
    if notice is not None:
        yield notice


@asynccontextmanager
async def notify_stage(settings: Settings, wanted: str, after: After) -> AsyncIterator[Stage]:
    """The stage, one group whatever generation lends its model. Raises LiaisonError where topics are missing."""
    disclosures, audit, subscriptions = (
        topics.topic_name(settings, FEEDS[feed]) for feed in (DECISIONS, SEARCHES, QUERIES)
    )
    found = read_ids(
        settings,
        [
            disclosures,
            audit,
            subscriptions,
            topics.topic_name(settings, topics.NOTICES),
            topics.topic_name(settings, topics.HIT_QUESTIONS),
        ],
    )
    model = (await read_control(settings)).find_generation(wanted).compile_model()
    async with connect_for_reading(settings) as client:
        reader = IndexReader(client, Indices(settings.namespace, ""))
        cipher = QueryCipher(keys_in(settings.audit_key_folder))
        ring = key_ring(settings)
        decisions = DecisionReader(client, Indices(settings.namespace, ""), ring)
        questions = SharedQuestions(decisions, model)
        silent, shared = SilentSearches(reader, model, cipher, ring), SharedSearches(questions, cipher)
        # A topic has one feed in a stage, so both look at the same searches.
        of_searches = {"silent cases": silent.find_questions, "shared questions": shared.find_questions}
        of_queries = {"shared questions": SharedQueries(questions, decisions).find_questions}
        feeds = [
            StageFeed(DECISIONS, [disclosures], NotifyProcessor(settings, partial(of_disclosure, ring)), ALL),
            StageFeed(SEARCHES, [audit], GateQuestionProcessor(settings, decode_search, of_searches), ALL),
            StageFeed(QUERIES, [subscriptions], GateQuestionProcessor(settings, decode_new, of_queries), ALL),
        ]
        with claimed_slot(settings, STAGE) as slot:
            yield Stage(settings, slot, feeds, found.topics, after)
