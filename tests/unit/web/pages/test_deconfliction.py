from __future__ import annotations

from typing import Any

from pipeline.web.pages.deconfliction import PAGE
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import opened


def raid(agency: str) -> Any:
    event = {
        "id": "e1", "type": "event", "start": "2026-10-27T22:00:00Z", "latitude": 48.85, "longitude": 2.35,
        "method": "ram raid",
    }  # fmt: skip
    return record(agency, entities=[event])


async def test_whom_to_talk_to(api: Api) -> None:
    api.hold(raid("fr-pj"), raid("be-fp"))
    page = await opened(api, PAGE, ANNA, key="fr-pj:1")
    assert "be-fp:1" in page.said()
    assert "desk of be-fp" in page.said()


async def test_nobody_is_there(api: Api) -> None:
    api.hold(raid("fr-pj"))
    assert "No overlap" in (await opened(api, PAGE, ANNA, key="fr-pj:1")).said()
