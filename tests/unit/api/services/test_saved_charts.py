"""Charts that were kept: what each viewer sees of one, in its place, and what of it is new to them alone."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.access.folders import VISIT_LASTS, FolderRole
from pipeline.api.answers import ChartPlace
from pipeline.api.problems import NotFoundError
from pipeline.api.services.folders import close_folder, create_folder, remove_item, save_chart, share_folder
from pipeline.api.services.saved_charts import ChartItem, ChartOpening, ChartPair, find_news, open_chart
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import Api
from support.records.builder import person, record

PHONE = "+33612345678"
CARL = make_requester("fr-pj", subject="carl")


def item(case: str, entity: str = "", number: str = "") -> ChartItem:
    return ChartItem((ChartPlace(case, entity),), number)


def hold(api: Api) -> None:
    man, woman = (person(name, id="p1", birth_date=born, phones=[PHONE]) for name, born in
                  (("Ivan Petrov", "1980-05-01"), ("Anna Keller", "1991-02-03")))  # fmt: skip
    api.hold(record("fr-pj", entities=[man]), record("be-fp", entities=[man]), record("de-bka", entities=[woman]))
    api.link("be-fp:1", "fr-pj:1")


async def test_a_chart_is_drawn_again_from_references_alone(api: Api) -> None:
    hold(api)
    number = f"number phone {PHONE}"
    items = (item("fr-pj:1"), item("be-fp:1"), item("fr-pj:1", "p1"), item("de-bka:1", "p1", number))
    found = await open_chart(api.session(ANNA), ChartOpening(items, (ChartPair(0, 1),)))
    assert [node.id for node in found.nodes] == ["case fr-pj:1", "case be-fp:1", "entity be-fp:1 p1", number]
    assert {(edge.a, edge.b, edge.kind) for edge in found.edges} >= {
        ("case fr-pj:1", "entity be-fp:1 p1", "link"), ("case be-fp:1", number, "holds"),
    }  # fmt: skip
    shown = {one.case for one in api.audit.acts[-1].shown}
    assert shown == {"fr-pj:1", "be-fp:1", "de-bka:1"}
    together = await open_chart(api.session(ANNA), ChartOpening(items))
    assert together.edges == found.edges


async def test_a_link_of_two_cases_with_too_many_links_to_be_read_is_drawn(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(api)
    asked = ChartOpening((item("fr-pj:1"), item("be-fp:1"), item("fr-pj:1", "p1")))
    edges = (await open_chart(api.session(ANNA), asked)).edges
    assert "link" in {edge.kind for edge in edges}
    monkeypatch.setattr("pipeline.access.folders.MOST_LINKS", 0)
    assert (await open_chart(api.session(ANNA), asked)).edges == edges


async def test_what_can_t_be_opened_is_one_node_without_words_whatever_the_reason(api: Api) -> None:
    hold(api)
    api.hold(record("nl-np", code="H3"), record("es-cnp", code="H2"), record("it-pol", to=("FR",)))
    reference = api.session(BERT).make_reference("es-cnp:1")
    items = (
        item("nl-np:1"), item("es-cnp:1"), item("it-pol:1"), item("pl-kg:9"), item("fr-pj:1", "p9"), ChartItem(),
        item("nl-np:1", "p1"), item("fr-pj:1", "p1", "number phone +33699999999"), ChartItem(hit=reference),
        ChartItem(hit="not one"), item("be-fp:1"),
    )  # fmt: skip
    pairs = (ChartPair(0, 10), ChartPair(8, 10), ChartPair(10, 99), ChartPair(10, 10))
    found = await open_chart(api.session(BERT), ChartOpening(items, pairs))
    assert [node.kind for node in found.nodes] == ["closed"] * 10 + ["case"]
    assert len({str(node) for node in found.nodes[:10]}) == 1
    assert found.edges == ()
    assert "nl-np" not in str(found)


async def test_a_hit_stays_where_it_still_shows(api: Api) -> None:
    api.hold(record("fr-pj"), record("nl-np", code="H2"))
    api.link("fr-pj:1", "nl-np:1")
    session = api.session(ANNA)
    hit = ChartItem(hit=session.make_reference("nl-np:1"))
    found = await open_chart(session, ChartOpening((item("fr-pj:1"), hit), (ChartPair(0, 1),)))
    assert [node.kind for node in found.nodes] == ["case", "hit"]
    assert [edge.kind for edge in found.edges] == ["hit"]
    alone = await open_chart(api.session(ANNA), ChartOpening((hit,)))
    assert [node.kind for node in alone.nodes] == ["closed"]


async def charted(api: Api, *cases: str) -> tuple[str, str]:
    """A folder of Anna's, shared with a colleague, and a chart in it."""
    folder = (await create_folder(api.session(ANNA), "Kestrel")).folder.id
    api.sign_in(CARL)
    await share_folder(api.session(ANNA), folder, "carl", FolderRole.READER)
    kept = msgspec.json.encode({"nodes": [{"ref": f"record {case}"} for case in cases]}).decode()
    return folder, (await save_chart(api.session(ANNA), folder, "Ring", kept)).item


async def test_what_is_new_is_held_against_what_the_same_viewer_saw(api: Api) -> None:
    hold(api)
    cases = ["fr-pj:1", "de-bka:1"]
    folder, chart = await charted(api, *cases)
    first = await find_news(api.session(ANNA), folder, chart, cases)
    assert (first.cases, first.links) == ((), {})
    assert api.audit.acts[-1].object == chart
    api.now += VISIT_LASTS
    again = await find_news(api.session(ANNA), folder, chart, cases)
    assert (again.cases, again.links) == ((), {})
    api.link("de-bka:1", "fr-pj:1")
    api.hold(record("es-cnp", entities=[person("Ivan Petrov", id="p1", birth_date="1980-05-01")]))
    api.link("es-cnp:1", "fr-pj:1")
    api.hold(record("de-bka", entities=[person("Anna Keller", id="p1", birth_date="1991-02-04")], version=2))
    api.now += VISIT_LASTS
    for _ in range(2):  # on one visit the same is marked, whichever browser asks
        found = await find_news(api.session(ANNA), folder, chart, cases)
        assert found.cases == ("de-bka:1",)
        assert found.links["fr-pj:1"] == 1
    other = await find_news(api.session(CARL), folder, chart, cases)
    assert (other.cases, other.links) == ((), {}), "another viewer's first visit"
    api.now += VISIT_LASTS
    more = await find_news(api.session(ANNA), folder, chart, [*cases, "be-fp:1"])
    assert (more.cases, more.links) == (("be-fp:1",), {}), "a record that was not in the chart is new"
    for stranger, item in ((BERT, chart), (ANNA, "0" * 16)):
        with pytest.raises(NotFoundError):
            await find_news(api.session(stranger), folder, item, cases)


async def test_a_record_that_one_may_not_read_is_never_new(api: Api) -> None:
    hold(api)
    folder, chart = await charted(api, "fr-pj:1")
    cases = ["fr-pj:1", "nl-np:1"]
    await find_news(api.session(ANNA), folder, chart, cases)
    api.hold(record("nl-np", code="H3"))
    api.link("fr-pj:1", "nl-np:1")
    api.now += VISIT_LASTS
    found = await find_news(api.session(ANNA), folder, chart, cases)
    assert (found.cases, found.links) == ((), {})


async def test_of_a_chart_that_is_taken_out_or_whose_folder_ends_nothing_seen_is_left(api: Api) -> None:
    hold(api)
    folder, chart = await charted(api, "fr-pj:1")
    other = (await save_chart(api.session(ANNA), folder, "Other", "{}")).item
    for item in (chart, other):
        await find_news(api.session(ANNA), folder, item, ["fr-pj:1"])

    async def seen() -> list[bool]:
        visits = [await api.runtime.decisions.read_visit(folder, "anna", item) for item in (chart, other)]
        return [bool(visit and visit.seen) for visit in visits]

    assert await seen() == [True, True]
    await remove_item(api.session(ANNA), folder, chart)
    assert await seen() == [False, True]
    await close_folder(api.session(ANNA), folder)
    assert await seen() == [False, False]
