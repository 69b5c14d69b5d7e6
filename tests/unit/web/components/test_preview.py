from __future__ import annotations

from typing import Any

import pytest

from pipeline.web.components.preview import ASKED
from pipeline.web.page import OpenPage
from pipeline.web.pages.search import PAGE
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import handling, person, record
from support.web.pages import RenderedPage, opened


def said(page: RenderedPage) -> str:
    return " ".join(" ".join(text for _, text, _ in page.beside()).split())


async def test_it_says_by_what_people_are_known_the_links_and_the_caveat(api: Api) -> None:
    man = person(
        "Иван Петров", id="p1", phones=["+33612345678"], addresses=[{"full": "12 rue de Tver"}],
        identifiers=[{"type": "passport", "value": "52NO43308", "country": "RU"}],
    )  # fmt: skip
    api.hold(record("be-fp", entities=[man], handling=handling("H1") | {"caveat": "Call first"}), record("fr-pj"))
    api.link("be-fp:1", "fr-pj:1")
    page = await opened(api, PAGE, ANNA)
    await page.happen(ASKED, {"case": "be-fp:1"})
    for word in ("1 link", "Call first", "Ivan Petrov", "passport 52NO43308 (RU)", "+33612345678", "12 rue de Tver"):
        assert word in said(page)


async def test_what_may_not_be_read_and_what_is_not_there_look_the_same(api: Api) -> None:
    api.hold(record("be-fp", code="H3"), record("nl-np", code="H2"))
    answers = []
    for key in ("be-fp:1", "nl-np:1", "be-fp:2"):
        page = await opened(api, PAGE, ANNA)
        await page.happen(ASKED, {"case": key})
        answers.append(page.beside())
    assert answers[0] == answers[1] == answers[2]
    assert "Not found, or you do not have access" in str(answers[0])


async def test_what_may_no_longer_be_read_gives_way_to_that_word(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(OpenPage, "call_script", lambda _, *call: calls.append(call))
    api.hold(record("be-fp"))
    page = await opened(api, PAGE, ANNA)
    await page.happen(ASKED, {"case": "be-fp:1"})
    assert ("previewShown", "be-fp:1") in calls
    assert page.beside()
    api.hold(record("be-fp", version=2, code="H3"))
    await page.happen(ASKED, {"case": "be-fp:1"})
    assert "Affair" not in said(page)
