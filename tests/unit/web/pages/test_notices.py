from __future__ import annotations

from datetime import timedelta

from pipeline.access.case_filters import Filters
from pipeline.access.notices import Notice, NoticeKind
from pipeline.api.services.alerts import create_alert
from pipeline.matching.bands import Band
from pipeline.streams.catalogues import topics
from pipeline.web.pages.notices import LIMIT, PAGE
from support.access.requesters import ANNA, BERT
from support.api.runtime import NOW, Api
from support.records.builder import person, record
from support.web.pages import RenderedPage, opened

QUESTION = "ivan petrov born:1980-05-01"
MAN = person("Иван Петров", id="p1", birth_date="1980-05-01", role="suspect")


async def matched(api: Api, code: str) -> RenderedPage:
    """The notices of Bert's one alert, which has met a case of Anna's."""
    api.hold(record("fr-pj", code=code, to=("BE",), title="Vol aggravé", entities=[MAN]))
    filters = Filters(countries=("FR",), roles=("suspect",))
    alert = (await create_alert(api.session(BERT), QUESTION, filters=filters)).subscription.id
    told = Notice(
        "n1", "be-fp", NoticeKind.SUBSCRIPTION_MATCH, NOW, reference=api.session(BERT).make_reference("fr-pj:1"),
        subscription=alert, other_agency="fr-pj", purpose="investigation", band=Band.CERTAIN,
    )  # fmt: skip
    await api.decided.write(topics.NOTICES, told.id, told)
    return await opened(api, PAGE, BERT)


async def test_a_match_says_who_it_is_why_and_by_which_alert(api: Api) -> None:
    page = await matched(api, "H0")
    said = " ".join(page.said().split())
    facts = ("Иван Петров", "Ivan Petrov", "born 1 May 1980", "fr-pj:1", "Certain", "name, date of birth")
    assert [fact for fact in (*facts, "Country France", "Role suspect") if fact.lower() not in said.lower()] == []
    links = [attributes["href"] for tag, _, attributes in page.drawn() if tag == "a"]
    assert links == ["/cases/fr-pj:1", "/search#q=ivan+petrov+born%3A1980-05-01&country=FR&role=suspect"]


async def test_of_a_hit_only_record_it_says_that_there_is_one_and_whose(api: Api) -> None:
    page = await matched(api, "H2")
    said = page.said()
    assert "A record of fr-pj you have no access to" in said
    assert "Request access" in said
    for hidden in ("Иван", "Vol", "fr-pj:1", api.session(BERT).make_reference("fr-pj:1"), "1 May 1980"):
        assert hidden not in said


async def test_of_an_own_record_without_a_match_it_says_the_title(api: Api) -> None:
    api.hold(record("fr-pj", code="H3", title="Vol aggravé", entities=[MAN]))
    told = Notice(
        "n1", "fr-pj", NoticeKind.SILENT_SEARCH, NOW, "fr-pj:1", other_agency="be-fp", purpose="investigation"
    )
    await api.decided.write(topics.NOTICES, told.id, told)
    said = (await opened(api, PAGE, ANNA)).said()
    assert "Vol aggravé" in said
    assert "fr-pj:1" in said
    assert "Иван" not in said


async def test_the_newest_come_first_and_older_ones_behind_them(api: Api) -> None:
    for number in range(LIMIT + 1):
        told = Notice(f"n{number}", "fr-pj", NoticeKind.EXPIRY, NOW + timedelta(days=number))
        await api.decided.write(topics.NOTICES, told.id, told)
    page = await opened(api, PAGE, ANNA, "en")
    assert "13 Jan 2027" in page.said()
    assert "24 Nov 2026" not in page.said()
    await page.press("Older")
    assert "24 Nov 2026" in page.said()
    assert "13 Jan 2027" not in page.said()
    await page.press("Back to newest")
    assert "13 Jan 2027" in page.said()
