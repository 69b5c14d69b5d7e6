from __future__ import annotations

import pytest

from pipeline.web.components.timeline import collect_moments, format_moment
from pipeline.web.i18n import load_words


def test_all_birth_dates_are_shown_once() -> None:
    entity = {"id": "p1", "birth_date": "1980-05", "birth_dates": ["1979/1981", "1980-05", "1978~"]}
    found = [(moment.when, moment.what) for moment in collect_moments({"data": {"entities": [entity]}})]
    assert found == [("1978~", "Born"), ("1979/1981", "Born"), ("1980-05", "Born")]


@pytest.mark.parametrize(
    ("when", "english", "french"),
    [
        ("1980-05", "1980-05", "1980-05"),
        ("1980-05-03", "3 May 1980", "3 mai 1980"),
        ("1978~", "about 1978", "vers 1978"),
        ("1979/1981", "1979 to 1981", "1979 à 1981"),
        ("1979/1981~", "about 1979 to 1981", "vers 1979 à 1981"),
    ],
)
def test_ranges_and_dates_about_are_in_words(when: str, english: str, french: str) -> None:
    assert [format_moment(load_words(language), when) for language in ("en", "fr")] == [english, french]


def test_dates_of_the_case_and_its_entities_come_in_order() -> None:
    event = {"id": "e1", "start": "2026-10-27T22:00:00Z", "method": "Voiture bélier"}
    data = {"opened": "2026-10-28", "closed": None, "entities": [{"id": "p1", "birth_date": "1980-05"}, event]}
    found = [(moment.when, moment.what, moment.said) for moment in collect_moments({"data": data})]
    assert found == [
        ("1980-05", "Born", "p1"),
        ("2026-10-27T22:00:00Z", "Event", "Voiture bélier"),
        ("2026-10-28", "Case opened", ""),
    ]
