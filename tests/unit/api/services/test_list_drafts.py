"""A table becomes a list once, as its columns are mapped; bad ones are refused with a word."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.access.query_cipher import QueryCipher
from pipeline.api import list_planning
from pipeline.api.list_planning import IN_PLACE_BYTES, MOST_BYTES, MOST_ROWS
from pipeline.api.list_worker import run_round
from pipeline.api.services.list_drafts import MOST_DRAFTS
from pipeline.ops.kept_lists import LASTS
from pipeline.search.questions import parse_question
from support.access.requesters import ANNA, BERT
from support.api.runtime import GROUNDS, Api
from support.feeds.workbooks import write_open_document, write_workbook
from support.records.builder import record

TABLE = "Réf;Nom;Prénom;Né le;Siège\nA1;Petrov;Ivan;01/05/1980;12A\nA2;Petrov;Ivan;31/12/1999;\nA3;;;vers 60;\n"


async def uploaded(api: Api, content: str | bytes = TABLE, who: Any = ANNA, status: int = 201, key: str = "") -> Any:
    raw = content if isinstance(content, bytes) else content.encode()
    told = {**GROUNDS, "Content-Type": "application/octet-stream", "Idempotency-Key": key}
    answer = await api.request("POST", "/v1/list-drafts?title=people.csv", who, told, content=raw)
    assert answer.status_code == status, answer.text
    return answer.json()["draft"] if status == 201 else answer.json()["detail"]


async def changed(api: Api, name: str, **change: Any) -> Any:
    return await api.request("PUT", f"/v1/list-drafts/{name}", ANNA, GROUNDS, json=change)


async def checked(api: Api, name: str, who: Any = ANNA) -> Any:
    return await api.request("POST", f"/v1/list-drafts/{name}/check", who, GROUNDS)


async def results(api: Api, name: str, query: str = "") -> list[dict[str, Any]]:
    while await run_round(api.runtime):
        pass
    found: list[dict[str, Any]] = (await api.get(f"/v1/list-checks/{name}/results{query}")).json()["rows"]
    return found


async def test_columns_are_guessed_and_the_first_rows_shown_as_they_would_be_asked(api: Api) -> None:
    draft = await uploaded(api)
    assert [column["target"] for column in draft["columns"]] == ["id", "family", "given", "born", ""]
    assert draft["preview"][0] == {"line": 2, "id": "A1", "question": 'name:"Ivan Petrov" born:"1980-05-01"'}
    assert {hint["kind"] for hint in draft["hints"]} == {"no_query", "unread_column", "unread_value"}
    assert api.engine.calls == []


async def test_columns_are_guessed_by_the_abbreviations_that_registers_use(api: Api) -> None:
    table = "Nom et prénom;D.N.;N° pass;Imm.;D.O.B.\nPetrov Ivan;01/05/1980;12AB34567;AB-123-CD;\n"
    draft = await uploaded(api, table)
    assert [column["target"] for column in draft["columns"]] == ["name", "born", "number", "plate", "born"]


async def test_a_list_asks_what_its_preview_said(api: Api) -> None:
    api.hold(record("fr-pj"), record("nl-np", code="H2"))
    draft = await uploaded(api)
    answer = await checked(api, draft["id"])
    assert (answer.status_code, answer.json()["list"]["id"], answer.json()["list"]["title"]) == (
        202, draft["id"], "people.csv",
    )  # fmt: skip
    first, second, third = await results(api, draft["id"])
    assert (first["line"], first["id"], first["query"]) == (2, "A1", draft["preview"][0]["question"])
    assert [match["case"] for match in first["matches"]] == ["fr-pj:1"]
    compared = [(one["field"], one["level"]) for one in first["matches"][0]["compared"]]
    assert compared == [("name", "same"), ("birth_date", "same")]
    assert [hit["agency"] for hit in first["hits"]] == ["nl-np"]
    assert set(first["hits"][0]) == {"view", "reference", "agency", "contact", "band", "request"}
    assert (third["id"], third["query"], bool(third["problem"])) == ("A3", "", True)
    assert second["query"] == 'name:"Ivan Petrov" born:"1999-12-31"'


async def test_columns_are_mapped_by_hand(api: Api) -> None:
    draft = await uploaded(api)
    answer = (await changed(api, draft["id"], targets=["", "alias", "", "", "text"])).json()["draft"]
    assert answer["preview"][0]["question"] == 'alias:"Petrov" text:"12A"'
    kept = (await api.get(f"/v1/list-drafts/{draft['id']}")).json()["draft"]
    assert kept == answer


async def test_a_draft_is_planned_once_for_a_mapping_and_never_to_be_looked_at(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planning reads every row as a question: 0.8 s for the largest list, which a look at it would take again."""
    asked: list[str] = []

    def parse(question: str) -> object:
        asked.append(question)
        return parse_question(question)

    monkeypatch.setattr(list_planning, "parse_question", parse)
    draft = await uploaded(api)
    assert sum("name:" in question for question in asked) == 2
    asked.clear()
    for _ in range(3):
        assert (await api.get(f"/v1/list-drafts/{draft['id']}")).json()["draft"] == draft
    assert asked == []
    targets = ["", "alias", "", "", ""]
    mapped = (await changed(api, draft["id"], targets=targets)).json()["draft"]
    assert len(asked) == 2
    assert (await changed(api, draft["id"], targets=targets)).json()["draft"] == mapped
    assert len(asked) == 2, "the same mapping again is planned already"


@pytest.mark.rare
async def test_a_large_table_is_planned_by_another_process(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread of the server that plans takes the interpreter from whoever answers others; the answer is the same."""
    asked: list[str] = []
    monkeypatch.setattr(list_planning, "parse_question", asked.append)
    rows = 2 + IN_PLACE_BYTES // len("Ivan Petrov 1")
    draft = await uploaded(api, "name\n" + "".join(f"Ivan Petrov {n}\n" for n in range(rows)))
    assert [column["target"] for column in draft["columns"]] == ["name"]
    assert draft["preview"][0]["question"] == 'name:"Ivan Petrov 0"'
    assert (await checked(api, draft["id"])).json()["list"]["rows"] == rows
    assert asked == []


async def test_a_draft_that_is_looked_at_or_listed_leaves_its_rows_sealed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To decrypt and decode 4 MB takes the interpreter for 90 ms, five times for a list of drafts."""
    draft = await uploaded(api)
    opened = list[str]()
    decrypt = QueryCipher.decrypt

    def count(cipher: QueryCipher, sealed: str, at: datetime) -> str:
        opened.append(text := decrypt(cipher, sealed, at))
        return text

    monkeypatch.setattr(QueryCipher, "decrypt", count)
    await api.get(f"/v1/list-drafts/{draft['id']}")
    await api.get("/v1/list-drafts")
    assert len(opened) == 2
    assert not any('"unread"' in text for text in opened), "a field of the rows' alone"


async def test_what_takes_too_long_to_plan_is_refused_with_a_word(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.api.list_planning.IN_PLACE_BYTES", 0)
    monkeypatch.setattr("pipeline.api.list_planning.MAX_WAIT_S", 0)
    assert await uploaded(api, status=422) == "the list takes too long to be planned; split it"
    assert len(api.runtime.costly) == 0


@pytest.mark.parametrize("targets", [["name"], ["name", "x", "", "", ""]])
async def test_a_mapping_that_fits_no_column_is_refused(api: Api, targets: list[str]) -> None:
    draft = await uploaded(api)
    assert (await changed(api, draft["id"], targets=targets)).status_code == 422


async def test_a_list_needs_a_column_to_search(api: Api) -> None:
    draft = await uploaded(api)
    await changed(api, draft["id"], targets=["id", "", "", "", "country"])
    assert (await checked(api, draft["id"])).status_code == 422


async def test_the_file_is_read_anew_in_another_way(api: Api, tmp_path: Path) -> None:
    draft = await uploaded(api, "Имя;Дата\nИван;25.11.1982\n".encode("cp1251"))
    assert draft["encoding"] == "cp1252"
    mended = (await changed(api, draft["id"], encoding="cp1251")).json()["draft"]
    assert (mended["encoding"], mended["columns"][0]["name"]) == ("cp1251", "Имя")
    plain = (await changed(api, draft["id"], header=False)).json()["draft"]
    assert (plain["rows"], plain["encoding"]) == (2, "cp1251")
    book = write_workbook(tmp_path / "b.xlsx", {"A": [["x"], ["y"]], "B": [["name"], ["Ivan Petrov"]]}).read_bytes()
    second = (await changed(api, (await uploaded(api, book))["id"], sheet="B")).json()["draft"]
    assert second["preview"][0]["question"] == 'name:"Ivan Petrov"'
    for wrong in ({"sheet": "C"}, {"encoding": "ebcdic"}):
        assert (await changed(api, second["id"], **wrong)).status_code == 422


async def test_a_draft_is_checked_once(api: Api) -> None:
    draft = await uploaded(api)
    first, again = await checked(api, draft["id"]), await checked(api, draft["id"])
    assert first.json()["list"] == again.json()["list"]
    assert len((await api.get("/v1/list-checks")).json()["lists"]) == 1
    assert (await api.get("/v1/list-drafts")).json()["drafts"] == []


async def test_a_crash_between_list_and_draft_leaves_one_list(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = await uploaded(api)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(api.runtime.lists, "delete_draft", dies)
        with pytest.raises(KeyboardInterrupt):
            await checked(api, draft["id"])
    assert (await checked(api, draft["id"])).status_code == 202
    assert len((await api.get("/v1/list-checks")).json()["lists"]) == 1


async def test_an_upload_that_is_sent_again_is_one(api: Api) -> None:
    first, again = await uploaded(api, key="k1"), await uploaded(api, key="k1")
    assert first["id"] == again["id"]
    assert len((await api.get("/v1/list-drafts")).json()["drafts"]) == 1


async def test_a_draft_is_its_subjects_alone_and_for_a_day(api: Api) -> None:
    name = (await uploaded(api))["id"]
    assert (await api.get(f"/v1/list-drafts/{name}", who=BERT)).status_code == 404
    assert (await checked(api, name, BERT)).status_code == 404
    assert (await api.get("/v1/list-drafts", who=BERT)).json()["drafts"] == []
    api.now += LASTS + timedelta(seconds=1)
    assert (await api.get(f"/v1/list-drafts/{name}")).status_code == 404


async def test_a_draft_is_deleted(api: Api) -> None:
    name = (await uploaded(api))["id"]
    assert (await api.request("DELETE", f"/v1/list-drafts/{name}", ANNA, GROUNDS)).status_code == 200
    assert (await api.get(f"/v1/list-drafts/{name}")).status_code == 404


async def test_too_many_drafts_are_refused(api: Api) -> None:
    for _ in range(MOST_DRAFTS):
        await uploaded(api)
    assert "unfinished" in await uploaded(api, status=409)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"name\n", "empty"),
        (b"%PDF-1.7", "can't be read as a table"),
        ("name\n" + "Ivan\n" * (MOST_ROWS + 1), "more than"),
        ("a," * 200 + "a\n" + "1," * 200 + "1\n", "columns"),
    ],
    ids=["nothing", "header alone", "PDF", "long", "wide"],
)
async def test_what_is_no_list_is_refused_with_a_word(api: Api, content: str | bytes, word: str) -> None:
    assert word in await uploaded(api, content, status=422)
    assert (await api.get("/v1/list-drafts")).json()["drafts"] == []


async def test_what_is_too_large_is_refused_before_it_is_read(api: Api) -> None:
    told = {**GROUNDS, "Content-Type": "text/csv"}
    answer = await api.request("POST", "/v1/list-drafts", ANNA, told, content=b"x" * (MOST_BYTES + 1))
    assert answer.status_code == 413


async def test_rows_are_filtered_by_what_was_found(api: Api) -> None:
    api.hold(record("fr-pj"))
    draft = await uploaded(api)
    await checked(api, draft["id"])
    everything = await results(api, draft["id"])
    found = {name: [row["id"] for row in await results(api, draft["id"], f"?found={name}")] for name in
             ("match", "weak", "none", "problem")}  # fmt: skip
    assert sorted(one for some in found.values() for one in some) == [row["id"] for row in everything]
    assert (found["match"][0], found["problem"]) == ("A1", ["A3"])
    certain = await results(api, draft["id"], "?band=certain")
    assert [row["id"] for row in certain] == ["A1"]
    assert (await api.get(f"/v1/list-checks/{draft['id']}/results?band=sure")).status_code == 422


async def test_a_filter_goes_on_where_a_page_ends(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page looks at so many rows and no more; none is missed or comes twice, whatever the size of a page."""
    monkeypatch.setattr("pipeline.api.services.list_results.MOST_SCANNED", 8)
    monkeypatch.setattr("pipeline.api.services.list_results.MOST", 4)
    api.hold(record("fr-pj"))
    wanted = [number for number in range(40) if number % 7 == 0]
    rows = "".join(f"{n},{'Ivan Petrov,1980-05-01' if n in wanted else 'Zbigniew Oczko,'}\n" for n in range(40))
    draft = await uploaded(api, f"id,name,born\n{rows}")
    await checked(api, draft["id"])
    await results(api, draft["id"])
    for limit in (1, 3, 50):
        seen, cursor = list[str](), ""
        while True:
            query = f"?found=match&limit={limit}&cursor={cursor}"
            page = (await api.get(f"/v1/list-checks/{draft['id']}/results{query}")).json()
            assert len(page["rows"]) <= limit
            seen += [row["id"] for row in page["rows"]]
            if page["next"] is None:
                break
            cursor = page["next"]
        assert seen == [str(number) for number in wanted]


async def test_what_is_filtered_out_was_not_shown(api: Api) -> None:
    api.hold(record("fr-pj"))
    draft = await uploaded(api)
    await checked(api, draft["id"])
    await results(api, draft["id"])
    await api.get(f"/v1/list-checks/{draft['id']}/results?found=problem")
    assert api.audit.acts[-1].shown == ()
    answer = await api.get(f"/v1/list-checks/{draft['id']}/file?form=csv&found=problem")
    assert "fr-pj:1" not in answer.text
    assert "A3" in answer.text


async def test_a_filter_follows_rights_that_changed_since(api: Api) -> None:
    api.hold(record("be-fp"))
    draft = await uploaded(api)
    await checked(api, draft["id"])
    assert [row["id"] for row in await results(api, draft["id"], "?found=match")] == ["A1"]
    api.hold(record("be-fp", code="H3", version=2))
    assert await results(api, draft["id"], "?found=match") == []
    assert "A1" in [row["id"] for row in await results(api, draft["id"], "?found=none")]


async def test_formulas_in_a_file_are_no_formulas_in_its_export(api: Api) -> None:
    draft = await uploaded(api, "id,name\n=1+1,Ivan Petrov\n")
    await checked(api, draft["id"])
    await results(api, draft["id"])
    answer = await api.get(f"/v1/list-checks/{draft['id']}/file?form=csv")
    assert "'=1+1" in answer.text


async def test_a_table_16384_columns_wide_is_refused_with_a_word(api: Api, tmp_path: Path) -> None:
    """One cell that stands for as many, as OpenDocument writes it: a reader makes all of them."""
    path = write_open_document(tmp_path / "wide.ods", [["Ivan*16384"], ["Ivan"]])
    assert await uploaded(api, path.read_bytes(), status=422) == "the list has more than 200 columns"
    crowded = write_open_document(tmp_path / "crowded.ods", [["Ivan*16384"]], repeated=500)
    assert "delete what is outside the table" in await uploaded(api, crowded.read_bytes(), status=422)


@pytest.mark.parametrize(("head", "row"), [("Name\n", "/\n"), ("", "/\n"), ("Nom;Né le\n", "/;/\n")])
async def test_a_list_whose_every_row_is_a_slash_says_so_of_each_and_finds_nothing(
    api: Api, head: str, row: str
) -> None:
    api.hold(record("fr-pj"))
    draft = await uploaded(api, head + row * 200)
    hints = {hint["kind"]: hint["count"] for hint in draft["hints"]}
    assert hints["no_query"] == 200
    assert {preview["question"] for preview in draft["preview"]} == {""}
    answer = await checked(api, draft["id"])
    if not head:
        assert answer.status_code == 422, "there is no column to ask"
        return
    rows = await results(api, draft["id"])
    assert {(bool(each["problem"]), len(each["matches"]), len(each["hits"])) for each in rows} == {(True, 0, 0)}
