"""The use cases in-process, as the web UI calls them."""

from __future__ import annotations

import msgspec
import orjson
import pytest

from pipeline.access.audit import ActKind, ShownCase, ShownForm
from pipeline.access.requester import Requester
from pipeline.api.answers import told
from pipeline.api.services.cases import read_case
from pipeline.api.services.links import list_links
from pipeline.api.services.search import Search, search
from support.access.requesters import ANNA, BERT, DORA, OPERATOR
from support.api.runtime import NOW, Api
from support.records.builder import record


async def test_a_case_is_shown_with_its_caveat_and_recorded(api: Api) -> None:
    api.hold(record("fr-pj", code="H1", handling={
        "code": "H1", "releasable_to": ["BE"], "purposes": ["investigation"], "caveat": "Do not contact.",
    }))  # fmt: skip
    answer = await read_case(api.session(BERT), "fr-pj:1")
    assert answer.case.caveat == "Do not contact."
    assert answer.case.data["title"] == "Affair 1"
    (act,) = api.audit.acts
    assert (act.kind, act.subject, act.purpose, act.case_reference) == (ActKind.READ, "bert", "investigation", "2026/1")
    assert act.shown == (ShownCase("fr-pj:1", ShownForm.FULL, "released"),)
    assert orjson.loads(api.runtime.cipher.decrypt(act.query, NOW)) == {"case": "fr-pj:1"}


@pytest.mark.parametrize(("who", "is_told"), [(ANNA, False), (BERT, True), (OPERATOR, True)])
async def test_where_a_record_stands_in_kafka_is_told_to_its_owner_alone(
    api: Api, who: Requester, is_told: bool
) -> None:
    api.hold(record("be-fp"))
    came = (await read_case(api.session(who), "be-fp:1")).case.provenance
    assert came is not None
    assert [came.position is not None, came.ingested_at is not None] == [is_told, is_told]
    assert came.content_hash


async def test_links_show_each_side_as_its_owner_allows(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"), record("nl-np", code="H2"), record("es-cnp", code="H3"))
    for other in ("be-fp:1", "nl-np:1", "es-cnp:1"):
        api.link("fr-pj:1", other)
    rows = (await list_links(api.session(ANNA), "fr-pj:1")).links
    assert sorted(row.case_b or (row.hit and row.hit.agency) or "" for row in rows) == ["fr-pj:1", "nl-np"]
    hit = next(row for row in rows if row.hit)
    assert (hit.case_a, hit.score, hit.evidence) == ("fr-pj:1", None, None)
    assert hit.hit
    assert hit.hit.reference == api.session(ANNA).make_reference("nl-np:1")
    assert {case.case: case.form for case in api.audit.acts[-1].shown} == {
        "fr-pj:1": ShownForm.FULL, "be-fp:1": ShownForm.FULL, "nl-np:1": ShownForm.HIT,
    }  # fmt: skip


async def test_search_finds_what_is_released_and_says_why(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp", to=("FR",)), record("nl-np", code="H3"))
    found = {
        who.subject: [row.case for row in (await search(api.session(who), Search("Иван Петров 1980-05"))).results]
        for who in (ANNA, BERT, DORA, OPERATOR)
    }
    assert found == {
        "anna": ["be-fp:1", "fr-pj:1"],
        "bert": ["be-fp:1", "fr-pj:1"],
        "dora": ["fr-pj:1"],
        "operator": ["be-fp:1", "fr-pj:1", "nl-np:1"],
    }
    row = (await search(api.session(ANNA), Search("ivan petrov", evidence=True))).results[0]
    assert (told(row.evidence) or ())[0].items[0].field == "name"
    short = (await search(api.session(ANNA), Search("ivan petrov"))).results[0]
    assert row.caveat is None
    brief, whole = msgspec.to_builtins(short), msgspec.to_builtins(row)
    assert brief == {name: value for name, value in whole.items() if name not in ("evidence", "about", "caveat")}
