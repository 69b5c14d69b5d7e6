"""What one person asks costs others little: in bytes and threads, never in seconds, and by whom it is counted."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson
import pytest

from pipeline.access import folders as kept
from pipeline.access.folders import FolderRole
from pipeline.api import chart_exchange
from pipeline.api.answers import ChartPlace
from pipeline.api.application import create_app
from pipeline.api.chart_exchange import MOST_FILE_BYTES, WRITERS, FileForm
from pipeline.api.chart_picture import FileChart, FileLine, FileNode
from pipeline.api.list_worker import run_round
from pipeline.api.problems import ConflictError, RequestTooLargeError, TooManyRequestsError, UnprocessableError
from pipeline.api.quotas import MOST_COSTLY, PersonTurns
from pipeline.api.routes.table import ENDPOINTS
from pipeline.api.runtime import Runtime
from pipeline.api.services import exports, folders, list_results
from pipeline.api.services.chart import ChartExpansion, ChartHubQuestion, expand, rank_chart_hubs
from pipeline.api.services.chart_files import read_chart_file, write_chart_file
from pipeline.api.services.cross_reference import list_found_records
from pipeline.api.services.entities import resolve_entity
from pipeline.api.services.exports import export_records
from pipeline.api.services.folders import (
    ADDED_TOGETHER,
    add_items,
    create_folder,
    list_folders,
    read_chart,
    remove_item,
    save_chart,
    share_folder,
    visit_folder,
    write_note,
)
from pipeline.api.services.graph import read_graph, read_timeline
from pipeline.api.services.list_checks import submit_list
from pipeline.api.services.list_results import ListFilter, read_results
from pipeline.api.services.saved_charts import ChartItem, ChartOpening, match_own_nodes, open_chart
from pipeline.api.services.search import Search, search
from pipeline.api.services.statistics import count_statistics, find_nearby_cases
from pipeline.api.session import Session
from pipeline.index import reading, searching
from pipeline.index.documents import CaseDocument, entities_of
from pipeline.index.reading import FIRST_WHOLE, MOST_LONG, MOST_WHOLE, PART_BYTES
from pipeline.loop_turns import SWITCH_S
from pipeline.streams.audit.decision_log import NewValue
from pipeline.streams.catalogues import topics
from pipeline.web.pages import chart as chart_page
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import Api
from support.records.builder import person, record

BEA = make_requester("be-fp", subject="bea")

COSTLY = {
    "GET /statistics", "GET /deconfliction", "GET /timeline", "GET /entities", "POST /chart/expand",
    "POST /chart/paths", "POST /chart/hubs", "GET /list-checks/{name}/records",
    "POST /cross-references", "POST /folders/{name}/cross-reference",
}  # fmt: skip
"""What forwards to what always counts; the test below has those too that count by what is asked of them."""


def test_what_costs_much_is_declared_so_for_the_api_and_the_pages_alike() -> None:
    assert {f"{one.method} {one.path}" for one in ENDPOINTS if one.costly} == COSTLY


async def test_each_of_them_is_refused_to_who_has_as_many_under_way(api: Api) -> None:
    """By the services, through which the API and the pages both go."""
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1")]))
    folder = (await create_folder(api.session(ANNA), "Kestrel")).folder.id
    listed = (await submit_list(api.session(ANNA), b"id,name\n1,Ivan Petrov\n", "csv")).list.id
    place = ChartPlace("fr-pj:1")
    many = [f"record fr-pj:{at}" for at in range(ADDED_TOGETHER + 1)]
    large = ChartOpening((ChartItem((place,)),) * 201)
    asked: dict[str, Callable[[Session], Awaitable[object]]] = {
        "statistics": count_statistics,
        "deconfliction": lambda session: find_nearby_cases(session, "fr-pj:1"),
        "timeline": lambda session: read_timeline(session, "fr-pj:1"),
        "entities": lambda session: resolve_entity(session, "fr-pj:1", "p1"),
        "expand": lambda session: expand(session, ChartExpansion((place,))),
        "hubs": lambda session: rank_chart_hubs(session, ChartHubQuestion(("fr-pj:1",))),
        "network": lambda session: read_graph(session, "fr-pj:1", 2),
        "chart": lambda session: open_chart(session, large),
        "own nodes": lambda session: match_own_nodes(session, (), ("fr-pj:1",)),
        "chart in": lambda session: read_chart_file(session, b"{}"),
        "chart out": lambda session: write_chart_file(session, "svg", FileChart("", (), ())),
        "found records": lambda session: list_found_records(session, listed, folder=folder),
        "rows": lambda session: read_results(session, listed, wanted=ListFilter("match")),
        "many items": lambda session: add_items(session, folder, many),
    }
    for what, ask in asked.items():
        with held(api, MOST_COSTLY), pytest.raises(TooManyRequestsError):
            await ask(api.session(ANNA))
        assert len(api.runtime.costly) == 0, what
    with held(api, MOST_COSTLY):
        await read_graph(api.session(ANNA), "fr-pj:1")
        await add_items(api.session(ANNA), folder, many[:1])


@contextmanager
def held(api: Api, count: int) -> Iterator[None]:
    """So many costly things of Anna's under way."""
    with api.runtime.costly.hold(ANNA.agency, ANNA.subject):
        if count > 1:
            with held(api, count - 1):
                yield
        else:
            yield


async def test_a_folder_as_a_new_chart_is_costly_too(api: Api) -> None:
    folder = (await create_folder(api.session(ANNA), "Kestrel")).folder.id

    class Visiting:
        def new_session(self) -> Session:
            return api.session(ANNA)

    with held(api, MOST_COSTLY), pytest.raises(TooManyRequestsError):
        await chart_page.load(Visiting(), {"folder": folder})  # type: ignore[arg-type]
    assert (await chart_page.load(Visiting(), {"folder": folder})).kept is not None  # type: ignore[arg-type]


# ── what is brought from the index ──

SIZE, COUNT = 200_000, 24


def hold_large(api: Api, title: str = "Large") -> None:
    """Cases of 200 kB each of one man with one phone, all linked to the first."""
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01", phones=["+33612345678"])
    cases = [
        record("fr-pj", str(at), entities=[man], title=title, extensions={"long": ["x" * 3_900] * (SIZE // 3_900)})
        for at in range(COUNT)
    ]
    api.hold(*cases)
    for at in range(1, COUNT):
        api.link("fr-pj:0", f"fr-pj:{at}")


@pytest.fixture
def brought(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of each answer of the index."""
    found: list[int] = []
    for name in ("mget", "search"):
        call = getattr(api.index, name)

        async def weigh(*given: Any, call: Any = call, **more: Any) -> Any:
            answer = await call(*given, **more)
            found.append(len(orjson.dumps(answer.body, default=lambda raw: bytes(raw).decode())))
            return answer

        monkeypatch.setattr(api.index, name, weigh)
    return found


async def test_what_counts_or_dates_cases_brings_nothing_else_of_them(api: Api, brought: list[int]) -> None:
    hold_large(api)
    brief: tuple[Callable[[Session], Awaitable[object]], ...] = (
        count_statistics, lambda session: find_nearby_cases(session, "fr-pj:0"),
        lambda session: read_timeline(session, "fr-pj:0"), lambda session: read_graph(session, "fr-pj:0"),
    )  # fmt: skip
    for ask in brief:
        brought.clear()
        await ask(api.session(ANNA))
        assert sum(brought) < SIZE, "less than one case holds"


async def test_whole_cases_come_by_their_bytes(api: Api, brought: list[int]) -> None:
    hold_large(api)
    entity = await resolve_entity(api.session(ANNA), "fr-pj:0", "p1")
    assert len(entity.appearances) == COUNT
    assert max(brought) < 1.5 * max(PART_BYTES, FIRST_WHOLE * SIZE)
    brought.clear()
    parts = [part async for part in export_records(api.session(ANNA), "cases", "ndjson")]
    assert b"".join(parts).count(b"\n") == COUNT
    assert max(brought) < 1.5 * max(PART_BYTES, FIRST_WHOLE * SIZE)
    assert max(map(len, parts)) < 1.5 * exports.PART_BYTES
    brought.clear()
    await expand(api.session(ANNA), ChartExpansion((ChartPlace("fr-pj:0"),), more=100))
    assert max(brought) < 1.5 * PART_BYTES


async def test_large_cases_behind_small_ones_are_held_by_their_bytes_too(api: Api, brought: list[int]) -> None:
    """How many are asked for goes by those before; what is decoded of an answer at a time goes by what it holds."""
    hold_large(api)
    small = [f"-{at:02}" for at in range(2 * MOST_WHOLE)]
    api.hold(*(record("fr-pj", name) for name in small))
    keys = [f"fr-pj:{name}" for name in (*small, *range(COUNT))]
    parts = [part async for part in api.runtime.unsealed.read_parts(keys, None, readable=True)]
    assert [case.case for part in parts for case in part] == keys
    assert max(brought) > 2 * PART_BYTES
    assert max(len(orjson.dumps([case.data for case in part])) for part in parts) < PART_BYTES + 1.5 * SIZE


@pytest.mark.parametrize("code", ["H2", "H3"])
async def test_how_much_comes_at_once_says_nothing_of_what_is_hidden(api: Api, code: str) -> None:
    """Links lead to hidden records: what is asked of the index is the same, however large these are."""
    traces = []
    for long in (1, 50):
        man = person("Ivan Petrov", id="p1", birth_date="1980-05-01", phones=["+33612345678"])
        api.hold(record("fr-pj", entities=[man]))
        for at in range(2 * MOST_LONG):
            api.hold(record("be-fp", str(at), code=code, entities=[man], extensions={"long": ["x" * 3_900] * long}))
            api.link("fr-pj:1", f"be-fp:{at}")
        api.index.calls.clear()
        for ask in (
            lambda: expand(api.session(ANNA), ChartExpansion((ChartPlace("fr-pj:1"),))),
            lambda: resolve_entity(api.session(ANNA), "fr-pj:1", "p1"),
            lambda: read_timeline(api.session(ANNA), "fr-pj:1"),
            lambda: count_statistics(api.session(ANNA)),
        ):
            await ask()
        traces.append(list(api.index.calls))
    assert traces[0] == traces[1]


# ── what is done where ──

CHART = FileChart(
    "Chart",
    (FileNode("a", "own", "Person", "Mona", "", 1, 2), FileNode("b", "own", "Person", "Lisa", "", 3, 4)),
    (FileLine("a", "b", "knows"), FileLine("a", "a", "herself")),
)


async def test_chart_files_are_read_and_written_by_another_process(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise AssertionError("in the server")

    for name in ("read_chart_file", "_read_money", "_read_i2", "tostring"):
        monkeypatch.setattr(chart_exchange, name, fail)
    monkeypatch.setattr(chart_exchange, "WRITERS", dict.fromkeys(WRITERS, fail))
    line = b'{"id":"a","schema":"Person","properties":{"name":["Mona"]}}\n'
    found = await read_chart_file(api.session(ANNA), line)
    assert [one.node.label for one in found.nodes] == ["Mona"]
    forms: tuple[FileForm, ...] = ("svg", "png", "graphml", "i2")
    for form in forms:
        written = await write_chart_file(api.session(ANNA), form, CHART)
        assert b"Mona" in written, "and a line from a node to itself is no fault of any form"
    with pytest.raises(UnprocessableError):
        await read_chart_file(api.session(ANNA), b"<Chart/>")
    assert len(api.runtime.costly) == 0


async def test_a_file_that_takes_too_much_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_exchange, "MAX_WAIT_S", 0)
    with pytest.raises(UnprocessableError):
        await read_chart_file(api.session(ANNA), b"{}")
    with pytest.raises(UnprocessableError):
        await write_chart_file(api.session(ANNA), "svg", CHART)


async def test_a_file_that_is_too_large_starts_no_process(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise AssertionError("started")

    monkeypatch.setattr(chart_exchange, "run_limited", fail)
    with pytest.raises(RequestTooLargeError):
        await read_chart_file(api.session(ANNA), bytes(MOST_FILE_BYTES + 1))


async def test_the_matcher_s_work_on_a_question_holds_no_loop(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranking, the gate of hit-only records, reasons, and rows of lists: none of it in the thread of the loop."""
    seen: dict[str, set[bool]] = {}
    own = threading.current_thread()

    def watch(module: Any, name: str) -> None:
        call = getattr(module, name)

        def watched(*given: Any, **more: Any) -> Any:
            seen.setdefault(name, set()).add(threading.current_thread() is own)
            return call(*given, **more)

        monkeypatch.setattr(module, name, watched)

    for name in ("Ranking", "exact_match", "entities_evidence"):
        watch(searching, name)
    watch(list_results, "judge_answer")
    man = person(
        "Ivan Petrov", id="p1", birth_date="1980-05-01", identifiers=[{"type": "passport", "value": "12AB345"}]
    )
    api.hold(record("fr-pj", entities=[man]), record("be-fp", code="H2", entities=[man]))
    found = await search(api.session(ANNA), Search("Ivan Petrov 1980-05-01"))
    assert found.results
    assert found.hits
    listed = (await submit_list(api.session(ANNA), b"id,name,born\n1,Ivan Petrov,1980-05-01\n", "csv")).list.id
    while await run_round(api.runtime):
        pass
    assert (await read_results(api.session(ANNA), listed)).rows
    assert seen == {name: {False} for name in ("Ranking", "exact_match", "entities_evidence", "judge_answer")}


async def test_what_a_search_decodes_of_large_cases_is_one_thing_at_a_time_too(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what may be read, and of hit-only records, within the person's own turn."""
    turns: list[int] = []
    decode = entities_of

    def note(case: CaseDocument) -> Any:
        turns.append(len(api.runtime.computing))
        return decode(case)

    monkeypatch.setattr(reading, "entities_of", note)
    men = [
        person(f"Ivan Petrov {at:04}", id=f"p{at}", birth_date="1980-05-01", phones=[f"+336{at:08}"])
        for at in range(199)
    ]
    man = person("Ivan Petrov", id="man", birth_date="1980-05-01")
    api.hold(record("fr-pj", entities=[man, *men]), record("be-fp", code="H2", entities=[man, *men]))
    found = await search(api.session(ANNA), Search("Ivan Petrov 1980-05-01"))
    assert len(found.results) == len(found.hits) == 1
    assert turns == [1, 1]


async def test_a_server_s_loop_goes_on_soon_beside_what_threads_compute(api: Api) -> None:
    @asynccontextmanager
    async def opening() -> AsyncIterator[Runtime]:
        yield api.runtime

    before, app = sys.getswitchinterval(), create_app(opening)
    async with app.router.lifespan_context(app):
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
        assert before > SWITCH_S
    assert sys.getswitchinterval() == before


async def test_a_person_computes_one_thing_at_a_time_and_delays_nobody_else() -> None:
    turns, begun, free = PersonTurns(), list[str](), asyncio.Event()

    async def work(who: str, name: str) -> None:
        async with turns.take("fr-pj", who):
            begun.append(name)
            await free.wait()

    tasks = [asyncio.create_task(work(*one)) for one in (("anna", "a"), ("anna", "b"), ("carl", "c"))]
    while len(begun) < 2:
        await asyncio.sleep(0)
    assert begun == ["a", "c"]
    free.set()
    await asyncio.gather(*tasks)
    assert begun == ["a", "c", "b"]
    assert len(turns) == 0


async def test_a_filter_compares_no_row_that_it_cannot_take(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", birth_date="1980-05-01")]))
    rows = b"".join(b"%d,Nobody Else%d\n" % (at, at) for at in range(60)) + b"60,Ivan Petrov\n"
    listed = (await submit_list(api.session(ANNA), b"id,name\n" + rows, "csv")).list.id
    while await run_round(api.runtime):
        pass
    compared, opened = list[int](), list[str]()
    make_row, read_rows = list_results._make_row, api.runtime.lists.read_rows  # noqa: SLF001

    def count_row(session: Session, at: int, *more: Any) -> Any:
        compared.append(at)
        return make_row(session, at, *more)

    def count_reads(job: Any, *more: int) -> Any:
        opened.append(job.id)
        return read_rows(job, *more)

    monkeypatch.setattr(list_results, "_make_row", count_row)
    monkeypatch.setattr(api.runtime.lists, "read_rows", count_reads)
    found = await read_results(api.session(ANNA), listed, wanted=ListFilter("match"))
    assert [row.row for row in found.rows] == [61]
    assert len(compared) < 10, "of which many found nothing"
    assert opened == [listed], "rows are read once a request"


# ── folders ──


async def test_a_note_comes_between_many_items_that_somebody_adds(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second transaction of many items waits for a note that came while the first was written."""
    count = 4 * ADDED_TOGETHER
    own = [f"search {_packed(at)}" for at in range(count)]
    folder = (await create_folder(api.session(BERT), "Kestrel")).folder.id
    others = (await create_folder(api.session(BEA), "Merlin")).folder.id
    written = list[int]()
    write_all = api.decided.write_all
    turn = asyncio.Lock()

    async def write_in_turn(values: list[NewValue]) -> list[int]:
        async with turn:  # as the log does, in the order in which they come
            await asyncio.sleep(0)
            items = [one for one in values if one.topic is topics.FOLDER_ITEMS]
            if items:
                written.append(len(items))
            return await write_all(values)

    monkeypatch.setattr(api.decided, "write_all", write_in_turn)
    adding = asyncio.create_task(add_items(api.session(BERT), folder, own))
    while not written:
        await asyncio.sleep(0)
    await write_note(api.session(BEA), others, "Mine")
    assert not adding.done()
    added = await adding
    assert max(written) == ADDED_TOGETHER
    assert all(row.item for row in added.added)
    assert added.folder.items == count


def _packed(at: int) -> str:
    return kept.Reference(kept.ItemKind.SEARCH, search=kept.KeptSearch(f"p{at}")).text.partition(" ")[2]


async def test_many_that_do_not_fit_are_refused_whole(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_ITEMS", ADDED_TOGETHER + 1)
    folder = (await create_folder(api.session(BERT), "Kestrel")).folder.id
    with pytest.raises(ConflictError, match="start another"):
        await add_items(api.session(BERT), folder, [f"search {_packed(at)}" for at in range(ADDED_TOGETHER + 2)])
    assert (await list_folders(api.session(BERT))).folders[0].items == 0


async def test_folders_that_others_share_do_not_count_as_one_s_own(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FOLDERS", 2)
    monkeypatch.setattr("pipeline.index.decisions.MOST_FOLDERS", 2)
    api.sign_in(BERT)
    mine = (await create_folder(api.session(BERT), "Mine")).folder.id
    for title in "abc":
        theirs = (await create_folder(api.session(make_requester("be-fp", subject=title)), title)).folder.id
        await share_folder(api.session(make_requester("be-fp", subject=title)), theirs, BERT.subject, FolderRole.READER)
    assert mine in [one.id for one in (await list_folders(api.session(BERT))).folders], "others' hide no own one"
    await create_folder(api.session(BERT), "Second")
    with pytest.raises(ConflictError, match="close one first"):
        await create_folder(api.session(BERT), "Third")


async def test_visits_forget_what_was_removed(api: Api) -> None:
    api.sign_in(BEA)
    folder = (await create_folder(api.session(BERT), "Kestrel")).folder.id
    await share_folder(api.session(BERT), folder, BEA.subject, FolderRole.READER)
    stays = await write_note(api.session(BERT), folder, "Stays")
    for at in range(5):
        note = await write_note(api.session(BERT), folder, f"Note {at}")
        for who in (BERT, BEA):
            await visit_folder(api.session(who), folder)
        await remove_item(api.session(BERT), folder, note.item)
    visits = await api.runtime.decisions.visits_to(folder)
    assert len(visits) == 2
    for visit in visits:
        assert {*kept.unpack_sights(visit.seen)} == {stays.item}
        assert {*kept.unpack_sights(visit.before)} <= {stays.item}


@pytest.mark.parametrize("depth", [65, 900, 50_000])
async def test_a_chart_of_deep_json_is_not_kept(api: Api, depth: int) -> None:
    folder = (await create_folder(api.session(BERT), "Kestrel")).folder.id
    with pytest.raises(UnprocessableError, match="deeper"):
        await save_chart(api.session(BERT), folder, "Deep", '{"nodes":' + "[" * depth + "]" * depth + "}")
    assert (await list_folders(api.session(BERT))).folders[0].items == 0


async def test_one_that_an_earlier_version_kept_is_refused_in_words(api: Api) -> None:
    folder = (await create_folder(api.session(BERT), "Kestrel")).folder.id
    saved = await save_chart(api.session(BERT), folder, "Deep", "{}")
    deep = kept.FolderChart(folder, saved.item, "be-fp", api.now, '{"a":' + "[" * 900 + "]" * 900 + "}")
    await api.decided.write(topics.FOLDER_CHARTS, deep_key(folder, saved.item), deep)
    with pytest.raises(UnprocessableError, match="deeper"):
        await read_chart(api.session(BERT), folder, saved.item)


def deep_key(folder: str, item: str) -> str:
    return kept.item_key(folder, item)
