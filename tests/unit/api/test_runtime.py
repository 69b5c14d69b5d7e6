from __future__ import annotations

from datetime import timedelta

from pipeline.access.break_glass import GlassReason
from pipeline.access.disclosure_threads import GlassVerdict
from pipeline.access.requester import Role
from pipeline.api.metrics import REGISTRY
from pipeline.api.runtime import count_overdue_reviews, show_overdue
from pipeline.api.services.break_glass import confirm_opening, open_alone, request_opening, review_opening
from pipeline.api.services.disclosures import revoke_disclosure
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.records.builder import record

CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")
SECOND = make_requester("be-fp", Role.SUPERVISOR, subject="second")
DUTY = make_requester("fr-pj", Role.SUPERVISOR, subject="duty")
WANTED = GlassReason("a life", 1)


async def opened(api: Api, number: str, owner: str = "fr-pj") -> str:
    """The id of what the chief opened alone of a new case."""
    api.hold(record(owner, number, code="H2"))
    session = api.session(CHIEF)
    name: str = (await open_alone(session, session.make_reference(f"{owner}:{number}"), WANTED)).disclosure.id
    return name


async def counted(api: Api) -> dict[str, int]:
    return dict(await count_overdue_reviews(api.runtime.decisions, api.runtime.unsealed, api.now))


def shown(agency: str) -> float | None:
    return REGISTRY.get_sample_value("liaison_break_glass_overdue", {"agency": agency})


async def test_what_is_not_reviewed_in_time_is_counted_by_its_owner(api: Api) -> None:
    names = [await opened(api, number) for number in "123"]
    await opened(api, "1", "nl-np")
    await revoke_disclosure(api.session(DUTY), names[1])
    assert await counted(api) == {}
    api.now += timedelta(hours=25)
    assert await counted(api) == {"fr-pj": 3, "nl-np": 1}
    await review_opening(api.session(DUTY), names[0], GlassVerdict.JUSTIFIED, "late")
    assert await counted(api) == {"fr-pj": 2, "nl-np": 1}


async def test_neither_requests_nor_what_two_opened_nor_what_is_gone_is_counted(api: Api) -> None:
    await opened(api, "1")
    api.hold(record("fr-pj", "2", code="H2"), record("fr-pj", "3", code="H2"))
    session = api.session(CHIEF)
    name = (await request_opening(session, session.make_reference("fr-pj:2"), WANTED)).disclosure.id
    await request_opening(session, session.make_reference("fr-pj:3"), WANTED)
    await confirm_opening(api.session(SECOND), name)
    api.hold(record("fr-pj", "1", version=2, status="withdrawn"))
    api.now += timedelta(hours=25)
    assert await counted(api) == {}


async def test_the_metric_says_what_was_counted_last_and_names_nobody_else(api: Api) -> None:
    show_overdue({"de-bka": 2})
    await opened(api, "1")
    api.now += timedelta(hours=25)

    show_overdue(await count_overdue_reviews(api.runtime.decisions, api.runtime.unsealed, api.now))
    assert (shown("fr-pj"), shown("de-bka")) == (1.0, None)
    show_overdue({})
    assert shown("fr-pj") is None
