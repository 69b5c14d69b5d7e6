from __future__ import annotations

import asyncio

import pytest
from nicegui.events import GenericEventArguments

from pipeline.web.components.markup import text
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.web.pages import opened


async def _load_nothing(_: Visit, __: Parameters) -> None:
    return None


async def test_what_was_done_first_is_taken_first_however_long_its_admission_takes(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Visit] = []
    first_admitted, all_taken = asyncio.Event(), asyncio.Event()
    taken: list[str] = []

    async def admit(visit: Visit) -> None:
        asked.append(visit)
        if len(asked) == 1:
            await first_admitted.wait()

    async def take(event: GenericEventArguments) -> None:
        taken.append(event.args)
        if len(taken) == 2:
            all_taken.set()

    monkeypatch.setattr(Visit, "admit_action", admit)

    def draw(view: OpenPage, _: None) -> None:
        view.listen("done", take)

    page = await opened(api, Page("/page", "Search", "search", _load_nothing, draw), ANNA)
    page.receive("done", "first")
    page.receive("done", "second")
    for _ in range(20):  # turns of the loop: enough for the second to overtake the first
        await asyncio.sleep(0)
    first_admitted.set()
    await all_taken.wait()
    assert taken == ["first", "second"]


async def test_of_two_drawings_under_way_the_last_one_asked_for_is_shown(api: Api) -> None:
    views: list[OpenPage] = []
    first_read = asyncio.Event()
    numbers = iter(("at first", "early", "late"))

    async def load(_: Visit, __: Parameters) -> str:
        number = next(numbers)
        if number == "early":
            await first_read.wait()
        return number

    def draw(view: OpenPage, loaded: str) -> None:
        views.append(view)
        text("p", loaded)

    page = await opened(api, Page("/page", "Search", "search", load, draw), ANNA)
    early = asyncio.create_task(views[0].redraw())
    await asyncio.sleep(0)
    await views[0].redraw()
    first_read.set()
    await early
    assert page.said() == "late"
