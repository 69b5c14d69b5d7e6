"""From the fourth birth date with one name on hit-only records are not asked, over all ways to ask together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import msgspec
import orjson
import pytest

from pipeline.access.guesses import SPAN_DAYS, SPANS, AskedGuesses
from pipeline.api.answers import SearchAnswer
from pipeline.api.list_worker import run_round
from pipeline.api.metrics import REGISTRY, show_refused_guesses
from pipeline.api.problems import UnavailableError
from pipeline.api.services.alerts import create_alert, end_alert
from pipeline.api.services.list_checks import read_list_check, submit_list
from pipeline.api.services.list_results import export_results, read_results
from pipeline.api.services.search import Search, search
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import RawCase, person, record


def hidden() -> RawCase:
    passport = {"type": "passport", "value": "C01X00T47", "country": "DE"}
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-21", identifiers=[passport])
    return record("nl-np", code="H2", entities=[man])


async def ask(api: Api, question: str, share: bool = False) -> SearchAnswer:
    return await search(api.session(ANNA), Search(question, share=share))


async def test_the_fourth_date_with_a_name_is_not_asked_and_says_so_over_search_list_and_alert_together(
    api: Api,
) -> None:
    api.hold(hidden())
    assert (await ask(api, "ivan petrov 1970-01-20")).not_asked == ""
    assert (await create_alert(api.session(ANNA), "Иван Петров 1971-01-20")).not_asked == ""
    listed = (
        await submit_list(api.session(ANNA), b"name,born\nPETROV Ivan,1972-01-20\nIvan Petrov,1980-05-21\n", "csv")
    ).list
    while await run_round(api.runtime):
        pass
    rows = (await read_results(api.session(ANNA), listed.id)).rows
    assert [(row.not_asked, row.hits) for row in rows] == [("", ()), ("birth_dates", ())]
    assert (await read_list_check(api.session(ANNA), listed.id)).list.not_asked == 1
    exported = b"".join([part async for part in export_results(api.session(ANNA), listed.id, "csv")])
    assert b"three other birth dates" in exported
    late = await ask(api, "ivan petrov 1980-05-21")
    assert (late.not_asked, late.hits, late.hits_left) == ("birth_dates", (), 200)
    assert (await create_alert(api.session(ANNA), "ivan petrov 1980-05-21")).not_asked == "birth_dates"


async def test_the_limit_is_the_agencys_own_ends_and_hinders_no_date_that_was_asked(api: Api) -> None:
    api.hold(hidden())
    for born in ("1980-05-21", "1971-01-20", "1972-01-20", "1973-01-20"):
        answer = await ask(api, f"ivan petrov {born}")
    assert answer.not_asked == "birth_dates"
    assert len((await ask(api, "ivan petrov 1980-05-21")).hits) == 1
    assert (await search(api.session(BERT), Search("ivan petrov 1973-01-20"))).not_asked == ""
    assert (await ask(api, "pavel sidorov 1973-01-20")).not_asked == ""
    api.now += timedelta(days=SPANS * SPAN_DAYS)
    assert (await ask(api, "ivan petrov 1973-01-20")).not_asked == ""


async def test_numbers_of_a_type_are_counted_with_a_name_and_never_alone(api: Api) -> None:
    api.hold(hidden())
    for number in ("X0000001", "X0000002", "X0000003"):
        assert (await ask(api, f'name:"ivan petrov" {number}')).not_asked == ""
    fourth = await ask(api, 'name:"ivan petrov" C01X00T47')
    assert (fourth.not_asked, fourth.hits) == ("numbers", ())
    assert len((await ask(api, "C01X00T47")).hits) == 1
    assert len((await ask(api, 'name:"ivan petrov" born:1980-05-21 C01X00T47')).hits) == 1  # by its date


@pytest.mark.parametrize("question", ["ivan petrov", "ivan petrov 1980", "C01X00T47", "petrov 1980-05-21"])
async def test_what_guesses_no_date_with_a_name_is_not_counted(api: Api, question: str) -> None:
    await ask(api, question)
    assert api.guesses.ledger.end == 0


async def test_an_answer_about_the_limit_is_the_same_with_and_without_a_record(api: Api) -> None:
    answers: list[list[bytes]] = []
    for records in ((), (hidden(),)):
        api.hold(*records)
        api.guesses.ledger.__init__()  # type: ignore[misc]
        asked = [await ask(api, f"ivan petrov 197{year}-01-20") for year in range(9)]
        answers.append([msgspec.json.encode(answer) for answer in (*asked, await ask(api, "ivan petrov 1980-05-21"))])
    assert answers[0] == answers[1]


YEARS = [date(year, 5, 21) for year in range(1920, 2001)]
DAYS = [date(1980, 1, 1) + timedelta(days=day) for day in range(366)]

ASKED_AGAIN = {date(1980, 2, 1), date(1980, 3, 1)}
"""Days of January with day and month exchanged: equal to the second and third of DAYS."""


async def asked_by_list(api: Api, dates: Sequence[date]) -> list[bytes]:
    """The rows of a list check that asks one name with each of these dates, as its file has them."""
    text = "name,born\n" + "".join(f"Ivan Petrov,{born}\n" for born in dates)
    made = (await submit_list(api.session(ANNA), text.encode(), "csv")).list
    while await run_round(api.runtime):
        pass
    exported = b"".join([part async for part in export_results(api.session(ANNA), made.id, "ndjson")])
    return exported.splitlines()


@pytest.mark.parametrize("dates", [YEARS, DAYS], ids=["81 years", "366 days"])
async def test_a_list_of_all_dates_learns_of_its_first_three_alone(
    stages: PureStages, tmp_path: Path, dates: list[date]
) -> None:
    """From the fourth on each row says that it was not asked, and all bytes are those without a record."""
    without, beside = (Api(stages, tmp_path / name) for name in ("without", "beside"))
    beside.hold(hidden())
    rows = await asked_by_list(without, dates)
    asked = {*dates[:3], *ASKED_AGAIN}
    assert [orjson.loads(row)["not_asked"] for row in rows] == ["" if at in asked else "birth_dates" for at in dates]
    assert await asked_by_list(beside, dates) == rows
    assert all(act.shown == () for act in beside.audit.acts)


async def test_a_list_that_begins_with_the_right_date_learns_of_it_in_that_row_alone(
    stages: PureStages, tmp_path: Path
) -> None:
    dates = [YEARS[0], date(1980, 5, 21), *YEARS[1:10]]
    without, beside = (Api(stages, tmp_path / name) for name in ("without", "beside"))
    beside.hold(hidden())
    rows, told = await asked_by_list(without, dates), await asked_by_list(beside, dates)
    assert [at for at, row in enumerate(told) if row != rows[at]] == [1]
    assert [hit["agency"] for hit in orjson.loads(told[1])["hits"]] == ["nl-np"]


async def test_the_metrics_say_who_was_refused_today_by_searches_and_by_cases(api: Api) -> None:
    def shown(by: str) -> float | None:
        show_refused_guesses(api.guesses.ledger.refused_days(), api.now)
        return REGISTRY.get_sample_value("liaison_guesses_refused", {"agency": "fr-pj", "by": by})

    for born in YEARS[:5]:
        await ask(api, f"ivan petrov {born}")
    assert (shown("searches"), shown("cases")) == (2, 0)
    await api.guesses.ask(AskedGuesses("fr-pj", "fr-pj:1", beyond=True))
    assert (shown("searches"), shown("cases")) == (2, 1)
    api.now += timedelta(days=1)
    assert shown("searches") is None


async def test_a_guess_that_cannot_be_counted_discloses_nothing(api: Api) -> None:
    api.hold(hidden())
    api.guesses.away = True
    with pytest.raises(UnavailableError):
        await ask(api, "ivan petrov 1980-05-21")
    with pytest.raises(UnavailableError):
        await create_alert(api.session(ANNA), "ivan petrov 1980-05-21")
    assert (api.audit.acts, api.decided.values) == ([], [])
    assert (await ask(api, "ivan petrov")).hits == ()


async def test_an_alert_that_ends_is_forgotten_and_a_refused_one_is_not_counted_again(api: Api) -> None:
    for born in range(3):
        await ask(api, f"ivan petrov 197{born}-01-20")
    made = await create_alert(api.session(ANNA), "ivan petrov 1980-05-21")
    assert list(api.guesses.ledger.refused) == [f"sub:{made.subscription.id}"]
    await end_alert(api.session(ANNA), made.subscription.id)
    assert api.guesses.ledger.refused == {}


async def test_a_refused_search_is_audited_as_such(api: Api) -> None:
    for born in range(4):
        await ask(api, f"ivan petrov 197{born}-01-20", share=True)
    queries = [msgspec.json.decode(api.runtime.cipher.decrypt(act.query, api.now)) for act in api.audit.acts]
    assert [query.get("not_asked") for query in queries] == [None, None, None, "birth_dates"]
