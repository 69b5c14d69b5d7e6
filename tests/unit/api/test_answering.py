"""An answer decides, redacts, counts, spends and records; whoever uses it otherwise has no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from pipeline.access.audit import ActKind, RequestRule, ShownForm
from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.release import Grant, View
from pipeline.access.requester import Requester
from pipeline.api import metrics
from pipeline.api.answering import RecordedAnswer
from pipeline.api.problems import NotFoundError, UnavailableError
from pipeline.api.sealed import SealedCase
from pipeline.api.services.disclosures import grant_disclosure, request_disclosure
from pipeline.api.session import Session
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import record

OWN, SEEN, HIT, SILENT = "be-fp:1", "fr-pj:1", "fr-pj:2", "fr-pj:3"


def hold(api: Api) -> None:
    api.hold(record("be-fp"), record("fr-pj"), record("fr-pj", "2", code="H2"), record("fr-pj", "3", code="H3"))


async def read(session: Session, *keys: str) -> list[SealedCase]:
    return [*(await session.runtime.reader.read_cases(keys or (OWN, SEEN, HIT, SILENT), None)).values()]


async def test_what_is_decided_anew_is_seen_as_before_until_it_is_decided(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of one answer are read at the same time: none sees a granted record as a hit while another reads grants."""
    hold(api)
    ask, until = DisclosureAsk("why", Urgency.ROUTINE, api.now + timedelta(days=1)), api.now + timedelta(days=2)
    asked = await request_disclosure(api.session(BERT), api.session(BERT).make_reference(HIT), ask)
    await grant_disclosure(api.session(ANNA), asked.disclosure.id, until)
    session, read_grants, views = api.session(BERT), api.runtime.grants.read_grants, []

    async def read_late(cases: Iterable[str], who: Requester) -> tuple[Grant, ...]:
        views.append(answer.view_of(HIT))
        return await read_grants(cases, who)

    monkeypatch.setattr(api.runtime.grants, "read_grants", read_late)
    async with session.answer(ActKind.READ) as answer:
        for _ in range(2):
            assert HIT in await answer.weigh(await read(session))
        answer.show([HIT])
    assert views == [View.NOTHING, View.FULL]


async def test_what_is_shown_is_recorded_before_the_block_returns_it(api: Api) -> None:
    hold(api)
    session = api.session(BERT)

    async def serve() -> list[str]:
        async with session.answer(ActKind.READ, {"x": 1}, about="y") as answer:
            found = await answer.weigh(await read(session))
            answer.show(found)
            assert api.audit.acts == []
            return [*found]

    assert await serve() == [OWN, SEEN]
    [act] = api.audit.acts
    assert (act.kind, act.object, act.rule) == (ActKind.READ, "y", RequestRule.ROLE)
    assert [(one.case, one.form, one.rule) for one in act.shown] == [
        (OWN, ShownForm.FULL, "owner"), (SEEN, ShownForm.FULL, "released"),
    ]  # fmt: skip
    assert session.recorded == {ActKind.READ}
    assert not session.unended


async def test_while_nothing_can_be_recorded_the_block_returns_nothing(api: Api) -> None:
    hold(api)
    api.audit.away = True
    session = api.session(BERT)
    with pytest.raises(UnavailableError):
        async with session.answer(ActKind.READ) as answer:
            answer.show(await answer.weigh(await read(session)))
    assert not session.unended


async def test_a_block_that_ends_by_an_error_records_nothing(api: Api) -> None:
    session = api.session(BERT)
    with pytest.raises(ZeroDivisionError):
        async with session.answer(ActKind.READ):
            raise ZeroDivisionError
    assert api.audit.acts == []
    assert not session.unended


async def test_what_is_refused_is_an_act_by_itself(api: Api) -> None:
    session = api.session(BERT)
    with pytest.raises(NotFoundError):
        async with session.answer(ActKind.READ) as answer:
            await answer.refuse(NotFoundError("none"), {"x": 1}, kind=ActKind.REVIEW)
    assert [(act.kind, act.rule, act.shown) for act in api.audit.acts] == [(ActKind.REVIEW, RequestRule.NOT_SHOWN, ())]


async def test_what_was_opened_and_not_said_to_be_shown_leaves_nobody(api: Api) -> None:
    hold(api)
    session = api.session(BERT)

    async def open_or_redact(key: str) -> None:
        async with session.answer(ActKind.READ) as answer:
            for case in await read(session, key):
                if (await answer.decide([case]))[key] is View.FULL:
                    answer.open(case)
                else:
                    answer.redact(case)

    for key in (SEEN, HIT):
        with pytest.raises(RuntimeError, match="nobody said what of it is shown"):
            await open_or_redact(key)
    assert api.audit.acts == []


async def test_nothing_is_opened_or_redacted_but_what_was_decided_to_be_seen_so(api: Api) -> None:
    hold(api)
    session = api.session(BERT)
    async with session.answer(ActKind.READ) as answer:
        own, _, hit, silent = await read(session)
        for case in (own, hit, silent):
            with pytest.raises(UnavailableError):
                answer.open(case)
        await answer.decide([own, hit, silent])
        for case in (hit, silent):
            with pytest.raises(UnavailableError):
                answer.open(case)
        for case in (own, silent):
            with pytest.raises(UnavailableError):
                answer.redact(case)
        assert answer.open(own).case == OWN
        assert answer.redact(hit).reference == session.make_reference(HIT)
        answer.show([OWN, HIT])
    assert [one.form for one in api.audit.acts[0].shown] == [ShownForm.FULL, ShownForm.HIT]


async def test_an_answer_with_a_record_that_nobody_decided_on_is_refused_and_counted(api: Api) -> None:
    """Also with one that is not seen any more, or as a hit alone, since its content was opened."""

    def counted() -> float:
        return metrics.REGISTRY.get_sample_value("liaison_undecided_answers_total") or 0.0

    hold(api)
    session, before = api.session(BERT), counted()
    async with session.answer(ActKind.READ) as answer:
        _, seen, _, silent = await read(session)
        await answer.weigh([seen, silent])
        for case in ("xx-police:1", SILENT):
            with pytest.raises(UnavailableError):
                answer.show([case])
        for code in ("H2", "H3"):
            api.hold(record("fr-pj", version=2 if code == "H2" else 3, code=code))
            assert await answer.weigh(await read(session, SEEN)) == {}
            with pytest.raises(UnavailableError):
                answer.show([SEEN])
        answer.show([])
    assert counted() == before + 4


Use = Callable[[RecordedAnswer, SealedCase], object]

USES: dict[str, Use] = {
    "decide": lambda answer, case: answer.decide_case(case.head),
    "open": lambda answer, case: answer.open(case),
    "redact": lambda answer, case: answer.redact(case),
    "show": lambda answer, _: answer.show([]),
    "count": lambda answer, _: answer.count([]),
    "tell nothing": lambda answer, _: answer.tell_nothing(),
}


@pytest.mark.parametrize("use", USES)
async def test_an_answer_is_used_within_its_block_once(api: Api, use: str) -> None:
    hold(api)
    session = api.session(BERT)
    (case,) = await read(session, OWN)
    answer = session.answer(ActKind.READ)
    with pytest.raises(RuntimeError, match="within its block"):
        USES[use](answer, case)
    async with answer:
        await answer.end()
        with pytest.raises(RuntimeError, match="within its block"):
            USES[use](answer, case)
        for again in (answer.end, answer.record_part):
            with pytest.raises(RuntimeError, match="within its block"):
                await again()
    with pytest.raises(RuntimeError, match="within its block"):
        USES[use](answer, case)
    with pytest.raises(RuntimeError, match="used once"):
        async with answer:
            pass
    assert len(api.audit.acts) == 1


async def test_a_file_is_recorded_part_by_part_and_its_end_with_what_comes_last(api: Api) -> None:
    hold(api)
    session = api.session(BERT)
    async with session.answer(ActKind.EXPORT) as answer:
        await answer.decide(await read(session, HIT))
        answer.show([HIT], later=True)
        for key in (OWN, SEEN):
            answer.show(await answer.weigh(await read(session, key)))
            await answer.record_part()
            assert answer.view_of(key) is View.NOTHING, "of a part before nothing is held"
    assert [[one.case for one in act.shown] for act in api.audit.acts] == [[OWN], [SEEN], [HIT]]


async def test_a_file_whose_last_part_shows_nothing_has_no_further_entry(api: Api) -> None:
    session = api.session(BERT)
    async with session.answer(ActKind.EXPORT) as answer:
        await answer.record_part()
    assert len(api.audit.acts) == 1


async def test_others_records_that_are_counted_are_named_if_they_are_few_and_not_shown_besides(api: Api) -> None:
    hold(api)
    session = api.session(BERT)
    async with session.answer(ActKind.READ) as answer:
        await answer.weigh(await read(session))
        answer.count(f"de-bka:{at}" for at in range(6))
        answer.count([OWN, SEEN, HIT, "nl-np:1"], but={"nl-np:1"})
        answer.show([SEEN])
    assert [(one.case, one.form) for one in api.audit.acts[0].shown] == [
        (SEEN, ShownForm.FULL), (HIT, ShownForm.COUNTED),
    ]  # fmt: skip


async def test_nothing_is_recorded_where_nothing_is_told(api: Api) -> None:
    hold(api)
    session = api.session(BERT)
    async with session.answer(ActKind.READ) as answer:
        await answer.weigh(await read(session))
        answer.tell_nothing()
    async with session.answer(ActKind.READ) as answer:
        answer.show(await answer.weigh(await read(session)))
        with pytest.raises(RuntimeError, match="it is recorded"):
            answer.tell_nothing()
    assert len(api.audit.acts) == 1


async def test_hits_are_told_as_far_as_the_budget_goes_and_recorded_as_far_as_they_are_told(api: Api) -> None:
    api.hold(*(record(agency, number, code="H2") for agency in ("fr-pj", "de-bka") for number in "12345"))
    keys = [f"{agency}:{number}" for agency in ("fr-pj", "de-bka") for number in "12345"]
    session = api.session(BERT)
    left = session.runtime.hits.remaining(BERT, session.now)
    session.runtime.hits.spend(BERT, session.now, left - 4)
    async with session.answer(ActKind.SEARCH) as answer:
        found = await read(session, *keys)
        await answer.decide(found)
        told = answer.spend_hits(found)
    assert sorted(row.agency for row in told) == ["de-bka", "de-bka", "fr-pj", "fr-pj"]
    assert [row.reference for row in told] == sorted(row.reference for row in told)
    shown = {session.make_reference(one.case) for one in api.audit.acts[0].shown}
    assert shown == {row.reference for row in told}
    assert session.runtime.hits.remaining(BERT, session.now) == 0


async def test_the_watch_on_grants_is_told_of_each_record_that_is_shown(api: Api) -> None:
    hold(api)
    told: list[tuple[str, str, str]] = []
    session = Session(api.runtime, ANNA, api.session(ANNA).grounds, note_shown=lambda *one: told.append(one))
    async with session.answer(ActKind.READ) as answer:
        answer.show(await answer.weigh(await read(session, SEEN)))
    assert told == [(SEEN, "owner", "H0")]
    assert session.shown_codes == {"H0"}
