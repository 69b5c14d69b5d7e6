"""I3 of alerts with filters: what a hit-only record says that its reader may not read narrows nothing.

Two installations differ in one hit-only record, which says other things of everything that a filter can name but whose
it is. Whatever an alert is narrowed to, its notices are the same.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pipeline.access.alerts import make_alert
from pipeline.access.case_filters import Filters
from pipeline.access.notices import Notice, NoticeKind
from pipeline.matching.bands import Band
from pipeline.streams.catalogues import topics
from support.access.requesters import BERT
from support.api.runtime import NOW, Api
from support.no_leak.worlds import STAGES
from support.records.builder import person, record, vehicle
from support.temporary_folders import make_folder

HOME = make_folder("liaison-no-leak-alerts-")

SHARE = 4
"""One in so many of the examples elsewhere: each fills two indices."""

QUESTIONS = ("ivan petrov born:1980-05-01", "ivan petrov born:1980-05-01 offence:0501", "offence:0601 +33612345678")


def some(*values: Any) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True)


day = st.sampled_from((None, "2024-01-01", "2025-06-30", "2026-06-30"))
filters = st.builds(
    Filters,
    agencies=some("fr-pj", "nl-np").map(tuple), countries=some("FR", "NL").map(tuple),
    offences=some("ICCS:0501", "ICCS:0601").map(tuple), goals=some(2, 5).map(tuple), opened_from=day, opened_to=day,
    closed_from=day, closed_to=day, open_only=st.booleans(), types=some("person", "vehicle").map(tuple),
    roles=some("suspect", "witness").map(tuple), years=some(2024, 2026).map(tuple),
)  # fmt: skip

contents = st.fixed_dictionaries(
    {
        "opened": day, "closed": day, "policing_goals": some(2, 5),
        "offences": some("0501", "0601").map(lambda codes: [{"scheme": "ICCS", "code": code} for code in codes]),
        "role": st.sampled_from(("suspect", "witness")), "vehicle": st.booleans(),
    },
)  # fmt: skip
"""What a case says that filters ask for, besides whose it is."""


async def told(content: dict[str, Any], question: str, narrowed: Filters) -> tuple[object, ...]:
    """What Bert is told of a hit-only case with this content that his alert has met, and what the index was asked."""
    api = Api(STAGES, HOME)
    said = {name: value for name, value in content.items() if name not in ("role", "vehicle") and value}
    man = person("Ivan Petrov", birth_date="1980-05-01", phones=["+33612345678"], role=content["role"])
    things = [vehicle("AB-123-CD", "FR", id="v1")]
    api.hold(record("fr-pj", code="H2", to=("BE",), entities=[man, *things[: content["vehicle"]]], **said))
    alert = make_alert("s1", question, "", BERT, api.session(BERT).grounds, NOW, filters=narrowed)
    await api.decided.write(topics.SUBSCRIPTIONS, alert.id, alert)
    reference = api.session(BERT).make_reference("fr-pj:1")
    notice = Notice(
        "n1", "be-fp", NoticeKind.SUBSCRIPTION_MATCH, NOW, reference=reference, subscription=alert.id,
        other_agency="fr-pj", purpose="investigation", band=Band.CERTAIN,
    )  # fmt: skip
    await api.decided.write(topics.NOTICES, notice.id, notice)
    answer = await api.get("/v1/notices", BERT)
    rows = [row | {"cursor": len(row["cursor"])} for row in orjson.loads(answer.content)["notices"]]
    return answer.status_code, rows, [(call.kind, call.where, len(call.ids)) for call in api.engine.calls]


@settings(max_examples=max(settings().max_examples // SHARE, 1))
@given(contents, contents, st.sampled_from(QUESTIONS), filters)
def test_what_a_hit_only_record_says_narrows_no_alert(
    one: dict[str, Any], other: dict[str, Any], question: str, narrowed: Filters
) -> None:
    first, second = (asyncio.run(told(content, question, narrowed)) for content in (one, other))
    event(f"told: {len(first[1])}")  # type: ignore[arg-type]
    assert first == second
