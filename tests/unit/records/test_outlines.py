from __future__ import annotations

import pytest

from pipeline.records.outlines import hide_names


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("", ""),
        ("/data/entities/0/names/12/given", "/data/entities/0/names/12/given"),
        ("/data/Ivan Petrov", "/data/…"),
        ("/data/entities/0/Ivan~1title", "/data/entities/0/…"),
        ("/data/33612345678", "/data/…"),
        ("/data/Ivan/1980", "/data/…/…"),
        ("/data/extensions/1980/title", "/data/extensions/…/title"),
        ("/data/entities/\u0663", "/data/entities/…"),
        ("/", "/…"),
    ],
)
def test_a_pointer_shows_names_of_the_schema_and_places_in_lists_alone(pointer: str, shown: str) -> None:
    assert hide_names(pointer) == shown
