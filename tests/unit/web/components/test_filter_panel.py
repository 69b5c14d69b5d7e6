from __future__ import annotations

from pipeline.index.filters import Filters
from pipeline.web.components.filter_panel import parse_filters


def test_an_address_narrows_by_all_that_it_names() -> None:
    asked = {
        "q": "petrov", "country": " be ", "agency": "be-fp", "offence": "ICCS:0502", "goal": "5",
        "from": "2026-01-01", "to": "2026-12-31", "open": "1",
    }  # fmt: skip
    assert parse_filters(asked) == Filters(
        ("be-fp",), ("BE",), ("ICCS:0502",), (5,), "2026-01-01", "2026-12-31", open_only=True
    )


def test_what_makes_no_sense_narrows_nothing() -> None:
    assert parse_filters({"goal": "8", "from": "yesterday", "to": "2026-02-30", "country": " "}).empty
