from __future__ import annotations

from typing import Any

from pipeline.web.pages.statistics import PAGE
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import opened


async def test_counts_are_named_in_the_readers_language(api: Api) -> None:
    marked: dict[str, Any] = {
        "policing_goals": [6],
        "offences": [{"scheme": "ICCS", "code": "0501"}, {"scheme": "own", "code": "7"}],
    }
    api.hold(record("fr-pj", **marked), record("be-fp"))
    api.link("fr-pj:1", "be-fp:1")
    page = await opened(api, PAGE, ANNA, "fr")
    assert "6 · Environnement" in page.said()
    assert "ICCS 0501 · Cambriolage" in page.said()
    assert "own 7" in page.said()
    assert "Belgique – France" in page.said()


async def test_nothing_to_count_is_said(api: Api) -> None:
    assert (await opened(api, PAGE, ANNA)).said().count("No data") == 3
