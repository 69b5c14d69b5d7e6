"""Lists: each row a search of its own, nothing lost or done twice by a crash, nothing kept readable or for long."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from pipeline.access.audit import ActKind
from pipeline.access.query_cipher import QueryCipher
from pipeline.access.requester import Role
from pipeline.api.list_planning import MOST_BYTES, MOST_ROWS, ListError, ListRow, parse_rows
from pipeline.api.list_store import STEP, CaseFinding, ListJob, ListRowFindings
from pipeline.api.list_worker import MOST_CASES, STEPS_A_TURN, run_round
from pipeline.api.paging import PageCursor
from pipeline.api.problems import NotFoundError, UnavailableError
from pipeline.api.services import list_checks
from pipeline.api.services.cross_reference import list_found_records
from pipeline.api.services.list_checks import read_list_check
from pipeline.api.services.list_results import ListFileFormat, ListFilter, export_results, read_results
from pipeline.api.services.result_tables import tabulate_list
from pipeline.matching.bands import Band
from pipeline.ops.kept_lists import LASTS
from pipeline.ops.row_file import RowFile
from pipeline.records.agencies import Agency, AgencyState
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import GROUNDS, Api
from support.records.builder import record

PETROV = [{"full": "Ivan Petrov"}]
LIST = "id,name,born,phone\nA1,Ivan Petrov,1980-05-01,\nA2,Zbigniew Oczko,,\nA3,,not a date,\nA4,,,\n"


async def uploaded(api: Api, text: str = LIST, who: Any = ANNA, **headers: str) -> str:
    answer = await api.request(
        "POST", "/v1/list-checks", who, {**GROUNDS, "Content-Type": "text/csv", **headers}, content=text.encode()
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["list"]["id"])


async def worked(api: Api) -> None:
    while await run_round(api.runtime):
        pass


async def rows(api: Api, name: str, who: Any = ANNA) -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/list-checks/{name}/file?form=ndjson", who=who)
    return [orjson.loads(line) for line in answer.content.splitlines()]


async def test_each_row_is_answered_as_a_search_is(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp", to=("FR",)), record("nl-np", code="H2"), record("es-cnp", code="H3"))
    name = await uploaded(api)
    assert (await api.get(f"/v1/list-checks/{name}")).json()["list"]["state"] == "running"
    await worked(api)
    told = (await api.get(f"/v1/list-checks/{name}")).json()["list"]
    assert (told["state"], told["rows"], told["done"]) == ("done", 4, 4)
    first, second, third, fourth = await rows(api, name)
    assert [one["case"] for one in first["matches"]] == ["be-fp:1", "fr-pj:1"]
    assert [one["agency"] for one in first["hits"]] == ["nl-np"]
    assert (second["matches"], second["hits"], second["problem"]) == ([], [], None)
    assert third["problem"].startswith("born: use")
    assert (fourth["id"], fourth["problem"]) == ("A4", "enter search terms or a filter")
    assert b"es-cnp" not in orjson.dumps(first)


async def test_a_row_says_level_by_level_what_a_search_says_with_whom_it_found_and_what_differs(api: Api) -> None:
    """The words "agrees: name, date of birth" were said of another family name, born in the same year."""
    api.hold(record("be-fp", to=("FR",)))
    name = await uploaded(api, "name,born\nIvan Petrosyan,1980-09-17\n")
    await worked(api)
    (row,) = await rows(api, name)
    (match,) = row["matches"]
    searched = (await api.post("/v1/search", {"question": row["query"], "evidence": True})).json()["results"]
    (found,) = [result for result in searched if result["case"] == "be-fp:1"]
    assert (match["score"], match["band"]) == (found["score"], found["band"])
    assert (match["about"]["name"], match["about"]["born"]) == ("Ivan Petrov", "1980-05-01")
    said = {one["field"]: one for one in match["compared"]}
    items = {item["field"]: item for part in found["evidence"] for item in part["items"]}
    assert {field: one["level"] for field, one in said.items()} == {field: one["level"] for field, one in items.items()}
    date = said["birth_date"]
    assert (date["agreement"], date["asked"], date["record"]) == ("same year", "1980-09-17", "1980-05-01")
    assert "petrosyan ~ petrov" in said["name"]["agreement"]
    (line,) = csv.DictReader(io.StringIO((await api.get(f"/v1/list-checks/{name}/file")).text))
    assert (line["found"], line["found_born"], line["date_of_birth"]) == ("Ivan Petrov", "1980-05-01", "same year")
    assert line["name"] == said["name"]["agreement"]
    assert "date of birth: asked 1980-09-17, record 1980-05-01" in line["values_that_differ"]
    assert line["score"] == f"{match['score'] / 100:.2f}"
    assert not any(sign in cell for cell in line.values() for sign in "[]{}")


async def test_a_row_has_each_agencys_first_equal_case_before_the_second_of_another(api: Api) -> None:
    """Ten equal cases of one agency left no place for another's."""
    api.hold(*(record("be-fp", str(at)) for at in range(30)), record("nl-np"), record("es-cnp"))
    name = await uploaded(api, "name,born\nIvan Petrov,1980-05-01\n")
    await worked(api)
    (row,) = await rows(api, name)
    told = [one["case"] for one in row["matches"]]
    assert len(told) == MOST_CASES
    assert {"nl-np:1", "es-cnp:1"} < set(told)
    searched = (await api.post("/v1/search", {"question": row["query"], "limit": 100})).json()["results"]
    assert told == [one["case"] for one in searched if one["case"] in told], "in the order of the search"


async def test_a_row_of_cases_that_are_only_like_it_is_asked_once(api: Api) -> None:
    api.hold(*(record("be-fp", str(at)) for at in range(30)))
    name = await uploaded(api, "name\nIvan Petrov\n")
    await worked(api)
    (row,) = await rows(api, name)
    assert {one["band"] for one in row["matches"]} <= {"possible", ""}
    assert len(row["matches"]) == MOST_CASES
    assert api.audit.kinds().count(ActKind.SEARCH) == 1


async def test_a_file_of_a_running_list_says_so_in_its_first_line_and_its_name(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.api.list_worker.STEPS_A_TURN", 1)
    api.hold(record("fr-pj"))
    name = await uploaded(api, "name\n" + (STEP + 2) * "Ivan Petrov\n")
    for asked in (0, STEP):
        for form, ending in (("csv", "csv"), ("excel", "csv"), ("ndjson", "ndjson"), ("ftm", "ftm.json")):
            answer = await api.get(f"/v1/list-checks/{name}/file?form={form}")
            assert answer.headers["content-disposition"] == f'attachment; filename="found-incomplete.{ending}"'
            if ending == "csv":
                said, head, *lines = answer.content.decode("utf-8-sig").splitlines()
                assert said == f"{asked} of {STEP + 2} rows have been checked so far; the others are missing."
                assert head.startswith("row,")
                assert {line.partition(",")[0] for line in lines} == {str(row + 1) for row in range(asked)}
        await run_round(api.runtime)
    await worked(api)
    answer = await api.get(f"/v1/list-checks/{name}/file")
    assert answer.headers["content-disposition"] == 'attachment; filename="found.csv"'
    assert answer.text.startswith("row,")


async def test_a_file_for_excel_begins_with_its_mark(api: Api) -> None:
    name = await uploaded(api)
    await worked(api)
    for form, begins in (("excel", b"\xef\xbb\xbfrow,"), ("csv", b"row,")):
        answer = await api.get(f"/v1/list-checks/{name}/file?form={form}")
        assert answer.content.startswith(begins)


async def test_a_hit_only_row_tells_the_hit_alone(api: Api) -> None:
    api.hold(record("nl-np", code="H2"))
    name = await uploaded(api, "name,born\nIvan Petrov,1980-05-01\n")
    await worked(api)
    (row,) = await rows(api, name)
    (hit,) = row["hits"]
    assert set(hit) <= {"view", "reference", "agency", "contact", "band", "request"}
    (line,) = csv.DictReader(io.StringIO((await api.get(f"/v1/list-checks/{name}/file")).text))
    told = {column for column, cell in line.items() if cell}
    assert told == {"row", "line", "query", "view", "reference", "agency", "band"}


async def test_a_row_without_a_result_says_why_and_what_to_try_as_a_search_does(api: Api) -> None:
    name = await uploaded(api, "question,name\npasport:12AB34567,\n52N043308,\n,Zbigniew Oczko\n")
    await worked(api)
    found = await rows(api, name)
    searched = [(await api.post("/v1/search", {"question": row["query"]})).json()["hints"][0] for row in found[:2]]
    assert [row["hint"] for row in found[:2]] == searched
    assert found[0]["hint"]["question"] == "passport:12AB34567"
    lines = csv.DictReader(io.StringIO((await api.get(f"/v1/list-checks/{name}/file")).text))
    first, second, third = [line["hint"] for line in lines]
    assert third.startswith("No record that you can read has Zbigniew Oczko: Try another spelling")
    assert first.endswith("Did you mean the search beside? passport:12AB34567")
    assert second.startswith("No record that you can read has 52N043308: Check each character")


async def test_a_row_may_say_what_a_search_may(api: Api) -> None:
    """Several names and dates of a cell, of which one is right, and whom they find; one bad cell is its row's own."""
    api.hold(record("fr-pj"), record("be-fp", entities=[{"id": "o1", "type": "organisation", "names": PETROV}]))
    head = "id,type,name,nickname,born,birthplace,nationality\n"
    person, body = (
        "A1,person,Ivan Petrov|Boris Savin,Vanya,1980-05-01|1971,Tver,RU\n",
        "A2,Organisation,Ivan Petrov,,,,\n",
    )
    wrong = "A3,,Ivan Petrov,,,,Atlantis\nA4,gang,Ivan Petrov,,,,\nA5,person,,,,,RU\n"
    name = await uploaded(api, head + person + body + wrong)
    await worked(api)
    found = await rows(api, name)
    assert [[match["case"] for match in row["matches"]] for row in found] == [["fr-pj:1"], ["be-fp:1"], [], [], []]
    assert [row["problem"] and row["problem"].split(":")[0] for row in found] == [
        None, None, "nationality", "type", "nothing to search for; enter a name, number, phone, plate or place",
    ]  # fmt: skip


async def test_rows_that_were_not_put_to_hit_only_records_say_so(api: Api) -> None:
    """In pages, files, filters and counts, and alike whether or not a hit-only record would have answered."""
    api.runtime.hits.spend(ANNA, api.now, api.settings.hit_budget)
    api.hold(record("nl-np", code="H2"))
    text = "id,name,born\nA1,Ivan Petrov,1980-05-01\nA2,Zbigniew Oczko,1970-01-01\nA3,Zbigniew Oczko,\nA4,,\n"
    name = await uploaded(api, text)
    await worked(api)
    found = await rows(api, name)
    assert [(row["hits"], row["not_asked"]) for row in found] == [([], "budget"), ([], "budget"), ([], ""), ([], "")]
    assert (await api.get(f"/v1/list-checks/{name}")).json()["list"]["not_asked"] == 2
    table = list(csv.DictReader(io.StringIO((await api.get(f"/v1/list-checks/{name}/file")).text)))
    said = "Hit-only records not asked: today's hits are used up"
    assert [line["not_asked"] for line in table] == [said, said, "", ""]
    for kept, ids in (("not_asked", ["A1", "A2"]), ("none", ["A3"]), ("problem", ["A4"])):
        page = (await api.get(f"/v1/list-checks/{name}/results", params={"found": kept})).json()
        assert [row["id"] for row in page["rows"]] == ids


async def test_the_row_that_takes_the_last_hit_says_that_no_more_were_asked(api: Api) -> None:
    api.runtime.hits.spend(ANNA, api.now, api.settings.hit_budget - 1)
    api.hold(record("nl-np", code="H2"))
    name = await uploaded(api, "name,born\nIvan Petrov,1980-05-01\n")
    await worked(api)
    (line,) = csv.DictReader(io.StringIO((await api.get(f"/v1/list-checks/{name}/file")).text))
    assert (line["view"], line["not_asked"]) == ("hit", "Further hit-only records not asked: today's hits are used up")


async def test_each_row_is_audited_as_a_search_of_its_requester(api: Api) -> None:
    api.hold(record("fr-pj"), record("nl-np", code="H2"))
    name = await uploaded(api)
    await worked(api)
    searches = [act for act in api.audit.acts if act.kind is ActKind.SEARCH]
    assert {act.request for act in searches} == {f"{name}-1", f"{name}-2"}
    assert {(act.subject, act.purpose, act.case_reference) for act in searches} == {("anna", "investigation", "2026/1")}
    assert {case.case for act in searches for case in act.shown} == {"fr-pj:1", "nl-np:1"}
    assert api.runtime.hits.remaining(ANNA, api.now) == api.settings.hit_budget - 1


async def test_what_is_fetched_is_held_against_rights_again(api: Api) -> None:
    api.hold(record("be-fp"), record("nl-np", code="H2"))
    name = await uploaded(api)
    await worked(api)
    api.hold(record("be-fp", code="H3", version=2), record("nl-np", code="H3", version=2))
    first = (await rows(api, name))[0]
    assert (first["matches"], first["hits"]) == ([], [])
    assert api.audit.acts[-2].shown == ()


async def test_a_list_is_its_subjects_alone(api: Api) -> None:
    name = await uploaded(api)
    for who in (BERT, make_requester("fr-pj", Role.SUPERVISOR, subject="chief")):
        for path in ("", "/results", "/file"):
            assert (await api.get(f"/v1/list-checks/{name}{path}", who=who)).status_code == 404
        assert (await api.get("/v1/list-checks", who=who)).json()["lists"] == []
    assert [one["id"] for one in (await api.get("/v1/list-checks")).json()["lists"]] == [name]


async def test_a_name_leads_nowhere_else(api: Api) -> None:
    own, other = await uploaded(api), await uploaded(api, who=BERT)
    (folder,) = (path.name for path in (api.settings.home / "lists").glob(f"*.{other}"))
    for name in (f"{own}/../{folder}", f"{own}/../../x", "", ".", own.upper()):
        with pytest.raises(NotFoundError):
            await read_list_check(api.session(ANNA), name)


async def test_work_goes_on_where_a_process_died(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies after a step was asked and before it is kept: the step's rows are asked again, no others."""
    api.hold(record("fr-pj"))
    name = await uploaded(api, "name\n" + "Ivan Petrov\n" * (3 * STEP))
    kept = api.runtime.lists.append
    steps: list[int] = []

    def dies(*given: Any) -> None:
        if len(steps) == 1:
            raise KeyboardInterrupt
        steps.append(1)
        kept(*given)

    monkeypatch.setattr(api.runtime.lists, "append", dies)
    with pytest.raises(KeyboardInterrupt):
        await run_round(api.runtime)
    (folder,) = (api.settings.home / "lists").iterdir()
    with (folder / "found").open("ab") as file:
        file.write(b"a line that was cut sh")
    monkeypatch.undo()
    await worked(api)
    assert [row["row"] for row in await rows(api, name)] == list(range(1, 3 * STEP + 1))
    asked = [act.request for act in api.audit.acts if act.kind is ActKind.SEARCH]
    assert sorted(asked) == sorted(f"{name}-{row}" for row in [*range(1, 3 * STEP + 1), *range(STEP + 1, 2 * STEP + 1)])


async def test_nothing_is_asked_while_it_cannot_be_recorded(api: Api) -> None:
    name = await uploaded(api)
    api.audit.away = True
    with pytest.raises(UnavailableError):
        await run_round(api.runtime)
    api.audit.away = False
    assert (await api.get(f"/v1/list-checks/{name}")).json()["list"]["done"] == 0
    await worked(api)
    assert len(await rows(api, name)) == 4


async def test_a_row_that_meets_a_fault_of_ours_holds_up_no_other(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(session: Any, asked: Any) -> Any:
        raise ValueError(asked.question)

    name = await uploaded(api)
    monkeypatch.setattr("pipeline.api.list_worker.search", broken)
    await worked(api)
    assert {row["problem"] for row in await rows(api, name)} == {"this row could not be checked"}
    assert "Petrov" not in caplog.text


@pytest.mark.parametrize("damaged", ["asked", "found"])
async def test_a_damaged_list_says_so_and_holds_up_no_other(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    monkeypatch.setattr("pipeline.api.list_worker.STEPS_A_TURN", 1)
    name = await uploaded(api, "name\n" + (3 * STEP) * "Ivan Petrov\n")
    await run_round(api.runtime)
    other = await uploaded(api, who=BERT)
    (file,) = (api.settings.home / "lists").glob(f"*{name}/{damaged}")
    file.write_bytes(file.read_bytes()[:50])
    await worked(api)
    assert (await api.get(f"/v1/list-checks/{other}", who=BERT)).json()["list"]["state"] == "done"
    assert f"list {name} can't be worked on: its file is damaged" in caplog.text
    for path in ("results", "results?found=none", "records"):
        answer = await api.get(f"/v1/list-checks/{name}/{path}")
        said = "what was kept of this list is damaged; delete it and check the list again"
        assert (answer.status_code, answer.json()["detail"]) == (409, said)
    assert [one["id"] for one in (await api.get("/v1/list-checks")).json()["lists"]] == [name]
    assert (await api.request("DELETE", f"/v1/list-checks/{name}")).status_code == 200


async def test_a_done_list_costs_the_idle_server_no_reading_and_a_page_of_it_its_own_rows(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 100,000 rows as of one: counted by what is opened and decrypted."""
    lists = api.runtime.lists
    job = ListJob("b" * 32, ANNA, api.session(ANNA).grounds, "en", api.now, 100_000)
    lists.add(job, (ListRow(question="ivan"),) * job.rows)
    (folder,) = api.settings.list_folder.iterdir()
    found = RowFile(folder / "found", ListRowFindings, api.runtime.cipher, job.created)
    for name, content in found.seal((ListRowFindings(),) * job.rows).items():
        (folder / name).write_bytes(content)
    await run_round(api.runtime)
    with counted_reads(monkeypatch) as idle:
        for _ in range(10):
            assert not await run_round(api.runtime, sweeps=False)
    assert idle == Counter()
    with counted_reads(monkeypatch) as swept:
        await run_round(api.runtime)
    assert swept == Counter({"job": 2, "decrypted": 1}), "whose list it is and when it ends"
    with counted_reads(monkeypatch) as told:
        answer = await read_list_check(api.session(ANNA), job.id)
    assert (answer.list.done, answer.list.rows, answer.list.state) == (100_000, 100_000, "done")
    assert told["asked"] == told["found"] == 0
    pages = PageCursor(api.session(ANNA), "list", job.grounds.purpose, job.id, ListFilter())
    with counted_reads(monkeypatch) as paged:
        page = await read_results(api.session(ANNA), job.id, 50, pages.seal([70_000]))
    assert [row.row for row in page.rows] == list(range(70_001, 70_051))
    blocks = 2 * -(-50 // STEP)
    assert (paged["asked"], paged["found"]) == (1, 1)
    assert paged["decrypted"] <= blocks + 4, "those of the rows, and job and act"


async def test_a_page_of_found_records_reads_no_rows_but_those_that_it_tells(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 60 records, each found by 80 rows: once all rows are asked, what found a record is written down with it."""
    api.hold(*(record("fr-pj", f"{at:02}") for at in range(60)))
    lists = api.runtime.lists
    job = ListJob("b" * 32, ANNA, api.session(ANNA).grounds, "en", api.now, 80 * 60)
    lists.add(job, tuple(ListRow(own=str(at), question="ivan") for at in range(job.rows)))
    step = [
        ListRowFindings((CaseFinding(f"fr-pj:{at % 60:02}", 1500, Band.CERTAIN if at < 60 else Band.POSSIBLE),))
        for at in range(job.rows)
    ]
    for at in range(0, job.rows - STEP, STEP):
        lists.append(job, tuple(step[at : at + STEP]))
    begun = await list_found_records(api.session(ANNA), job.id, 1)
    assert (begun.records[0].case, begun.records[0].count) == ("fr-pj:00", 80), "while the last rows are asked"
    lists.append(job, tuple(step[-STEP:]))
    first = await list_found_records(api.session(ANNA), job.id, 7)
    following, told = first.next, [*first.records]
    while following:
        with counted_reads(monkeypatch) as read:
            page = await list_found_records(api.session(ANNA), job.id, 7, following)
        assert read["found"] == 0
        rows_told = {(entry.row - 1) // STEP for one in page.records for entry in one.entries}
        assert read["decrypted"] <= 2 * len(rows_told) + 16, "blocks of rows, also of the record behind, and of records"
        told, following = [*told, *page.records], page.next
    assert [one.case for one in told] == [f"fr-pj:{at:02}" for at in range(60)]
    for at, one in enumerate(told):
        assert (one.count, one.band) == (80, Band.CERTAIN)
        assert [(entry.row, entry.id) for entry in one.entries] == [
            (60 * n + at + 1, str(60 * n + at)) for n in range(20)
        ]


async def test_a_file_of_a_list_reads_each_row_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.hold(record("fr-pj"))
    name = await uploaded(api, "name\n" + 60 * STEP * "Ivan Petrov\n" + "Oczko\n")
    await worked(api)
    opened: list[bytes] = []
    open_block = RowFile._open_block

    def count(file: Any, line: bytes) -> Any:
        opened.append(line)
        return open_block(file, line)

    monkeypatch.setattr(RowFile, "_open_block", count)
    table = await tabulate_list(api.session(ANNA), name)
    assert len(table.rows) == 60 * STEP + 1
    assert len(opened) == len(set(opened)) == 2 * 61
    for form in get_args(ListFileFormat):
        opened.clear()
        async for _ in export_results(api.session(ANNA), name, form):
            pass
        assert len(opened) == len(set(opened)) == 2 * 61, form


@contextmanager
def counted_reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often each file of a list is opened, by its name, and how many texts are decrypted."""
    found: Counter[str] = Counter()
    with monkeypatch.context() as patch:
        for owner, name in ((Path, "open"), (QueryCipher, "decrypt")):
            call = getattr(owner, name)

            def count(own: Any, *given: Any, call: Any = call, **more: Any) -> Any:
                found[own.name if isinstance(own, Path) else "decrypted"] += 1
                return call(own, *given, **more)

            patch.setattr(owner, name, count)
        yield found


async def test_one_process_works_on_a_list_at_a_time_and_lists_take_turns(api: Api) -> None:
    api.hold(record("fr-pj"))
    long = await uploaded(api, "name\n" + "Oczko\n" * (STEPS_A_TURN * STEP + 1))
    short = await uploaded(api, who=BERT)
    (job,) = api.runtime.lists.list_jobs(ANNA)
    with api.runtime.lists.lock_job(job) as mine:
        assert mine
        assert not await run_round(api.runtime)
    assert (await api.get(f"/v1/list-checks/{long}")).json()["list"]["done"] == 0
    assert (await api.get(f"/v1/list-checks/{short}", who=BERT)).json()["list"]["state"] == "done"
    assert await run_round(api.runtime)
    assert (await api.get(f"/v1/list-checks/{long}")).json()["list"]["done"] == STEPS_A_TURN * STEP
    assert not await run_round(api.runtime)


async def test_the_same_key_is_the_same_list(api: Api) -> None:
    first, again = [await uploaded(api, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert first == again
    assert await uploaded(api, who=BERT, **{"Idempotency-Key": "k"}) != first
    assert await uploaded(api) != await uploaded(api)


async def test_a_list_ends_after_a_day_or_when_it_is_deleted(api: Api) -> None:
    kept, deleted = await uploaded(api), await uploaded(api)
    assert (await api.request("DELETE", f"/v1/list-checks/{deleted}")).status_code == 200
    assert (await api.request("DELETE", f"/v1/list-checks/{deleted}")).status_code == 404
    await worked(api)
    folder = api.settings.home / "lists"
    assert len(list(folder.iterdir())) == 1
    (folder / f".{0:032x}").mkdir()
    api.now += LASTS
    assert (await api.get(f"/v1/list-checks/{kept}")).status_code == 404
    api.now += timedelta(days=400)  # the draft's age is by the file system's clock
    await worked(api)
    assert list(folder.iterdir()) == []


async def kept_until(api: Api, name: str, days: int, who: Any = ANNA, reference: str = "2026/1") -> Any:
    """The answer to keeping a list for so many days from now."""
    until = {"until": (api.now + timedelta(days=days)).isoformat()}
    stated = {**GROUNDS, "Liaison-Case-Reference": reference}
    return await api.request("PUT", f"/v1/list-checks/{name}/kept", who, stated, json=until)


async def test_a_list_is_kept_for_its_case_until_a_date_and_renewed(api: Api) -> None:
    api.hold(record("be-fp", to=("FR",)))
    name = await uploaded(api)
    await worked(api)
    answer = await kept_until(api, name, 30)
    assert answer.json()["list"]["expires"] == (api.now + timedelta(days=30)).isoformat()
    assert orjson.loads(api.runtime.cipher.decrypt(api.audit.acts[-1].query, api.now)) == {
        "list_check": name,
        "kept_until": (api.now + timedelta(days=30)).isoformat(),
    }
    api.now += timedelta(days=29)
    await worked(api)
    assert [one["case"] for one in (await rows(api, name))[0]["matches"]] == ["be-fp:1"]
    assert (await kept_until(api, name, 90)).status_code == 200
    api.now += timedelta(days=91)
    assert (await api.get(f"/v1/list-checks/{name}")).status_code == 404
    await worked(api)
    assert list(api.settings.list_folder.iterdir()) == []


@pytest.mark.parametrize(("days", "reference"), [(91, "2026/1"), (0, "2026/1"), (-1, "2026/1"), (9, "2026/2")])
async def test_a_list_is_kept_neither_too_long_nor_for_another_case(api: Api, days: int, reference: str) -> None:
    name = await uploaded(api)
    assert (await kept_until(api, name, days, reference=reference)).status_code == 422
    api.now += LASTS
    assert (await api.get(f"/v1/list-checks/{name}")).status_code == 404


async def test_only_its_owner_keeps_a_list(api: Api) -> None:
    name = await uploaded(api)
    for who in (BERT, make_requester("fr-pj", subject="carl")):
        assert (await kept_until(api, name, 9, who)).status_code == 404


async def test_kept_lists_leave_room_for_others_and_are_few(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_checks, "MOST_LISTS", 1)
    monkeypatch.setattr(list_checks, "MOST_KEPT", 2)
    first = await uploaded(api)
    assert (await kept_until(api, first, 9)).status_code == 200
    second = await uploaded(api)
    assert (await kept_until(api, second, 9)).status_code == 200
    third = await uploaded(api)
    assert (await kept_until(api, third, 9)).status_code == 409
    assert (await kept_until(api, first, 20)).status_code == 200


async def test_nothing_of_a_list_is_readable_in_its_files_or_in_the_log(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    api.hold(record("fr-pj"))
    await uploaded(api)
    await worked(api)
    files = [file for file in (api.settings.home / "lists").rglob("*") if file.is_file()]
    assert {file.name for file in files} == {"job", "asked", "asked.at", "found", "found.at", "lock"}
    for content in (*(file.read_bytes() for file in files), caplog.text.encode()):
        assert not any(word in content for word in (b"Petrov", b"anna", b"fr-pj", b"1980", b"Oczko"))
    assert all(file.parent.stat().st_mode & 0o077 == 0 for file in files)


async def test_an_agency_that_left_asks_nothing_more(api: Api) -> None:
    await uploaded(api)
    api.agencies["fr-pj"] = Agency("fr-pj", "FR", state=AgencyState.REMOVED)
    await worked(api)
    assert list((api.settings.home / "lists").iterdir()) == []
    assert ActKind.SEARCH not in api.audit.kinds()


async def test_pages_and_files_hold_every_row(api: Api) -> None:
    api.hold(record("fr-pj", title="=1+1"), record("be-fp"))
    name = await uploaded(api, "id,name\n" + "=2,Ivan Petrov\n" + "b,Oczko\n" * 9)
    await worked(api)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await api.get(f"/v1/list-checks/{name}/results", params={"limit": 4, "cursor": cursor})).json()
        seen += [row["row"] for row in page["rows"]]
        cursor = page["next"]
    assert seen == list(range(1, 11))
    table = list(csv.DictReader(io.StringIO((await api.get(f"/v1/list-checks/{name}/file")).text)))
    assert [(line["row"], line["id"], line["case"], line["title"]) for line in table[:3]] == [
        ("1", "'=2", "be-fp:1", "Affair 1"), ("1", "'=2", "fr-pj:1", "'=1+1"), ("2", "b", "", ""),
    ]  # fmt: skip
    assert len(table) == 11


def long(rows: int) -> Iterator[bytes]:
    yield b"name\n"
    yield b"x\n" * rows


@pytest.mark.parametrize(
    ("raw", "form", "told"),
    [
        (b"", "csv", "is empty"), (b"name\n", "csv", "is empty"), (b"nom\nx\n", "csv", "line 1: unknown column"),
        (b"\xff", "csv", "UTF-8"), (b'name\n"x', "csv", "line 2"), (b"name\nx,y\n", "csv", "line 2"),
        (b'name,born\n"a, "x" b"\n', "csv", "line 2"), (b"%PDF-1.7\n", "csv", "line 1"),
        (b"{}\n[1]\n", "ndjson", "line 2"), (b"[" * 100_000, "ndjson", "line 1"),
        (b'{"name":{"a":1}}', "ndjson", "line 1"),
        (b"".join(long(MOST_ROWS + 1)), "csv", "more than 10000 rows"), (b" " * (MOST_BYTES + 1), "csv", "larger"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_says_where(raw: bytes, form: Any, told: str) -> None:
    with pytest.raises(ListError) as raised:
        parse_rows(raw, form)
    assert told in str(raised.value)
    assert "x" not in str(raised.value).replace("text", "")


def test_cells_become_a_question() -> None:
    assert [row.question for row in parse_rows('﻿name;born;plate\nA "B" C|D;1980;AB?12*\n'.encode(), "csv")] == [
        'name:"A  B  C" name:"D" born:"1980" plate:"AB?12*"'
    ]
    (row,) = parse_rows(b'{"id":"1","country":"fr","phone":["0612345678",""],"question":"ivan"}\n\n', "ndjson")
    assert (row.own, row.country, row.question) == ("1", "FR", 'ivan phone:"0612345678"')
    short = parse_rows(b"name,born,city\nIvan,1980\n,,\n\nAnna\n", "csv")
    assert [row.question for row in short] == ['name:"Ivan" born:"1980"', 'name:"Anna"']
    (row,) = parse_rows(b"name,name\nIvan,Vanya\n", "csv")
    assert row.question == 'name:"Ivan" name:"Vanya"'


async def test_what_is_too_large_is_not_read_to_its_end(api: Api, tmp_path: Path) -> None:
    answer = await api.request("POST", "/v1/list-checks", content=b"x" * (MOST_BYTES + 1))
    assert answer.status_code == 413
    assert not (api.settings.home / "lists").exists()


async def test_a_subject_has_so_many_lists(api: Api) -> None:
    for _ in range(10):
        await uploaded(api)
    answer = await api.request("POST", "/v1/list-checks", content=LIST.encode())
    assert (answer.status_code, answer.json()["detail"]) == (409, "you have 10 lists already; delete one first")


async def test_other_roles_have_no_lists(api: Api) -> None:
    auditor = make_requester("fr-pj", Role.AUDITOR)
    assert (await api.request("POST", "/v1/list-checks", auditor, content=LIST.encode())).status_code == 403
    assert (await api.get("/v1/list-checks", who=auditor)).status_code == 403
