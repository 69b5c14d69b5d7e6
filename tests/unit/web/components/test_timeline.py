from __future__ import annotations

from pipeline.web.components.timeline import collect_moments
from pipeline.web.i18n import load_words
from pipeline.web.pages.case import PAGE
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import RawEntity, person, record
from support.web.pages import opened

WORDS = load_words("en")


def test_all_birth_dates_are_told_once() -> None:
    entity = {"id": "p1", "type": "person", "birth_date": "1980-05", "birth_dates": ["1979/1981", "1980-05", "1978~"]}
    found = collect_moments(WORDS, {"data": {"entities": [entity]}})
    assert found.events == []
    assert [(moment.when, moment.what) for moment in found.details] == [
        ("1978~", "Born"),
        ("1979/1981", "Born"),
        ("1980-05", "Born"),
    ]


def test_events_come_apart_from_births_in_order_and_with_names() -> None:
    event: RawEntity = {"id": "e1", "type": "event", "start": "2026-10-27T22:00:00Z", "method": "Voiture bélier"}
    man = person("Ivan Petrov", id="p1", birth_date="1980-05")
    found = collect_moments(WORDS, {"data": {"opened": "2026-10-28", "closed": None, "entities": [man, event]}})
    assert [(moment.when, moment.what, moment.name) for moment in found.events] == [
        ("2026-10-27T22:00:00Z", "Event", "Voiture bélier"),
        ("2026-10-28", "Case opened", ""),
    ]
    assert [(moment.what, moment.name) for moment in found.details] == [("Born", "Ivan Petrov")]


async def test_many_events_are_in_pages_and_births_folded(api: Api) -> None:
    events = [{"type": "event", "id": f"x{day}", "start": f"2026-01-{day:02}"} for day in range(1, 31)]
    more = [{"type": "event", "id": f"y{day}", "start": f"2026-03-{day:02}"} for day in range(1, 31)]
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1", birth_date="1980-05-01"), *events, *more]))
    first = (await opened(api, PAGE, ANNA, key="fr-pj:1", tab="timeline")).said()
    second = (await opened(api, PAGE, ANNA, "fr", key="fr-pj:1", tab="timeline", page="2")).said()
    assert "Event · Event x30" in " ".join(first.split())
    assert "y30" not in first
    assert "y30" in second
    assert "Births, deaths and papers (1)" in first
    assert "Naissances, décès et documents (1)" in second
