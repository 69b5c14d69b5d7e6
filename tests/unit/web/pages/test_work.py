from __future__ import annotations

from pipeline.api.services.alerts import create_alert
from pipeline.api.services.inbox import assign_link
from pipeline.api.services.list_checks import submit_list
from pipeline.web.pages.work import PAGE
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import RenderedPage, opened


async def shown(api: Api, language: str = "en") -> RenderedPage:
    """Anna's work: five links, one of them hers, an alert and a list."""
    api.hold(record("fr-pj", to=("BE",)), *(record("be-fp", str(number), to=("FR",)) for number in range(5)))
    links = [api.link("fr-pj:1", f"be-fp:{number}") for number in range(5)]
    await assign_link(api.session(ANNA), links[0], "anna")
    await create_alert(api.session(ANNA), "ivan petrov born:1980-05-01")
    await submit_list(api.session(ANNA), b"id,name\n1,Ivan Petrov\n", "csv")
    return await opened(api, PAGE, ANNA, language)


def counts(page: RenderedPage) -> list[tuple[str, str]]:
    """The number of each tile, and where it leads."""
    drawn = page.drawn()
    return [
        (drawn[at + 1][1], told["href"])
        for at, (tag, _, told) in enumerate(drawn)
        if tag == "a" and drawn[at + 1][0] == "strong"
    ]


async def test_each_count_leads_to_its_list(api: Api) -> None:
    assert counts(await shown(api)) == [
        ("5", "/inbox"),
        ("1", "/inbox#whose=mine"),
        ("0", "/inbox#listed=unsure"),
        ("0", "/inbox#listed=mine"),
        ("0", "/disclosures"),
        ("0", "/disclosures"),
        ("1", "/subscriptions"),
        ("0", "/subscriptions"),
        ("0", "/notices"),
        ("0", "/folders"),
    ]


async def test_lists_stand_there_with_their_progress(api: Api) -> None:
    assert "0 of 1" in (await shown(api)).said()


async def test_it_speaks_the_readers_language(api: Api) -> None:
    said = (await shown(api, "fr")).said()
    assert "Mon travail" in said
    assert "Reçues, à traiter" in said
