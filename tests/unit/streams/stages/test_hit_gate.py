"""The gate in the stream: what the project stage asks of it, and where its answers go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from pipeline.access.guesses import SPAN_DAYS, SPANS, AskedGuesses, GuessLedger, make_guesses
from pipeline.access.hit_ledger import (
    TELLING_TIME,
    Admission,
    HitAllowance,
    HitQuestion,
    searched_question,
    tells_nobody,
)
from pipeline.access.notices import Notice, NoticeKind
from pipeline.access.release import release_counterpart
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState
from pipeline.correlation.hits import HitKind
from pipeline.correlation.projection import UNCLAIMED, RememberedLink, add_new, add_old, advance_link, difference_hits
from pipeline.index.documents import LinkDocument
from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.handling import Contact, Handling
from pipeline.matching.model import load_model
from pipeline.matching.names import make_name_print
from pipeline.records.names import normalise_name
from pipeline.records.normalised import PartialDate
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.stages import hit_gate
from pipeline.streams.stages.hit_gate import DAY_KEY, HeldLedger, HitGateProcessor, days_marked
from pipeline.streams.stages.hit_publisher import HitPublisher, ViewChange, decode_claim, decode_former_claim
from support.correlation.key_rings import RING
from support.index.documents import PureStages
from support.records.builder import person, record

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ASKED, ALLOWED = TopicPartition("hit_questions", 0), TopicPartition("hit_allowances", 0)
ASKER, OWNER = "fr-pj", "nl-np"
IVAN = make_name_print(normalise_name("Ivan Petrov", "", "", "", "", "", "person"), "person")


def side(agency: str, code: str, version: int = 1, name: str = "1") -> ClaimSide:
    handling = Handling(code, ("*",), ("correlation",))
    return ClaimSide(
        f"{agency}:{name}", version, False, f"hash {version}", agency, agency[:2].upper(), handling, Contact("desk")
    )


def live(a: ClaimSide, b: ClaimSide, exact_a: ExactMatch = ExactMatch.NAME) -> Claim:
    return Claim(f"link {a.case} {b.case}", ClaimState.LIVE, 0, "g1", a, b, 900, 0.99, Band.CERTAIN, exact_a=exact_a)


def changes(*claims: Claim) -> list[ViewChange]:
    """What agencies are told of one link by these claims."""
    seen, found = UNCLAIMED, []
    for claim in claims:
        step = advance_link(seen, claim, RING, release_counterpart)
        found += [ViewChange(hit, claim, seen, step.seen) for hit in step.hits]
        seen = step.seen
    return found


def outputs(*told: ViewChange) -> list[Output]:
    places: Any = None
    telling = HitPublisher(Settings(), places, "project", "g1", RING)
    return [output for change in told for output in telling.change_outputs(change)]


def questions(*claims: Claim) -> list[HitQuestion]:
    found = [output for output in outputs(*changes(*claims)) if output.topic == ASKED.topic]
    return [msgspec.json.decode(output.value, type=HitQuestion) for output in found]


def test_a_link_in_full_is_told_at_once_and_one_to_a_hit_only_case_asks_the_gate() -> None:
    told = outputs(*changes(live(side(ASKER, "H0"), side(OWNER, "H0"))))
    assert [output.topic for output in told] == ["hits.fr-pj", "hits.nl-np"]
    asked = outputs(*changes(live(side(ASKER, "H0"), side(OWNER, "H2"))))
    assert [output.topic for output in asked] == ["hit_questions", "hits.nl-np"]


def test_a_question_says_who_asks_whom_by_which_content_and_what_the_owner_is_told() -> None:
    (question,) = questions(live(side(ASKER, "H0"), side(OWNER, "H2")))
    assert (question.id, question.asker, question.owner, question.asks) == (
        "link fr-pj:1 nl-np:1-a",
        ASKER,
        OWNER,
        "hash 1",
    )
    assert question.hit is not None
    assert question.owner_notice is not None
    assert (question.owner_notice.agency, question.owner_notice.case) == (OWNER, "nl-np:1")
    assert (question.owner_notice.kind, question.owner_notice.other_agency) == (NoticeKind.HIT_TOLD, ASKER)


@pytest.mark.parametrize("code", ["H3", "H0"])
def test_silence_wins_over_what_the_owner_is_told(code: str) -> None:
    (question,) = questions(live(side(ASKER, code), side(OWNER, "H2")))
    assert (question.owner_notice is None) == (code == "H3")


def test_a_link_without_exact_parts_asks_nothing() -> None:
    assert questions(live(side(ASKER, "H0"), side(OWNER, "H2"), exact_a=ExactMatch.NONE)) == []


def test_a_claim_of_before_equality_meets_nothing_and_what_it_told_is_taken_back() -> None:
    """Its bands stand under names that nothing reads, but where a switch asks what agencies were told."""
    former = msgspec.json.decode(msgspec.json.encode(live(side(ASKER, "H0"), side(OWNER, "H2"))))
    del former["equal_a"]
    former["exact_a"] = "certain"
    value = msgspec.json.encode(former)
    document = msgspec.json.encode({**former, "cases": ["fr-pj:1", "nl-np:1"]})
    for read in (msgspec.json.decode(value, type=Claim), msgspec.json.decode(document, type=LinkDocument)):
        assert (read.exact_a, read.exact_b) == (ExactMatch.NONE, ExactMatch.NONE)
    told = decode_former_claim(value)
    assert told is not None
    both = ExactMatch.NUMBER | ExactMatch.NAME
    stays = [(by, HitKind.CHANGED) for by in (ExactMatch.NUMBER, ExactMatch.NAME, both)]
    for by, kind in ((ExactMatch.NONE, HitKind.RETRACTED), *stays):
        now = live(side(ASKER, "H0"), side(OWNER, "H2"), exact_a=by)
        hits = difference_hits(add_new(add_old(None, told, release_counterpart), now, release_counterpart), RING, 1)
        assert [(hit.receiver, hit.kind) for hit in hits] == [(ASKER, kind)]


def test_a_claim_of_a_pair_that_another_partition_owned_told_as_any_link_does() -> None:
    """An installation of before homes is switched to a new generation: what was told by it is not told again."""
    former = msgspec.json.decode(msgspec.json.encode(live(side(ASKER, "H0"), side(OWNER, "H0"))))
    former |= {"state": "released"}
    for told in ("score", "probability", "evidence"):
        former.pop(told, None)
    assert decode_claim(msgspec.json.encode(former)) is None
    claim = decode_former_claim(msgspec.json.encode(former))
    assert claim is not None
    now = live(side(ASKER, "H0"), side(OWNER, "H0"))
    assert difference_hits(add_new(add_old(None, claim, release_counterpart), now, release_counterpart), RING, 1) == ()
    del former["a"]["hash"]
    assert decode_former_claim(msgspec.json.encode(former)) is None, "its partition did not know"


def test_new_content_asks_again_and_a_retraction_says_whose_case_changed() -> None:
    asker, owner = side(ASKER, "H0"), side(OWNER, "H2")
    gone, kept = (ClaimSide(f"{name}:1", version, agency=name) for name, version in ((ASKER, 2), (OWNER, 1)))
    withdrawn = Claim("link fr-pj:1 nl-np:1", ClaimState.RETRACTED, 0, "g1", gone, kept)
    first, again = questions(live(asker, owner), live(side(ASKER, "H0", 2), owner))
    assert (first.asks, again.asks) == ("hash 1", "hash 2")
    _, last = questions(live(asker, owner), withdrawn)
    assert (last.asks, last.asker_changed) == ("", True)
    assert last.hit is not None
    assert last.hit.kind is HitKind.RETRACTED


class RecordedWriting:
    """Keeps the documents that would be written."""

    def __init__(self) -> None:
        self.written: list[str] = []

    async def write_documents(self, documents: list[Any]) -> list[Output]:
        self.written += [document.action.id for document in documents]
        return []


class Gate:
    """The gate's work, with a budget of one; `written` is the topic of guesses."""

    def __init__(
        self,
        tells_owners: Callable[[str, str], bool] = tells_nobody,
        budget: int = 1,
        written: list[tuple[bytes, datetime]] | None = None,
    ) -> None:
        self.writing = RecordedWriting()
        writing: Any = self.writing
        self.written = written if written is not None else []
        self.work = HitGateProcessor(Settings(hit_budget=budget), "g1", writing, self, tells_owners)
        self.now = NOW
        self.offset = -1

    def take(self, source: TopicPartition, value: bytes, key: bytes = b"k") -> Any:
        self.offset += 1
        milliseconds = int(self.now.timestamp() * 1000)
        record: Any = SimpleNamespace(
            topic=source.topic, partition=0, offset=self.offset, key=key, value=value, timestamp=milliseconds
        )
        result = self.work.decide_records(source, HeldLedger(self.offset), [record])
        result.outputs = list(asyncio.run(self.work.publish_effects(result)))
        for output in result.outputs:
            if output.topic == "hit_guesses":
                self.written.append((output.value, self.now))
        return result

    async def catch_up(self, ledger: GuessLedger) -> None:
        """Hand over what was written since."""
        for offset in range(ledger.end, len(self.written)):
            value, at = self.written[offset]
            ledger.take_guesses(msgspec.json.decode(value, type=AskedGuesses), offset, at)

    def push(self, name: str, *days: int) -> None:
        """Intake accepts a version of a case with persons of one name, born on these days."""
        people = [
            EntityPrint(str(day), "person", names=(IVAN,), birth_date=PartialDate(1980 + day // 10, 5, 14 + day % 10))
            for day in days
        ]
        guesses = make_guesses(RING, ASKER, people, f"{ASKER}:{name}")
        self.written.append((msgspec.json.encode(guesses), self.now))

    def ask(self, name: str, version: int = 1) -> list[str]:
        asker = side(ASKER, "H0", version, name=name)
        (question,) = questions(live(asker, side(OWNER, "H2", name=name)))
        return sent(self.take(ASKED, msgspec.json.encode(question)))

    def answered(self, name: str, version: int = 1) -> bool:
        """Whether a version of a case is told of its link, once it has asked."""
        self.ask(name, version)
        link = self.work.ledger.snapshot().get(f"link fr-pj:{name} nl-np:{name}-a")
        return link is not None and link.asks == f"hash {version}"

    def begin_day(self) -> list[str]:
        return sent(self.take(ASKED, b"", DAY_KEY))


def sent(result: Any) -> list[str]:
    """The topics of records, in order."""
    return [output.topic for output in result.outputs]


ANSWER = ["hits.fr-pj", "notices", "hit_admissions", "hit_admissions"]


def test_answers_go_out_together_and_what_waits_on_the_day_that_follows() -> None:
    gate = Gate()
    assert gate.ask("1") == ANSWER
    assert gate.ask("2") == []
    assert sent(gate.take(ASKED, b"", DAY_KEY)) == []
    gate.now += DAY
    assert sent(gate.take(ASKED, b"", DAY_KEY)) == ANSWER
    assert sent(gate.take(ASKED, b"poison")) == []


def test_what_an_owner_allows_is_indexed_and_answers_what_waits() -> None:
    gate = Gate()
    for name in "123":
        gate.ask(name)
    made = HitAllowance(OWNER, ASKER, 2, NOW + DAY, "chief", NOW)
    result = gate.take(ALLOWED, msgspec.json.encode(made))
    assert sent(result) == ANSWER
    assert gate.writing.written == ["nl-np|fr-pj"]


def test_a_notice_that_was_answered_is_marked_so() -> None:
    notice = Notice("n1", ASKER, NoticeKind.SUBSCRIPTION_MATCH, NOW, reference="ref", other_agency=OWNER)
    result = Gate().take(ASKED, msgspec.json.encode(HitQuestion("n1", ASKER, OWNER, notice=notice)))
    assert sent(result) == ["notices", "hit_admissions", "hit_questions"]
    assert (result.outputs[-1].key, result.outputs[-1].value) == (b"n1", b"")
    count = msgspec.json.decode(result.outputs[1].value, type=Admission)
    assert (count.id, count.spent) == ("spent|fr-pj|nl-np", 1)


def test_what_was_remembered_before_there_was_a_gate_is_read_still() -> None:
    before = b'{"a":2,"b":2,"told_a":{"agency":"nl-np","contact":{},"band":"certain","full":false}}'
    held = msgspec.json.decode(before, type=RememberedLink)
    assert held.told_a is not None
    assert held.told_a.asks == ""


def test_who_searched_for_a_silent_record_is_told_a_day_later_and_only_if_its_agency_says_so() -> None:
    told = Notice("n1", OWNER, NoticeKind.SILENT_SEARCH, NOW.replace(hour=0), other_agency=ASKER, purpose="prosecution")
    value = msgspec.json.encode(searched_question(told, NOW))
    untold = Gate()
    assert sent(untold.take(ASKED, value, b"n1")) == ["hit_questions"], "it is marked as done with"
    untold.now += 2 * DAY
    assert sent(untold.take(ASKED, b"", DAY_KEY)) == []
    gate = Gate(lambda agency, purpose: (agency, purpose) == (ASKER, "prosecution"))
    counted = metrics.SILENT_SEARCHES_TOLD.labels(OWNER)
    assert sent(gate.take(ASKED, value, b"n1")) == []
    gate.now = NOW.replace(hour=0) + DAY
    assert sent(gate.take(ASKED, b"", DAY_KEY)) == [], "a search just before midnight is on its way"
    gate.now += TELLING_TIME
    result = gate.take(ASKED, b"", DAY_KEY)
    assert sent(result) == ["notices", "hit_questions"]
    assert result.tally[counted] == 1
    assert msgspec.json.decode(result.outputs[0].value, type=Notice) == told


async def test_days_are_marked_when_they_begin_and_when_owners_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is at the next of these times; a mark is sent where something has become due."""
    midnight = NOW.replace(hour=0)
    times = [NOW, midnight + DAY, midnight + DAY + TELLING_TIME / 2, midnight + DAY + TELLING_TIME, NOW + DAY]
    looks, marks, looked = iter(times), list[datetime](), asyncio.Event()
    now = NOW

    def clock() -> datetime:
        nonlocal now
        now = next(looks, times[-1])
        if now == times[-1]:
            looked.set()
        return now

    class Writing:
        async def send_entries(self, outputs: list[Output]) -> None:
            assert [(output.key, output.value) for output in outputs] == [(DAY_KEY, b"")]
            marks.append(now)

    writing: Any = Writing()
    monkeypatch.setattr(hit_gate, "LOOK_S", 0)
    async with days_marked(Settings(), writing, clock):
        await looked.wait()
    assert marks == [times[0], times[1], times[3]]


def test_thirteen_cases_with_thirty_namesakes_are_told_of_nothing_but_by_three_dates() -> None:
    gate = Gate(budget=100)
    for case in range(13):
        gate.push(str(case), *range(10 * case, 10 * case + 30))
    assert [gate.answered(str(case)) for case in range(13)] == [False] * 13
    assert gate.work.ledger.count_waiting() == 13


def test_thirteen_silent_cases_with_thirty_namesakes_put_no_question_to_an_equal_record() -> None:
    """Each is linked with the record by the real matcher; one person alone asks, so that the dates are what is left."""
    stages = PureStages(load_model())
    hidden = stages.accepted(record("nl-np", code="H2", entities=[person("Ivan Petrov", birth_date="1980-05-21")]))

    def asked(name: str, days: Sequence[int]) -> list[HitQuestion]:
        people = [
            person("Ivan Petrov", id=f"p{day}", birth_date=str(date(1980, 5, 8) + timedelta(day))) for day in days
        ]
        pushed = stages.accepted(record("fr-pj", name, code="H3", entities=people))
        return questions(stages.claim(pushed, hidden))

    assert [asked(str(case), range(case, case + 30)) for case in range(13)] == [[]] * 13
    assert [question.asker for question in asked("alone", [13])] == [ASKER]


def test_a_case_that_is_amended_through_many_dates_is_answered_for_the_first_three() -> None:
    gate = Gate(budget=1000)
    told = []
    for version in range(1, 60):
        gate.push("1", version)
        told.append(gate.answered("1", version))
    assert told == [True] * 3 + [False] * 56


def test_a_refused_case_waits_in_its_order_and_is_asked_again_when_there_is_room_and_no_other_is_hindered() -> None:
    gate = Gate(budget=100)
    for case in range(8):
        gate.push(str(case), case)
    assert [gate.answered(str(case)) for case in range(8)] == [True] * 3 + [False] * 5
    assert gate.answered("another name")
    gate.now += DAY
    assert gate.begin_day() == ["notices", "hit_admissions"]
    assert gate.begin_day() == []
    gate.now += SPANS * SPAN_DAYS * DAY
    assert gate.begin_day() == ["hit_guesses"] * 3
    again = [msgspec.json.decode(value, type=AskedGuesses).about for value, _ in gate.written[-3:]]
    assert again == ["fr-pj:3", "fr-pj:4", "fr-pj:5"]
    assert gate.begin_day().count("hits.fr-pj") == 3
    assert [gate.answered(case) for case in "67"] == [False, False]


def test_a_notice_says_once_how_many_of_its_own_cases_an_agency_asks_too_much_by() -> None:
    gate = Gate()
    for case in range(8):
        gate.push(str(case), case)
    gate.begin_day()
    gate.now += DAY
    result = gate.take(ASKED, b"", DAY_KEY)
    notice = msgspec.json.decode(result.outputs[0].value, type=Notice)
    assert (notice.agency, notice.kind, notice.count) == (ASKER, NoticeKind.GUESSES_REFUSED, 5)


def test_a_refused_case_is_told_of_by_number_and_by_name_where_the_owner_allows_more() -> None:
    gate = Gate(budget=100)
    for case in range(5):
        gate.push(str(case), case)
    asker, owner = side(ASKER, "H0", name="3"), side(OWNER, "H2", name="3")
    (by_number,) = questions(live(asker, owner, ExactMatch.NUMBER | ExactMatch.NAME))
    assert sent(gate.take(ASKED, msgspec.json.encode(by_number)))[-4:] == ANSWER
    assert not gate.answered("4")
    made = HitAllowance(OWNER, ASKER, 200, NOW + DAY, "chief", NOW)
    assert "hits.fr-pj" in sent(gate.take(ALLOWED, msgspec.json.encode(made)))


def test_a_lane_that_opens_anew_at_any_moment_answers_the_same() -> None:
    """What is refused is kept for when the topic of guesses does not hold it any more."""
    gate, kept = Gate(budget=100), dict[str, bytes]()
    for case in range(6):
        gate.push(str(case), case)
    for output in gate.take(ASKED, b"", DAY_KEY).outputs:
        kept[output.key] = output.value
    for written in (gate.written, []):
        again = Gate(budget=100, written=list(written))
        for value in kept.values():
            again.work.restore_admission(msgspec.json.decode(value, type=Admission))
        assert [again.answered(str(case)) for case in range(6)] == [True] * 3 + [False] * 3
        assert again.work.guesses.refused.keys() == gate.work.guesses.refused.keys()


@pytest.mark.parametrize("code", ["H0", "H2", "H3"])
def test_what_is_no_link_asks_the_same_of_the_gate_and_its_owner_is_told_the_same(code: str) -> None:
    """But the owner of the hit-only record, who may read the other side, gets no hit: it has no link to look at."""
    linked = live(side(ASKER, code), side(OWNER, "H2"))
    alone = msgspec.structs.replace(linked, score=0, probability=0.0, band=Band.NONE)
    (asked,), (as_linked,) = questions(alone), questions(linked)
    for one in (asked, as_linked):
        for notice in filter(None, (one.owner_notice, one.notice)):
            msgspec.structs.force_setattr(notice, "time", NOW)
    assert asked == as_linked
    assert (asked.owner_notice is not None) == (code == "H0")
    assert [hit.receiver for hit in (change.hit for change in changes(alone))] == [ASKER]
