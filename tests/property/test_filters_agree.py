"""A case that was read passes filters exactly when their query clauses select it from an index."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from hypothesis import event, given
from hypothesis import strategies as st

from pipeline.access.case_filters import Filters
from pipeline.index.documents import LIVE, CaseDocument, DocumentWrite
from pipeline.index.filters import NARROWED, filter_clauses, offence_clauses, passes_filters
from pipeline.index.mappings import Indices
from support.index.memory import MemoryIndex

DAYS = ("2024-01-01", "2025-12-31", "2026-06-01")
OFFENCES = ("ICCS:0501", "ICCS:05021", "ICCS:0601", "natinf:7151")


def some(*values: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


def day() -> st.SearchStrategy[str | None]:
    return st.sampled_from((None, *DAYS))


all_filters = st.builds(
    Filters,
    agencies=some("be-fp", "fr-pj"), countries=some("BE", "FR"), offences=some(*OFFENCES), goals=some(1, 5),
    opened_from=day(), opened_to=day(), closed_from=day(), closed_to=day(), open_only=st.booleans(),
    types=some("person", "vehicle"), roles=some("suspect", "witness"), years=some(2024, 2025, 2026),
)  # fmt: skip
filters = st.tuples(all_filters, st.lists(st.sampled_from(Filters.__struct_fields__), max_size=3)).map(
    lambda drawn: Filters(**{name: getattr(drawn[0], name) for name in drawn[1]})
)
"""Few at once: more leave nothing."""

documents = st.builds(
    lambda agency, **rest: CaseDocument(f"{agency}:1", agency, agency[:2].upper(), 1, LIVE, **rest),
    st.sampled_from(("be-fp", "fr-pj", "nl-np")),
    offences=some(*OFFENCES), policing_goals=some(1, 2, 5), opened=day(), closed=day(),
    types=some("person", "vehicle", "phone"), roles=some("suspect", "witness", "victim"),
)  # fmt: skip


async def selects(document: CaseDocument, clauses: tuple[dict[str, Any], ...]) -> CaseDocument | None:
    """What of a case is read that an index finds by these clauses; None where it does not find it."""
    index = MemoryIndex(Indices("", "g1"))
    index.write([DocumentWrite("cases", document.case, 1, msgspec.json.encode(document))])
    found = await index.search({"bool": {"filter": list(clauses)}}, 1, index="cases")
    return next((msgspec.convert(hit["_source"], CaseDocument) for hit in found.body["hits"]["hits"]), None)


@given(documents, filters, some("ICCS:05", "ICCS:0501", "natinf"))
def test_a_case_passes_exactly_where_the_clauses_select_it(
    document: CaseDocument, narrowed: Filters, offences: tuple[str, ...]
) -> None:
    clauses = (*filter_clauses(narrowed), *offence_clauses(offences))
    selected = asyncio.run(selects(document, clauses)) is not None
    event(f"passes: {selected}")
    kept = ("case", "agency", "country", "version", "state", *NARROWED)
    read = CaseDocument(**{name: getattr(document, name) for name in kept})
    assert passes_filters(read, narrowed, offences) is selected
