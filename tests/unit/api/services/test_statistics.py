from __future__ import annotations

from typing import Any

import pytest

from pipeline.access.audit import ShownForm
from pipeline.access.requester import Role
from pipeline.api.problems import ForbiddenError, NotFoundError, UnprocessableError
from pipeline.api.services import statistics as service
from pipeline.api.services.statistics import count_statistics, find_nearby_cases
from support.access.requesters import ANNA, BERT, DORA, make_requester
from support.api.runtime import Api
from support.records.builder import record

MARKED: dict[str, Any] = {"policing_goals": [6], "offences": [{"scheme": "ICCS", "code": "0501"}]}


def raid(agency: str, hour: int = 22, **fields: Any) -> Any:
    day = f"2026-10-27T{hour:02d}"
    event = {
        "id": "e1", "type": "event", "start": f"{day}:00:00Z", "end": f"{day}:30:00Z",
        "latitude": 48.85, "longitude": 2.35, "method": "ram raid",
    }  # fmt: skip
    return record(agency, entities=[event], **fields)


async def test_only_what_is_read_in_full_is_counted(api: Api) -> None:
    api.hold(record("fr-pj", **MARKED), record("be-fp", **MARKED), record("nl-np", code="H2", **MARKED))
    api.hold(record("es-cnp", code="H3", **MARKED))
    for other in ("be-fp:1", "nl-np:1", "es-cnp:1"):
        api.link("fr-pj:1", other)
    counted = await count_statistics(api.session(ANNA))
    assert (counted.cases, counted.links, counted.country_pairs) == (2, 1, {"BE-FR": 1})
    assert (counted.policing_goals, counted.offences) == ({"6": 2}, {"ICCS:0501": 2})


@pytest.mark.parametrize(("others", "told"), [(1, 1), (5, 5), (6, 0)])
async def test_owners_are_told_of_records_that_few_stand_beside_in_a_count(api: Api, others: int, told: int) -> None:
    api.hold(record("fr-pj", **MARKED), record("nl-np", "9", "H2", **MARKED), record("nl-np", "8", "H3", **MARKED))
    api.hold(*(record("be-fp", str(number), **MARKED) for number in range(others)))
    await count_statistics(api.session(ANNA))
    shown = api.audit.acts[-1].shown
    assert [one.case for one in shown] == [f"be-fp:{number}" for number in range(told)]
    assert {(one.form, one.rule) for one in shown} <= {(ShownForm.COUNTED, "released")}


async def test_beyond_the_limit_nobody_is_answered(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    api.hold(record("fr-pj"), record("be-fp"))
    with pytest.raises(UnprocessableError):
        await count_statistics(api.session(ANNA))


async def test_events_of_one_place_and_time_are_deconflicted_among_what_is_read(api: Api) -> None:
    api.hold(raid("fr-pj"), raid("be-fp"), raid("de-bka", code="H3"), raid("nl-np", closed="2026-11-01"))
    api.hold(raid("it-ps", hour=2, case_id="9"), raid("fr-pj", case_id="2"))
    assert [row.case for row in (await find_nearby_cases(api.session(ANNA), "fr-pj:1")).cases] == ["be-fp:1"]
    with pytest.raises(NotFoundError):
        await find_nearby_cases(api.session(BERT), "de-bka:1")


async def test_who_may_not(api: Api) -> None:
    session = api.session(make_requester("fr-pj", Role.FEED))
    for attempt in (count_statistics(session), find_nearby_cases(session, "fr-pj:1")):
        with pytest.raises(ForbiddenError):
            await attempt


async def test_over_http(api: Api) -> None:
    api.hold(raid("fr-pj"), raid("be-fp"))
    assert (await api.get("/v1/statistics", DORA)).json()["cases"] == 2
    narrowed = await api.get("/v1/statistics?countries=BE&open_only=true&offences=ICCS:0501", DORA)
    assert (narrowed.status_code, narrowed.json()["cases"]) == (200, 0)
    assert (await api.get("/v1/statistics?countries=BE&countries=DE", DORA)).json()["cases"] == 1
    assert (await api.get("/v1/statistics?opened_from=yesterday", DORA)).status_code == 422
    assert (await api.get("/v1/deconfliction?case=fr-pj:1")).json()["cases"][0]["case"] == "be-fp:1"
