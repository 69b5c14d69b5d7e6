from __future__ import annotations

from pipeline.access.case_filters import Filters
from pipeline.index.filters import FACETS, FacetCounts, FacetValue
from pipeline.web.components.filters import FACET_WORDS, SEVERAL, FacetOrder, parse_filters, state_filters


def test_an_address_narrows_by_all_that_it_names() -> None:
    asked = {
        "q": "petrov", "country": " be , fr", "agency": "be-fp", "offence": "ICCS:0502", "goal": "5",
        "type": "person,vehicle,person", "role": "suspect", "year": "2025,2026",
        "from": "2026-01-01", "to": "2026-12-31", "open": "1", "closed-from": "2026-02-01",
    }  # fmt: skip
    filters = parse_filters(asked)
    assert parse_filters(state_filters(filters)) == filters == Filters(
        ("be-fp",), ("BE", "FR"), ("ICCS:0502",), (5,), "2026-01-01", "2026-12-31", "2026-02-01",
        open_only=True,
        types=("person", "vehicle"), roles=("suspect",), years=(2025, 2026),
    )  # fmt: skip


def test_what_makes_no_sense_narrows_nothing() -> None:
    assert parse_filters({"goal": "8", "from": "yesterday", "to": "2026-02-30", "country": " ", "year": "x"}).empty


def test_every_facet_has_a_name_and_a_place_in_the_address() -> None:
    assert FACET_WORDS.keys() == FACETS.keys() == SEVERAL.keys()


def test_values_of_a_facet_keep_their_places_while_a_question_is_narrowed() -> None:
    order, whole = FacetOrder(), FacetCounts(3, countries=(FacetValue("FR", 2), FacetValue("BE", 1)))
    assert order.place({"q": "petrov"}, whole)["countries"] == [FacetValue("FR", 2), FacetValue("BE", 1)]
    narrowed = FacetCounts(1, countries=(FacetValue("BE", 1), FacetValue("PL", 1)))
    asked = {"q": "petrov", "role": "suspect"}
    found = [FacetValue("FR", 0), FacetValue("BE", 1), FacetValue("PL", 1)]
    assert order.place(asked, narrowed)["countries"] == found
    assert order.place(asked, FacetCounts(0))["countries"] == [FacetValue(one.value, 0) for one in found]
    assert order.place(asked | {"q": "other"}, narrowed)["countries"] == list(narrowed.countries), "of another question"
