from __future__ import annotations

from datetime import timedelta

from pipeline.access.case_filters import Filters
from pipeline.access.disclosure_threads import Disclosure, Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.notices import Notice, NoticeKind, disclosure_notice
from pipeline.api.services.alerts import create_alert
from pipeline.api.services.disclosures import grant_disclosure, request_disclosure, revoke_disclosure
from pipeline.matching.bands import Band
from pipeline.streams.catalogues import topics
from pipeline.web.pages.notices import LIMIT, PAGE
from pipeline.web.vocabulary import NOTICES
from support.access.requesters import ANNA, BERT
from support.api.runtime import NOW, Api
from support.correlation.key_rings import RING
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
    ways_on = [address for address in links if not address.startswith("/notices")]
    assert ways_on == [
        "/cases/fr-pj:1",
        "/search#q=ivan+petrov+born%3A1980-05-01&country=FR&role=suspect",
    ]


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


async def tell_steps(api: Api) -> None:
    """The notices of every step of the threads so far, as the notify stage writes them."""
    for _, value in list(api.decided.values):
        if isinstance(value, Disclosure) and (notice := disclosure_notice(value, RING)):
            await api.decided.write(topics.NOTICES, notice.id, notice)


async def test_an_answer_says_what_it_is_until_when_and_whose_the_record_is(api: Api) -> None:
    api.hold(record("fr-pj", code="H2", to=("BE",), title="Vol aggravé"))
    reference = api.session(BERT).make_reference("fr-pj:1")
    wanted = DisclosureAsk("the same phone", Urgency.URGENT, NOW + timedelta(days=1))
    name = (await request_disclosure(api.session(BERT), reference, wanted)).disclosure.id
    api.now += timedelta(hours=1)
    await grant_disclosure(api.session(ANNA), name, NOW + timedelta(days=9))
    await tell_steps(api)
    said = " ".join((await opened(api, PAGE, BERT)).said().split())
    assert "Access granted until 3 Dec 2026" in said
    assert "Vol aggravé" in said
    api.now += timedelta(hours=1)
    await revoke_disclosure(api.session(ANNA), name, "it is over")
    await tell_steps(api)
    said = " ".join((await opened(api, PAGE, BERT)).said().split())
    assert said.index("Access revoked") < said.index("Access granted until 3 Dec 2026")
    assert "A record of fr-pj" in said
    assert "Vol aggravé" not in said


async def test_notices_stand_by_day_and_kind_and_are_narrowed(api: Api) -> None:
    kinds = (NoticeKind.EXPIRY, NoticeKind.HIT_TOLD, NoticeKind.EXPIRY, NoticeKind.SHARED_INTEREST)
    for number, kind in enumerate(kinds):
        told = Notice(f"n{number}", "fr-pj", kind, NOW + timedelta(minutes=number), other_agency="be-fp")
        await api.decided.write(topics.NOTICES, told.id, told)
    page = await opened(api, PAGE, ANNA, "en")
    rows = [text for _, text, _ in page.drawn() if text in {NOTICES[kind] for kind in kinds}]
    assert rows == [NOTICES[kind] for kind in ("shared_interest", "expiry", "expiry", "hit_told")]
    assert [text for tag, text, _ in page.drawn() if tag == "h2"] == ["24 Nov 2026"]
    narrowed = (await opened(api, PAGE, ANNA, "en", group="alerts")).said()
    assert NOTICES["shared_interest"] in narrowed
    assert NOTICES["expiry"] not in narrowed
    assert "No notifications" in (await opened(api, PAGE, ANNA, "en", group="access")).said()
