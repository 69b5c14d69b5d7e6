"""Alerts: an agency's own, for ninety days at a time, read under the rights of the reading moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from pipeline.access.alerts import LASTS, make_alert
from pipeline.access.audit import ActKind
from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.notices import Notice, NoticeKind
from pipeline.access.requester import Grounds, Purpose, Role
from pipeline.access.text_limits import LABEL
from pipeline.api.problems import ForbiddenError, NotFoundError, UnavailableError, UnprocessableError
from pipeline.api.services.alerts import (
    create_alert,
    end_alert,
    label_alert,
    list_alerts,
    renew_alert,
)
from pipeline.api.services.notices import list_notices
from pipeline.api.services.search import Search, search
from pipeline.streams.catalogues import topics
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import person, record

QUESTION = "ivan petrov born:1980-05-01"


async def matched(
    api: Api, question: str = QUESTION, code: str = "H0", filters: Filters = NO_FILTERS, **fields: Any
) -> str:
    """An alert of Bert's that met a case of Anna's, as the correlate stage tells it."""
    api.hold(record("fr-pj", code=code, to=("BE",), **fields))
    name: str = (await create_alert(api.session(BERT), question, filters=filters)).subscription.id
    reference = api.session(BERT).make_reference("fr-pj:1")
    told = Notice(f"m-{name}", "be-fp", NoticeKind.SUBSCRIPTION_MATCH, NOW, reference=reference, subscription=name)
    await api.decided.write(topics.NOTICES, told.id, told)
    return name


async def read(api: Api) -> list[str | None]:
    return [row.case for row in (await list_notices(api.session(BERT))).notices]


async def test_it_lasts_ninety_days_and_is_renewed_on_new_grounds(api: Api) -> None:
    made = (await create_alert(api.session(BERT), QUESTION, "BE")).subscription
    assert (made.active, made.until) == (True, (NOW + LASTS).isoformat())
    api.now = NOW + LASTS
    (listed,) = (await list_alerts(api.session(BERT))).subscriptions
    assert listed.active is False
    again = (await renew_alert(api.session(BERT, purpose="prosecution"), made.id)).subscription
    assert (again.active, again.purpose) == (True, "prosecution")
    assert (await list_alerts(api.session(ANNA))).subscriptions == ()


async def list_labels(api: Api) -> list[str | None]:
    return [row.label for row in (await list_alerts(api.session(BERT))).subscriptions]


async def test_renewed_or_named_it_keeps_its_place(api: Api) -> None:
    made: list[str] = []
    for label in ("first", "second", "third"):
        made.append((await create_alert(api.session(BERT), QUESTION, label=label)).subscription.id)
        api.now += timedelta(minutes=1)
    await label_alert(api.session(BERT), made[0], "first again")
    api.now += timedelta(days=60)
    await renew_alert(api.session(BERT), made[1])
    api.now += timedelta(days=60)
    await renew_alert(api.session(BERT), made[0])
    assert await list_labels(api) == ["third", "second", "first again"]


async def test_one_of_before_it_was_kept_when_one_was_made_keeps_its_place_from_then_on(api: Api) -> None:
    why = Grounds(Purpose.INVESTIGATION, "2026/1")
    for number, label in enumerate(("first", "second")):
        query = make_alert(f"q{number}", QUESTION, "", BERT, why, api.now, label=label)
        old = msgspec.structs.replace(query, made=None)
        await api.decided.write(topics.SUBSCRIPTIONS, old.id, old)
        api.now += timedelta(minutes=1)
    assert await list_labels(api) == ["second", "first"]
    await renew_alert(api.session(BERT), "q0")
    assert await list_labels(api) == ["second", "first"]


async def test_ended_it_keeps_nothing_of_what_it_asked(api: Api) -> None:
    name = (await create_alert(api.session(BERT), QUESTION)).subscription.id
    over = (await end_alert(api.session(BERT), name)).subscription
    assert (over.active, over.question, over.owner) == (False, None, None)
    assert (await list_alerts(api.session(BERT))).subscriptions == ()
    for again in (end_alert(api.session(BERT), name), renew_alert(api.session(BERT), name)):
        with pytest.raises(NotFoundError):
            await again


async def test_it_is_called_what_its_agency_says_in_its_list_and_in_its_notices(api: Api) -> None:
    name = await matched(api)
    (told,) = (await list_notices(api.session(BERT))).notices
    assert told.label is None
    exact = "the man from Tver " + "x" * (LABEL.most - len("the man from Tver "))
    called = (await label_alert(api.session(BERT), name, exact.replace("man ", "  man\n"))).subscription
    assert called.label == exact
    for longer in (label_alert(api.session(BERT), name, exact + "x"),
                   create_alert(api.session(BERT), QUESTION, label=exact + "x")):  # fmt: skip
        with pytest.raises(UnprocessableError, match="the name has more than 200 characters"):
            await longer
    await label_alert(api.session(BERT), name, "Tver")
    (told,) = (await list_notices(api.session(BERT))).notices
    assert (told.label, told.question) == ("Tver", QUESTION)
    assert b"Tver" not in msgspec.json.encode(api.audit.acts), "what is asked is on record encrypted"
    again = (await renew_alert(api.session(BERT), name)).subscription
    assert again.label == "Tver"
    assert (await label_alert(api.session(BERT), name, "")).subscription.label is None
    with pytest.raises(NotFoundError):
        await label_alert(api.session(ANNA), name, "mine")
    made = (await create_alert(api.session(BERT), QUESTION, label="Tver")).subscription
    assert made.label == "Tver"
    assert (await end_alert(api.session(BERT), made.id)).subscription.label is None


async def test_another_name_asks_nothing_new(api: Api) -> None:
    name = (await create_alert(api.session(BERT), QUESTION, share=True)).subscription.id
    made = (await api.runtime.decisions.alerts_of([name]))[name]
    await label_alert(api.session(BERT), name, "Tver")
    named = (await api.runtime.decisions.alerts_of([name]))[name]
    assert (named.version, named.until) == (made.version, made.until), "correlate takes it for what it holds"


async def test_its_matches_are_read_under_present_rights(api: Api) -> None:
    name = await matched(api)
    assert await read(api) == ["fr-pj:1"]
    api.hold(record("fr-pj", code="H2", to=("BE",), version=2))
    assert await read(api) == [None]
    api.hold(record("fr-pj", code="H3", to=("BE",), version=3))
    assert await read(api) == []
    api.hold(record("fr-pj", to=("BE",), version=4))
    assert await read(api) == ["fr-pj:1"]
    await end_alert(api.session(BERT), name)
    assert await read(api) == []


async def test_what_has_run_out_tells_no_more(api: Api) -> None:
    await matched(api)
    api.now = NOW + LASTS + timedelta(seconds=1)
    assert await read(api) == []


@pytest.mark.parametrize(
    ("question", "told"),
    [(QUESTION, 1), ("ivan petrov", 0), ("ivan petrov born:1980 number:X0000001", 0), ("phone:+33600000001", 0)],
)
async def test_hit_only_cases_are_no_oracle(api: Api, question: str, told: int) -> None:
    await matched(api, question, "H2")
    assert len(await read(api)) == told


SUSPECT = person("Ivan Petrov", birth_date="1980-05-01", role="Suspect")
DESCRIBED: dict[str, Any] = {
    "entities": [SUSPECT], "opened": "2026-03-01", "closed": "2026-09-01", "policing_goals": [5],
    "offences": [{"scheme": "ICCS", "code": "05021"}],
}  # fmt: skip
"""A case that says something to each filter."""

FILTERS = [
    (Filters(), True), (Filters(agencies=("fr-pj", "be-fp")), True), (Filters(agencies=("be-fp",)), False),
    (Filters(countries=("BE",)), False), (Filters(types=("vehicle", "person")), True),
    (Filters(types=("vehicle",)), False), (Filters(roles=("suspect",)), True), (Filters(roles=("witness",)), False),
    (Filters(offences=("ICCS:05021",)), True), (Filters(offences=("ICCS:0601",)), False),
    (Filters(years=(2025, 2026)), True), (Filters(years=(2025,)), False), (Filters(goals=(5,)), True),
    (Filters(goals=(2,)), False), (Filters(open_only=True), False), (Filters(opened_to="2026-02-28"), False),
    (Filters(closed_from="2026-09-01", closed_to="2026-09-01"), True),
    (Filters(roles=("suspect",), types=("vehicle",)), False),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "passes"), FILTERS)
async def test_it_tells_of_what_a_search_with_its_filters_finds(api: Api, filters: Filters, passes: bool) -> None:
    await matched(api, filters=filters, **DESCRIBED)
    assert (await read(api) == ["fr-pj:1"]) is passes
    found = await search(api.session(BERT), Search(QUESTION, filters=filters))
    assert ([row.case for row in found.results] == ["fr-pj:1"]) is passes


@pytest.mark.parametrize(("offence", "told"), [("0502", 1), ("0601", 0)])
async def test_an_offence_among_its_words_narrows_it_as_it_does_a_search(api: Api, offence: str, told: int) -> None:
    await matched(api, f"{QUESTION} offence:{offence}", **DESCRIBED)
    assert len(await read(api)) == told


async def test_a_case_that_comes_to_pass_its_filters_is_told_of(api: Api) -> None:
    await matched(api, filters=Filters(roles=("suspect",)), entities=[SUSPECT | {"role": "witness"}])
    assert await read(api) == []
    api.hold(record("fr-pj", to=("BE",), version=2, entities=[SUSPECT]))
    assert await read(api) == ["fr-pj:1"]


HIDDEN = (Filters(roles=("witness",)), Filters(years=(1999,)), Filters(offences=("ICCS:0601",)), Filters(goals=(2,)),
          Filters(types=("vehicle",)), Filters(open_only=True), Filters(opened_to="1999-01-01"))  # fmt: skip


@pytest.mark.parametrize("filters", HIDDEN)
async def test_no_filter_tells_what_a_hit_only_case_says(api: Api, filters: Filters) -> None:
    await matched(api, code="H2", filters=filters, **DESCRIBED)
    assert await read(api) == [None]


async def test_a_hit_only_case_is_told_of_by_whose_it_is(api: Api) -> None:
    await matched(api, code="H2", filters=Filters(agencies=("nl-np",)), **DESCRIBED)
    assert await read(api) == []


async def test_it_keeps_its_filters_until_it_ends(api: Api) -> None:
    stated = {"countries": ["FR"], "roles": ["suspect"], "years": [2026]}
    made = (await api.post("/v1/subscriptions", {"question": QUESTION, "filters": stated}, BERT)).json()["subscription"]
    assert made["filters"] == stated
    renewed = (await api.post(f"/v1/subscriptions/{made['id']}/renew", {}, BERT)).json()["subscription"]
    (listed,) = (await api.get("/v1/subscriptions", BERT)).json()["subscriptions"]
    assert renewed["filters"] == listed["filters"] == stated
    assert (await end_alert(api.session(BERT), made["id"])).subscription.filters.empty
    too_long = {"question": QUESTION, "filters": {"roles": ["x" * 129]}}
    assert (await api.post("/v1/subscriptions", too_long, BERT)).status_code == 422
    with pytest.raises(UnprocessableError):
        await create_alert(api.session(BERT), QUESTION, filters=Filters(roles=("x" * 129,)))


async def test_filters_alone_are_no_alert(api: Api) -> None:
    for question in ("", "offence:theft"):
        with pytest.raises(UnprocessableError):
            await create_alert(api.session(BERT), question, filters=Filters(roles=("suspect",)))


async def test_who_may_not(api: Api) -> None:
    name = (await create_alert(api.session(BERT), QUESTION)).subscription.id
    for attempt in (end_alert(api.session(ANNA), name), renew_alert(api.session(ANNA), name)):
        with pytest.raises(NotFoundError):
            await attempt
    for role in (Role.OPS, Role.FEED, Role.AUDITOR):
        session = api.session(make_requester("be-fp", role))
        for attempt in (create_alert(session, QUESTION), end_alert(session, name)):
            with pytest.raises(ForbiddenError):
                await attempt


async def test_it_is_audited_first(api: Api) -> None:
    with pytest.raises(UnprocessableError):
        await create_alert(api.session(BERT), "born:nonsense")
    await create_alert(api.session(BERT), QUESTION)
    assert api.audit.kinds() == [ActKind.SUBSCRIPTION]
    api.audit.away = True
    with pytest.raises(UnavailableError):
        await create_alert(api.session(BERT), QUESTION)
    assert len(api.decided.values) == 1


async def test_over_http(api: Api) -> None:
    made = await api.post("/v1/subscriptions", {"question": QUESTION, "country": "BE"}, BERT)
    name = made.json()["subscription"]["id"]
    assert (await api.get("/v1/subscriptions", BERT)).json()["subscriptions"][0]["id"] == name
    assert (await api.post(f"/v1/subscriptions/{name}/renew", {}, BERT)).status_code == 200
    assert (await api.request("DELETE", f"/v1/subscriptions/{name}", ANNA)).status_code == 404
    assert (await api.request("DELETE", f"/v1/subscriptions/{name}", BERT)).status_code == 200
    assert (await api.post("/v1/subscriptions", {"question": "", "country": "BE"}, BERT)).status_code == 422
    fields = {"name": ["Ivan Petrov"], "born": ["1980", "1982-05"], "nationality": ["RU"], "type": ["person"]}
    told = (await api.post("/v1/subscriptions", {"question": "number:C01X00T47", "fields": fields}, BERT)).json()
    words = 'number:C01X00T47 type:"person" name:"Ivan Petrov" born:"1980" born:"1982-05" nationality:"RU"'
    assert told["subscription"]["question"] == words
    nowhere = {"fields": {"name": ["x"], "nationality": ["Atlantis"]}}
    assert (await api.post("/v1/subscriptions", nowhere, BERT)).status_code == 422
