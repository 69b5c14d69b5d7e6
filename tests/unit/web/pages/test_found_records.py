from __future__ import annotations

from pipeline.api.list_worker import run_round
from pipeline.api.services.cross_reference import cross_reference_records
from pipeline.api.services.folders import add_items, create_folder
from pipeline.api.services.list_checks import submit_list
from pipeline.web.pages import checks
from pipeline.web.pages.found_records import LOOK_AGAIN, OTHER, PAGE
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import person, record
from support.web.pages import opened

PETROV = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
FTM = (
    b'{"id": "a-1", "schema": "Person", "properties": {"name": ["Ivan Petrov"], "birthDate": ["1980-05-01"]}}\n'
    b'{"id": "b-1", "schema": "Company", "properties": {"name": ["Nord Trade"]}}\n'
    b'{"id": "r-1", "schema": "Directorship", "properties": {"director": ["a-1"], "organization": ["b-1"]}}\n'
    b"{}\n"
)


async def worked(api: Api) -> None:
    while await run_round(api.runtime):
        pass


async def crossed(api: Api) -> str:
    """A cross-reference of Anna's record, which a Belgian one meets, not asked yet."""
    api.hold(record("fr-pj", entities=[PETROV]), record("be-fp", "7", to=("FR",), title="Import", entities=[PETROV]))
    return (await cross_reference_records(api.session(ANNA), ["fr-pj:1"], "Harbour")).list.id


async def test_records_come_as_the_list_goes_on(api: Api) -> None:
    name = await crossed(api)
    page = await opened(api, PAGE, ANNA, name=name)
    assert "No record in a band so far" in page.said()
    await worked(api)
    await page.happen(LOOK_AGAIN)
    said = page.said()
    assert "Import" in said
    assert "fr-pj:1 p1" in said
    assert "Done" in said


async def test_it_is_narrowed_to_what_another_list_or_a_folder_has(api: Api) -> None:
    name = await crossed(api)
    other = (await submit_list(api.session(ANNA), b"id,name,born\nX9,Ivan Petrov,1980-05-01\n", "csv")).list.id
    folder = (await create_folder(api.session(ANNA), "Harbour")).folder.id
    await worked(api)
    said = (await opened(api, PAGE, ANNA, name=name, **{OTHER: f"list {other}"})).said()
    assert "Import" in said
    assert "X9" in said
    empty = (await opened(api, PAGE, ANNA, name=name, **{OTHER: f"folder {folder}"})).said()
    assert "No record in a band" in empty
    await add_items(api.session(ANNA), folder, ["record be-fp:7"])
    assert "Import" in (await opened(api, PAGE, ANNA, name=name, **{OTHER: f"folder {folder}"})).said()
    assert "Import" in (await opened(api, PAGE, ANNA, name=name, **{OTHER: "nonsense"})).said()


async def test_anothers_list_is_not_there(api: Api) -> None:
    name = await crossed(api)
    assert "Not found" in (await opened(api, PAGE, BERT, name=name)).said()


async def test_rows_of_entities_say_their_ids_relations_and_what_is_wrong_with_a_line(api: Api) -> None:
    name = (await submit_list(api.session(ANNA), FTM, "ndjson", title="entities.ftm.json")).list.id
    await worked(api)
    said = (await opened(api, checks.RESULTS_PAGE, ANNA, name=name)).said()
    for told in ("entities.ftm.json", "a-1", "1 relation", "Directorship · organization", "it needs id, schema and"):
        assert told in said


async def test_a_list_is_kept_from_its_page(api: Api) -> None:
    name = await crossed(api)
    page = await opened(api, checks.RESULTS_PAGE, ANNA, name=name)
    forms = [told for tag, _, told in page.drawn() if tag == "form"]
    at = next(number for number, told in enumerate(forms) if told.get("class") is None and "action" not in told)
    await page.send(at, days="30")
    assert "24 Dec 2026" in page.said()


async def test_a_row_says_of_which_type_it_is_in_the_readers_language(api: Api) -> None:
    name = await crossed(api)
    await worked(api)
    said = " ".join((await opened(api, PAGE, ANNA, "fr", name=name)).said().split())
    assert "Ligne 1 fr-pj:1 p1 Personne Nom complet" in said
