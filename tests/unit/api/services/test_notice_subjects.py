"""Whom notices are about: of cases that are read in full, by what they say now; nothing else is even asked for."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.access.notices import Notice, NoticeKind
from pipeline.api.services.notices import list_latest_notices
from pipeline.api.services.subscriptions import create_subscription
from pipeline.matching.bands import Band
from pipeline.streams.catalogues import topics
from support.access.requesters import ANNA, BERT
from support.api.runtime import NOW, Api
from support.records.builder import person, record

MAN = person("Иван Петров", id="p1", birth_date="1980-05-01", phones=["+33612345678"])
SISTER = person("Anna Petrova", id="p2", birth_date="1983-01-01")


async def hold(api: Api, version: int = 1, code: str = "H0", **man: Any) -> None:
    entities = [SISTER, MAN | man]
    api.hold(record("fr-pj", code=code, to=("BE",), title="Affair", version=version, entities=entities))


async def match(api: Api, question: str = "ivan petrov born:1980-05-01 +33612345678") -> None:
    """Tell Bert of a case of Anna's that his alert has met."""
    alert = (await create_subscription(api.session(BERT), question)).subscription.id
    told = Notice(
        "n1", "be-fp", NoticeKind.SUBSCRIPTION_MATCH, NOW, reference=api.session(BERT).make_reference("fr-pj:1"),
        subscription=alert, other_agency="fr-pj", purpose="investigation", band=Band.CERTAIN,
    )  # fmt: skip
    await api.decided.write(topics.NOTICES, told.id, told)


async def read(api: Api, language: str = "en") -> dict[str, Any] | None:
    session = api.session(BERT)
    session.language = language
    (row,) = (await list_latest_notices(session, described=True)).notices
    about: dict[str, Any] | None = row["about"]
    return about


async def test_of_several_people_it_is_the_one_whom_the_alert_asks_for(api: Api) -> None:
    await hold(api)
    await match(api)
    about = await read(api)
    assert about is not None
    assert (about["case"], about["entity"], about["name"], about["born"]) == (
        "fr-pj:1", "p1", "Иван Петров", "1980-05-01",
    )  # fmt: skip
    assert sorted(about["agrees"]) == ["date of birth", "name", "phone number"]
    french = await read(api, "fr")
    assert french is not None
    assert "date de naissance" in french["agrees"]


async def test_it_is_by_what_the_case_says_now(api: Api) -> None:
    await hold(api)
    await match(api)
    await hold(api, 2, phones=["+33600000009"])
    about = await read(api)
    assert about is not None
    assert sorted(about["agrees"]) == ["date of birth", "name"]


async def test_a_hit_only_case_is_not_asked_for_what_it_says(api: Api) -> None:
    await hold(api, code="H2")
    await match(api)
    asked = []
    for described in (False, True):
        before = len(api.engine.calls)
        (row,) = (await list_latest_notices(api.session(BERT), described=described)).notices
        asked.append([(call.kind, call.where) for call in api.engine.calls[before:]])
    assert row["about"] is None
    assert asked[0] == asked[1]


@pytest.mark.parametrize("kind", [NoticeKind.SILENT_SEARCH, NoticeKind.EXPIRY])
async def test_a_notice_without_an_alert_names_the_case_and_nobody_in_it(api: Api, kind: NoticeKind) -> None:
    await hold(api)
    await api.decided.write(topics.NOTICES, "n1", Notice("n1", "fr-pj", kind, NOW, "fr-pj:1"))
    (row,) = (await list_latest_notices(api.session(ANNA), described=True)).notices
    assert (row["about"]["title"], row["about"]["name"], row["about"]["agrees"]) == ("Affair", None, [])
