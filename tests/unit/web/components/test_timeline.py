from __future__ import annotations

from pipeline.web.components.timeline import collect_moments


def test_dates_of_the_case_and_its_entities_come_in_order() -> None:
    event = {"id": "e1", "start": "2026-10-27T22:00:00Z", "method": "Voiture bélier"}
    data = {"opened": "2026-10-28", "closed": None, "entities": [{"id": "p1", "birth_date": "1980-05"}, event]}
    found = [(moment.when, moment.what, moment.said) for moment in collect_moments({"data": data})]
    assert found == [
        ("1980-05", "Born", "p1"),
        ("2026-10-27T22:00:00Z", "Event", "Voiture bélier"),
        ("2026-10-28", "Case opened", ""),
    ]
