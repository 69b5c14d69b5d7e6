"""The budget of the stream's hit-only answers: who is answered when, what waits, and what owners are told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access.hit_ledger import Admission, GateAnswers, HitAllowance, HitLedger, HitQuestion
from pipeline.access.notices import Notice, NoticeKind
from pipeline.correlation.hits import Hit, HitKind
from pipeline.matching.bands import Band

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ASKER, OWNER = "fr-pj", "nl-np"


def link(
    name: str, asks: str = "v1", kind: HitKind = HitKind.NEW, band: Band = Band.CERTAIN, **more: Any
) -> HitQuestion:
    """What the project stage asks of a link."""
    retracted = kind is HitKind.RETRACTED
    hit = Hit(f"hit {name} {asks} {kind}", kind, ASKER, "fr-pj:1", name, OWNER, band=Band.NONE if retracted else band)
    told = Notice(f"told {name} {asks}", OWNER, NoticeKind.HIT_TOLD, NOW, case="nl-np:1", other_agency=ASKER)
    owner_notice = None if retracted else told
    return HitQuestion(name, ASKER, OWNER, "" if retracted else asks, hit, owner_notice=owner_notice, **more)


def notice(name: str, asker: str = ASKER) -> HitQuestion:
    """A match of an alert of an agency's."""
    told = Notice(name, asker, NoticeKind.SUBSCRIPTION_MATCH, NOW, reference="ref", other_agency=OWNER)
    return HitQuestion(name, asker, OWNER, notice=told)


def ask(ledger: HitLedger, *questions: HitQuestion, at: datetime = NOW) -> list[GateAnswers]:
    return [ledger.submit_question(question, at) for question in questions]


def told(answers: list[GateAnswers]) -> list[str]:
    """Hits in order: their kinds, and the links that they are about."""
    return [f"{hit.kind} {hit.reference}" for each in answers for hit in each.hits]


def shows(ledger: HitLedger) -> dict[str, str]:
    """What links show, by their questions' content."""
    return {name: admission.asks for name, admission in ledger.snapshot().items()}


def test_an_answer_tells_the_asker_and_the_owner_and_admits_the_link() -> None:
    (answers,) = ask(HitLedger(3), link("l1"))
    assert told([answers]) == ["new l1"]
    assert [one.agency for one in answers.notices] == [OWNER]
    assert [(admission.id, admission.asks, admission.spent) for admission in answers.admissions] == [
        ("spent|fr-pj|nl-np", "", 1), ("l1", "v1", 0),
    ]  # fmt: skip


def test_over_the_budget_links_wait_and_are_told_in_the_order_of_their_ids() -> None:
    ledger = HitLedger(2)
    first = ask(ledger, *(link(name) for name in ("l5", "l4", "l9", "l3", "l7")))
    assert told(first) == ["new l5", "new l4"]
    assert (ledger.count_waiting(), set(shows(ledger))) == (3, {"l4", "l5"})
    assert sum(answers.deferred[ASKER] for answers in first) == 3
    assert not any(answers.notices for answers in first[2:])
    assert told([ledger.pass_day(NOW + DAY)]) == ["new l3", "new l7"]
    assert told([ledger.pass_day(NOW + 2 * DAY)]) == ["new l9"]
    assert ledger.count_waiting() == 0


def test_each_asker_and_owner_has_a_budget_of_its_own() -> None:
    ledger = HitLedger(1)
    other = msgspec.structs.replace(link("l2"), owner="de-bka")
    assert told(ask(ledger, link("l1"), other, link("l3"))) == ["new l1", "new l2"]
    assert [answers.notices[0].agency for answers in ask(ledger, notice("n1", "be-fp"))] == ["be-fp"]


def test_notices_share_the_budget_of_links() -> None:
    ledger = HitLedger(1)
    answered, waits = ask(ledger, notice("n1"), link("l1"))
    assert (answered.answered, waits.hits) == (["n1"], [])
    assert told([ledger.pass_day(NOW + DAY)]) == ["new l1"]


def test_an_owner_allows_more_until_a_time() -> None:
    ledger = HitLedger(1)
    ask(ledger, *(link(f"l{at}") for at in range(5)))
    ledger.set_allowance(HitAllowance(OWNER, ASKER, 4, NOW + DAY, "chief", NOW))
    assert told([ledger.pass_day(NOW)]) == ["new l1", "new l2", "new l3"]
    assert told([ledger.pass_day(NOW + DAY)]) == ["new l4"], "it has ended, the default holds again"
    ledger.set_allowance(HitAllowance("de-bka", ASKER, 100, NOW + 9 * DAY, "chief", NOW))
    assert told(ask(ledger, link("l6"), at=NOW + DAY)) == [], "another owner's is for its own records"


def test_a_rewritten_case_asks_anew_and_an_owners_change_does_not() -> None:
    ledger = HitLedger(2)
    ask(ledger, link("l1"))
    assert told(ask(ledger, link("l1", kind=HitKind.CHANGED, band=Band.PROBABLE))) == ["changed l1"]
    assert told(ask(ledger, link("l1", "v2", HitKind.CHANGED, Band.PROBABLE))) == [], "it shows the same"
    assert shows(ledger) == {"l1": "v2"}
    assert told(ask(ledger, link("l1", "v3", HitKind.CHANGED))) == ["retracted l1"], "the budget is spent"
    assert shows(ledger) == {}
    (later,) = [ledger.pass_day(NOW + DAY)]
    assert told([later]) == ["new l1"]
    assert shows(ledger) == {"l1": "v3"}


def test_ids_of_hits_are_their_own() -> None:
    ledger = HitLedger(1)
    answers = [*ask(ledger, link("l1"), link("l1", "v2", HitKind.CHANGED), at=NOW), ledger.pass_day(NOW + DAY)]
    ids = [hit.id for each in answers for hit in each.hits]
    assert len(ids) == len(set(ids)) == 3


def test_an_id_of_a_hit_that_is_put_off_is_as_long_as_any_and_names_the_same_key() -> None:
    ledger = HitLedger(0)
    question = link("l1", kind=HitKind.CHANGED, knew=True)
    assert question.hit is not None
    keyed = msgspec.structs.replace(question.hit, id="a0" * 4 + "1" * 32)
    (gone,) = ask(ledger, msgspec.structs.replace(question, hit=keyed))
    assert re.fullmatch("(a0){4}[0-9a-f]{32}", gone.hits[0].id)
    assert gone.hits[0].id != keyed.id


def test_what_waits_and_is_retracted_was_never_told() -> None:
    ledger = HitLedger(0)
    assert told(ask(ledger, link("l1"), link("l1", kind=HitKind.RETRACTED))) == []
    assert told([ledger.pass_day(NOW + DAY)]) == []


@pytest.mark.parametrize(("days", "changed", "alerts"), [(1, True, 1), (8, True, 0), (1, False, 0)])
def test_withdrawing_soon_after_a_hit_is_counted_by_asker(days: int, changed: bool, alerts: int) -> None:
    ledger = HitLedger(5)
    ask(ledger, link("l1"))
    (gone,) = ask(ledger, link("l1", kind=HitKind.RETRACTED, asker_changed=changed), at=NOW + days * DAY)
    assert (told([gone]), gone.withdrawn[ASKER]) == (["retracted l1"], alerts)
    assert [admission.asks for admission in gone.admissions] == [""]


def test_handling_that_opens_or_closes_costs_what_it_shows() -> None:
    ledger = HitLedger(1)
    assert told(ask(ledger, link("l1", kind=HitKind.CHANGED, knew=True))) == ["changed l1"]
    assert told(ask(ledger, link("l1", kind=HitKind.CHANGED, full=True))) == ["changed l1"]
    assert told(ask(ledger, link("l1", kind=HitKind.CHANGED, knew=True))) == ["retracted l1"]
    assert told(ask(ledger, link("l1", kind=HitKind.CHANGED, full=True))) == ["new l1"]


names = st.sampled_from([f"l{at}" for at in range(6)])
steps = st.lists(
    st.one_of(
        st.builds(link, names, st.sampled_from(["v1", "v2"])),
        st.builds(link, names, kind=st.just(HitKind.RETRACTED)),
        st.builds(notice, st.sampled_from(["n1", "n2", "n3"])),
        st.just(DAY),
    ),
    max_size=25,
)


@given(steps, st.integers(0, 3), st.integers(0, 25))
def test_nothing_is_dropped_told_twice_or_over_budget_and_a_restart_changes_nothing(
    taken: list[Any], daily: int, restart: int
) -> None:
    """A ledger that is read back, from the last question of each id and what was admitted, goes on the same."""
    ledger, at = HitLedger(daily), NOW
    asked: dict[str, HitQuestion] = {}
    kept: dict[str, Admission] = {}
    holds: set[str] = set()
    seen: set[str] = set()
    spent = 0
    for place, one in enumerate(taken):
        if place == restart:
            ledger = restored(daily, asked, kept)
        if isinstance(one, timedelta):
            at, spent = at + one, 0
            answers = ledger.pass_day(at)
        else:
            if one.notice is not None and one.id in seen:
                continue
            seen.add(one.id)
            asked[one.id] = one
            answers = ledger.submit_question(one, at)
        for name in answers.answered:
            del asked[name]
        for each in answers.admissions:
            spent += bool(each.spent)
            kept[each.id] = each
        for hit in answers.hits:
            name = hit.reference
            assert (name in holds) == (hit.kind is not HitKind.NEW)
            (holds.discard if hit.kind is HitKind.RETRACTED else holds.add)(name)
        assert spent <= daily
        assert holds == set(shows(ledger)) == {name for name, each in kept.items() if each.asks}
    for _ in range(len(taken) + 1):
        at += DAY
        for hit in ledger.pass_day(at).hits:
            holds.add(hit.reference)
    wanted = {name for name, question in asked.items() if question.hit and question.hit.kind is not HitKind.RETRACTED}
    assert daily == 0 or (holds == wanted and ledger.count_waiting() == 0)


def restored(daily: int, asked: dict[str, HitQuestion], kept: dict[str, Admission]) -> HitLedger:
    ledger = HitLedger(daily)
    for admission in kept.values():
        ledger.restore_admission(admission)
    for question in asked.values():
        ledger.restore_question(question)
    return ledger


DUE = datetime(2026, 11, 25, 0, 10, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, tzinfo=UTC)


def searched(name: str, purpose: str = "investigation", due: datetime = DUE) -> HitQuestion:
    """A search of ASKER's that named somebody of a silent record of OWNER's."""
    kind = NoticeKind.SILENT_SEARCH
    told = Notice(name, OWNER, kind, MORNING, case="nl-np:1", other_agency=ASKER, purpose=purpose)
    return HitQuestion(name, ASKER, OWNER, owner_notice=told, due=due)


def tells(agency: str, purpose: str) -> bool:
    return (agency, purpose) == (ASKER, "investigation")


def notified(answers: GateAnswers) -> list[str]:
    return [notice.id for notice in answers.notices]


def test_no_owner_of_a_silent_record_is_told_of_a_search_unless_its_agency_says_so_for_that_purpose() -> None:
    for ledger, question in ((HitLedger(3), searched("s1")), (HitLedger(3, tells), searched("s1", "border_check"))):
        [answers] = ask(ledger, question)
        assert (notified(answers), answers.answered) == ([], ["s1"]), "nothing of it is kept"
        assert ledger.count_waiting() == 0
        assert notified(ledger.pass_day(DUE + DAY)) == []


def test_searches_for_silent_records_are_told_together_once_they_are_due_in_no_order_of_theirs() -> None:
    ledger = HitLedger(0, tells)
    held = ask(ledger, *(searched(name) for name in ("s7", "s1", "s3", "s1")))
    assert [(notified(answers), answers.answered) for answers in held] == [([], [])] * 4
    assert notified(ledger.pass_day(DUE - timedelta(seconds=1))) == []
    told_now = ledger.pass_day(DUE)
    assert (notified(told_now), told_now.answered) == (["s1", "s3", "s7"], ["s1", "s3", "s7"]), "at no cost of a budget"
    assert told_now.admissions == []
    assert notified(ledger.pass_day(DUE + DAY)) == []


def test_an_agency_that_changes_its_mind_within_the_day_is_not_told_of() -> None:
    said = [True]
    ledger = HitLedger(3, lambda _, __: said[0])
    ask(ledger, searched("s1"))
    said[0] = False
    told_now = ledger.pass_day(DUE)
    assert (notified(told_now), told_now.answered) == ([], ["s1"])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60), st.booleans()), max_size=30))
def test_each_search_for_a_silent_record_is_told_once_wherever_the_ledger_dies(
    steps: list[tuple[int, int, bool]],
) -> None:
    """A ledger that is made anew from what was asked and not marked as answered goes on as the one before."""
    ledger, at = HitLedger(1, tells), NOW
    open_questions: dict[str, HitQuestion] = {}
    asked: set[str] = set()
    told_names: list[str] = []

    def take(answers: GateAnswers) -> None:
        told_names.extend(notified(answers))
        for name in answers.answered:
            open_questions.pop(name)

    for number, (name, hours, dies) in enumerate(steps):
        at += timedelta(hours=hours)
        question = searched(f"{at.date()} {name}", due=at.replace(hour=0, minute=10) + DAY)
        if question.id not in told_names:
            asked.add(question.id)
            open_questions[question.id] = question
            take(ledger.submit_question(question, at))
        if dies:
            ledger = HitLedger(1, tells)
            for kept in open_questions.values():
                ledger.restore_question(kept)
        assert ledger.count_waiting() == len(open_questions), number
    take(ledger.pass_day(at + 3 * DAY))
    assert sorted(told_names) == sorted(asked)
