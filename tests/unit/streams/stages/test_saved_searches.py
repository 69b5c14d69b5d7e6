"""Alerts among cases: what they meet, and who is told."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from pipeline.access.alerts import (
    LASTS,
    Alert,
    close_alert,
    extend_alert,
    is_active,
    make_alert,
)
from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.hit_gate import exact_match
from pipeline.access.hit_ledger import HitQuestion
from pipeline.access.notices import Notice, NoticeKind, notice_id
from pipeline.access.requester import Grounds, Purpose, Requester
from pipeline.correlation.claims import Claim
from pipeline.correlation.key_ring import make_reference
from pipeline.correlation.lone_partition import LonePartition
from pipeline.correlation.protocol import JudgedClaim, case_id, home_partition
from pipeline.matching.bands import HIT_BAND
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.handling import OwnerScope
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from pipeline.search.probes import fingerprint_of, meets_exactly
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.runtime.processor import NullStore
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.stages.saved_searches import SavedSearchMatches, SavedSearchProcessor
from support.access.requesters import make_requester
from support.correlation.key_rings import RING
from support.index.documents import PureStages
from support.records.builder import person, record

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WHY = Grounds(Purpose.INVESTIGATION, "2026/1")
BERT = make_requester("be-fp", subject="bert")
QUESTION = "ivan petrov born:1980-05-01 phone:+33612345678"
PHONED = [person("Ivan Petrov", id="p1", birth_date="1980-05-01", phones=["+33612345678"])]
FAMILIES = ("oczko", "petrov", "lefebvre", "kowalczyk", "brandt")


def notice_of(output: Output) -> Notice:
    """The notice in a record, or in the question that asks the gate for it."""
    if output.topic != topics.HIT_QUESTIONS.pattern:
        return msgspec.json.decode(output.value, type=Notice)
    question = msgspec.json.decode(output.value, type=HitQuestion)
    notice = question.owner_notice if question.due else question.notice
    assert notice is not None
    return notice


class Partition:
    """One partition that holds everything."""

    def __init__(self, *, active: bool = True) -> None:
        self.now = NOW
        self.model = load_model()
        self.stages = PureStages(self.model)
        self.held = LonePartition.in_memory(ModelMatcher(self.model, find_exact_match=exact_match))
        self.matches = SavedSearchMatches(Settings(), RING, self.model, active=active, clock=lambda: self.now)

    def entities(self, case: str) -> tuple[EntityPrint, ...]:
        (version,) = self.held.home.store.get_versions([case_id(case)]).values()
        return version.fingerprint.entities

    def case(self, agency: str, code: str = "H0", to: tuple[str, ...] = ("BE",), **fields: Any) -> list[Notice]:
        accepted = self.stages.accepted(record(agency, code=code, to=to, entities=PHONED, **fields))
        return self.receive(msgspec.json.decode(accepted.fingerprint, type=Fingerprint))

    def query(self, subscription: Alert) -> list[Notice]:
        return self.receive(fingerprint_of(subscription, self.model))

    def receive(self, print_: Fingerprint) -> list[Notice]:
        return [notice_of(output) for judged in self.take(print_) for output in self.matches.match_outputs(judged)]

    def take(self, print_: Fingerprint) -> list[JudgedClaim]:
        """The claims about alerts that a version leads to."""
        return [judged for judged in self.held.take([print_]) if self.matches.concerns(judged.claim)]


def asked(name: str = "s1", by: Requester = BERT, question: str = QUESTION, filters: Filters = NO_FILTERS) -> Alert:
    return make_alert(name, question, "", by, WHY, NOW, filters=filters)


@pytest.fixture
def partition() -> Partition:
    return Partition()


def test_a_notices_id_does_not_confirm_a_guess_at_the_hidden_case(partition: Partition) -> None:
    """Who asks exactly knows most of a small record, and case keys count up: its content's hash can be computed."""
    partition.query(asked())
    [hit] = partition.case("fr-pj", "H2")
    guessed = partition.stages.accepted(record("fr-pj", code="H2", to=("BE",), entities=PHONED)).hash
    known = notice_id(NoticeKind.SUBSCRIPTION_MATCH, "sub:s1", "fr-pj:1", guessed)
    assert known not in hit.id
    assert len(hit.id) == 40


def test_a_query_meets_what_is_held_and_what_comes_once_for_each_content(partition: Partition) -> None:
    assert partition.case("fr-pj") == []
    (held,) = partition.query(asked())
    (come,) = partition.case("de-bka")
    assert [notice.other_agency for notice in (held, come)] == ["fr-pj", "de-bka"]
    assert (held.agency, held.kind, held.subscription) == ("be-fp", NoticeKind.SUBSCRIPTION_MATCH, "s1")
    assert held.reference == make_reference(RING, RING.current, "be-fp", "fr-pj:1")
    assert b"fr-pj:1" not in msgspec.json.encode(held)
    assert partition.query(asked()) == []


def test_a_case_of_ones_own_country_is_met_too_and_ones_own_by_its_key(partition: Partition) -> None:
    partition.query(asked())
    (own,) = partition.case("be-fp")
    assert (own.case, own.reference) == ("be-fp:1", "")
    assert len(partition.case("be-other")) == 1


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        (Filters(agencies=("fr-pj", "be-fp")), ["fr-pj", "be-fp"]),
        (Filters(countries=("DE",)), ["de-bka"]),
        (Filters(agencies=("fr-pj",), countries=("DE",)), []),
        (Filters(roles=("suspect",), offences=("ICCS:0501",)), ["fr-pj", "be-fp", "de-bka"]),
    ],
)
@pytest.mark.parametrize("code", ["H0", "H2"])
def test_it_is_told_of_whom_it_asks_for_and_what_else_narrows_is_asked_when_it_is_read(
    partition: Partition, filters: Filters, told: list[str], code: str
) -> None:
    partition.query(asked(filters=filters))
    notices = [notice for agency in ("fr-pj", "be-fp", "de-bka") for notice in partition.case(agency, code)]
    assert [notice.other_agency for notice in notices] == told


def test_the_owner_of_a_silent_case_is_told_whatever_the_search_is_narrowed_to(partition: Partition) -> None:
    partition.query(asked(filters=Filters(agencies=("nl-np",), roles=("suspect",))))
    (notice,) = partition.case("fr-pj", code="H3")
    assert (notice.agency, notice.kind) == ("fr-pj", NoticeKind.SILENT_SEARCH)


def test_a_later_version_is_told_of_though_nothing_that_is_matched_has_changed(partition: Partition) -> None:
    """So that a case which comes to pass the filters is told of; what has become of it is asked when it is read."""
    partition.query(asked(filters=Filters(roles=("suspect",))))
    first, again = (partition.case("fr-pj", version=version) for version in (1, 2))
    assert [notice.id for notice in first] == [notice.id for notice in again] != []


def test_ended_it_keeps_nothing_of_its_filters(partition: Partition) -> None:
    over = close_alert(asked(filters=Filters(agencies=("fr-pj",))), NOW)
    assert over.filters == NO_FILTERS
    assert fingerprint_of(over, partition.model).scope == OwnerScope()


def test_two_queries_never_meet(partition: Partition) -> None:
    anna = make_requester("fr-pj", subject="anna")
    assert partition.query(asked()) == partition.query(asked("s2", anna)) == []


@pytest.mark.parametrize(
    ("handling", "told"),
    [
        ({"code": "H0"}, 1),
        ({"code": "H1"}, 1),
        ({"code": "H2"}, 1),
        ({"code": "H0", "to": ("DE",)}, 0),
        ({"code": "H2", "to": ()}, 0),
    ],
)
def test_rights_are_checked_when_it_fires(partition: Partition, handling: dict[str, Any], told: int) -> None:
    partition.query(asked())
    assert len(partition.case("fr-pj", **handling)) == told


def test_another_purpose_than_the_owner_allows_meets_nothing(partition: Partition) -> None:
    other = Grounds(Purpose.PROSECUTION, "2026/1")
    partition.query(make_alert("s1", QUESTION, "", BERT, other, NOW))
    assert partition.case("fr-pj") == []


def test_the_owner_of_a_silent_case_is_told_and_the_asker_is_not(partition: Partition) -> None:
    partition.query(asked())
    (notice,) = partition.case("fr-pj", code="H3")
    assert (notice.agency, notice.kind, notice.case) == ("fr-pj", NoticeKind.SILENT_SEARCH, "fr-pj:1")
    assert (notice.other_agency, notice.purpose, notice.subscription) == ("be-fp", "investigation", "")
    assert notice.time == NOW.replace(hour=0)


@pytest.mark.parametrize("question", ["+33612345678", "ivan petrov +33612345678"])
def test_the_owner_of_a_silent_case_is_told_of_no_saved_search_that_meets_it_by_a_number(
    partition: Partition, question: str
) -> None:
    partition.query(asked(question=question))
    assert partition.case("fr-pj", code="H3") == []
    assert len(partition.case("nl-np")) == 1


def test_what_meets_a_silent_case_is_held_by_the_gate_for_its_owner_alone(partition: Partition) -> None:
    """The notice goes nowhere before its day is over, and to nobody if the asking agency lets no owner be told."""
    query = fingerprint_of(asked(), partition.model)
    partition.take(query)
    accepted = partition.stages.accepted(record("fr-pj", code="H3", to=("BE",), entities=PHONED))
    (judged,) = partition.take(msgspec.json.decode(accepted.fingerprint, type=Fingerprint))
    [output] = partition.matches.match_outputs(judged)
    held = msgspec.json.decode(output.value, type=HitQuestion)
    assert output.topic == topics.HIT_QUESTIONS.pattern
    assert (held.notice, held.due) == (None, datetime(2026, 11, 25, 0, 10, tzinfo=UTC))


def test_an_ended_or_expired_query_meets_nothing_until_it_is_renewed(partition: Partition) -> None:
    partition.query(asked())
    partition.now = NOW + LASTS + timedelta(days=1)
    assert partition.case("fr-pj") == []
    again = extend_alert(asked(), WHY, partition.now)
    assert [notice.other_agency for notice in partition.query(again)] == ["fr-pj"]
    over = close_alert(again, partition.now)
    assert partition.query(over) == []
    assert partition.case("de-bka") == []
    assert b"petrov" not in msgspec.json.encode(over).lower()
    assert not is_active(over, partition.now)
    assert is_active(again, partition.now)


def test_only_the_active_generation_tells() -> None:
    partition = Partition(active=False)
    partition.query(asked())
    assert partition.case("fr-pj") == []


def test_a_number_without_a_type_meets_it_under_any(partition: Partition) -> None:
    partition.query(asked(question="ivan petrov born:1980-05-01 number:75X1234567"))
    entity = PHONED[0] | {"identifiers": [{"type": "passport", "value": "75X1234567"}], "phones": []}
    given = partition.stages.accepted(record("fr-pj", entities=[entity]))
    assert len(partition.receive(msgspec.json.decode(given.fingerprint, type=Fingerprint))) == 1


GUESSES = [
    "ivan petrov born:1980 number:X0000001",
    "ivan petrov born:1980-05 phone:+33600000001",
    "ivan petrov number:X0000001",
    "ivan petrov",
    "ivan petrov born:1980",
    "ivan petrov born:1980-05",
    "petrov born:1980-05-01",
    "born:1980-05-01",
    "i. petrov born:1980-05-01",
    "ivan petrov plate:1A?C*",
    "ivan petrov born:1980-05-01 born:1980-05-02",
    "ivan petrov born:1980-05-01~",
    "ivan petrov born:1980-05-01/1980-05-02",
    'nickname:"Ivan Petrov" born:1980-05-01',
    "ivan petrov born:1980 nationality:RU birthplace:Tver type:person",
    "type:organisation ivan petrov born:1980-05-01",
]
"""A name alone, or with a year and a number that somebody made up: exact in no part that the record holds."""


@pytest.mark.parametrize("question", GUESSES)
def test_a_guess_never_meets_a_hit_only_case(partition: Partition, question: str) -> None:
    partition.query(asked(question=question))
    assert partition.case("fr-pj", code="H2") == []


def test_guesses_with_made_up_numbers_meet_none_of_many_hit_only_cases(partition: Partition) -> None:
    names = [f"{given} {family}" for given in ("ivan", "pavel", "zbigniew", "maria") for family in FAMILIES]
    for at, name in enumerate(names):
        man = PHONED[0] | {"names": [{"full": name}], "phones": []}
        given = record("fr-pj", str(at), code="H2", to=("BE",), entities=[man])
        accepted = partition.stages.accepted(given)
        partition.receive(msgspec.json.decode(accepted.fingerprint, type=Fingerprint))
    told = [
        partition.query(asked(f"s{at}", question=f"{name} born:1980 number:X{at:07}")) for at, name in enumerate(names)
    ]
    assert sum(map(len, told)) == 0


@pytest.mark.parametrize(
    "question",
    [
        "ivan petrov born:1980-05-01",
        "ivan petrov born:1980-05-01 number:X0000001",
        "ivan petrov born:1980-05-01 phone:+33600000001",
        "ivan petrov born:1980-05-01 phone:+33612345678",
    ],
)
def test_an_exact_query_meets_a_hit_only_case_in_the_one_band_of_hits(partition: Partition, question: str) -> None:
    partition.query(asked(question=question))
    (notice,) = partition.case("fr-pj", code="H2")
    assert notice.band == HIT_BAND
    assert meets_exactly(asked(question=question), partition.entities("fr-pj:1"), partition.model)


def test_each_version_of_a_query_goes_to_its_home_and_says_whether_it_is_the_first(partition: Partition) -> None:
    work = SavedSearchProcessor(Settings(correlate_partitions=4), partition.model, "g1")
    values = [msgspec.json.encode(subscription) for subscription in (asked(), close_alert(asked(), NOW))] + [b"poison"]
    values.append(msgspec.json.encode(msgspec.structs.replace(asked("s2"), question="born:nonsense")))
    records = [SimpleNamespace(topic="s", partition=0, offset=at, value=value) for at, value in enumerate(values)]
    outputs = work.decide_records(None, None, records).outputs  # type: ignore[arg-type]
    home = home_partition(case_id("sub:s1"), 4)
    assert [(output.key, output.partition) for output in outputs] == [(b"sub:s1", home)] * 2
    prints = [msgspec.json.decode(output.value, type=Fingerprint) for output in outputs]
    assert [(print_.first, print_.withdrawn) for print_ in prints] == [(True, False), (False, True)]


def test_debug_lines_say_what_became_of_an_alert_and_its_matches_and_nothing_of_anybody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    partition, other = Partition(), Partition(active=False)
    asking = SavedSearchProcessor(Settings(correlate_partitions=1), partition.model, "g1")
    made: Any = SimpleNamespace(topic="subscriptions", partition=0, offset=3, value=msgspec.json.encode(asked()))
    with caplog.at_level(logging.DEBUG, "pipeline.streams"):
        asking.decide_records(TopicPartition("subscriptions", 0), NullStore(), [made])
        for one in (partition, other):
            one.query(asked())
            one.case("nl-np")
        partition.case("fr-pj", code="H3")
        partition.case("be-fp", code="H3", to=())
        partition.now = NOW + LASTS
        partition.case("de-lka")
    said = [line.getMessage() for line in caplog.records if line.name.endswith("saved_searches")]
    assert [re.sub("^link [0-9a-f]{32}: ", "", line) for line in said] == [
        "subscriptions-0-3: version 1 of an alert, to its home 0",
        "an alert's match is a notice",
        "an alert's match is told by the active generation",
        "an alert's match is for the gate",
        "an alert's match is a notice",
        "an alert's match is told to nobody, as one of the two is over",
    ]


def test_claims_about_links_are_left_alone(partition: Partition) -> None:
    one, other = (partition.stages.accepted(record(agency, entities=PHONED)) for agency in ("fr-pj", "be-fp"))
    claim = partition.stages.claim(one, other)
    assert isinstance(claim, Claim)
    assert not partition.matches.concerns(claim)
