"""What was asked of a hit's owner stands beside the hit, for the asking agency alone, by the name that it gave."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from pipeline.access.disclosure_threads import Disclosure, Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.text_limits import LABEL
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.disclosures import list_disclosures, refuse_disclosure, request_disclosure
from pipeline.api.services.links import list_links
from pipeline.api.services.search import Search, search
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import record

QUESTION = Search("Ivan Petrov 1980-05-01")


async def asked(api: Api, label: str = "Ivan Petrov, line 7") -> str:
    """Bert of be-fp asks fr-pj for a hit-only case."""
    api.hold(record("fr-pj", code="H2"))
    session = api.session(BERT)
    ask = DisclosureAsk("the same man", Urgency.URGENT, NOW + timedelta(days=1))
    answer = await request_disclosure(session, session.make_reference("fr-pj:1"), ask, label)
    return str(answer.disclosure["id"])


async def hit(api: Api, who: Any = BERT) -> dict[str, Any]:
    (found,) = (await search(api.session(who), QUESTION)).hits
    return found


async def test_a_hit_says_what_its_readers_agency_asked(api: Api) -> None:
    name = await asked(api)
    api.now += timedelta(hours=3)
    assert (await hit(api))["request"] == {
        "id": name,
        "state": "requested",
        "overdue": False,
        "time": NOW.isoformat(),
        "deadline": (NOW + timedelta(days=1)).isoformat(),
        "until": None,
        "subject": "bert",
        "label": "Ivan Petrov, line 7",
    }
    colleague = make_requester("be-fp", subject="colleague")
    assert (await hit(api, colleague))["request"]["subject"] == "bert"


async def test_another_agency_is_told_of_no_request(api: Api) -> None:
    await asked(api)
    assert (await hit(api, make_requester("nl-np")))["request"] is None


async def test_a_hit_that_nobody_asked_for_has_no_request(api: Api) -> None:
    api.hold(record("fr-pj", code="H2"))
    assert (await hit(api))["request"] is None


async def test_a_link_with_a_hit_says_it_too(api: Api) -> None:
    await asked(api)
    api.hold(record("be-fp"))
    api.link("be-fp:1", "fr-pj:1")
    (row,) = (await list_links(api.session(BERT), "be-fp:1")).links
    assert row["hit"]["request"]["state"] == "requested"


async def test_a_refusal_stands_beside_the_hit(api: Api) -> None:
    name = await asked(api)
    api.now += timedelta(hours=1)
    await refuse_disclosure(api.session(ANNA), name, "ongoing")
    assert (await hit(api))["request"]["state"] == "refused"


async def test_no_thread_is_read_where_no_hit_is_shown(api: Api) -> None:
    api.hold(record("fr-pj"))
    await search(api.session(BERT), QUESTION)
    assert all(call.where != "disclosures" for call in api.engine.calls)


async def test_the_name_of_a_request_is_the_asking_agencys_alone(api: Api) -> None:
    """The owner gets no name; Kafka and the index hold it encrypted."""
    await asked(api)
    theirs = (await list_disclosures(api.session(ANNA), mine=False)).disclosures
    assert [row["label"] for row in theirs] == [None]
    (ours,) = (await list_disclosures(api.session(BERT))).disclosures
    assert ours["label"] == "Ivan Petrov, line 7"
    (kept,) = [value for _, value in api.decided.values if isinstance(value, Disclosure)]
    assert kept.last.label
    assert "line 7" not in str(kept)
    assert b"line 7" not in orjson.dumps(theirs)


async def test_a_name_is_bounded_and_ends_with_its_months_key(api: Api) -> None:
    exact = "two words " + "x" * (LABEL.most - len("two words "))
    with pytest.raises(UnprocessableError, match="the name has more than 200 characters") as raised:
        await asked(api, exact + "x")
    assert raised.value.extensions["fields"] == ["label"]
    assert (await list_disclosures(api.session(BERT))).disclosures == ()
    await asked(api, exact.replace(" ", "\n  "))
    (ours,) = (await list_disclosures(api.session(BERT))).disclosures
    assert ours["label"] == exact
    for key in api.settings.audit_key_folder.glob("*.key"):
        key.unlink()
    (later,) = (await list_disclosures(api.session(BERT))).disclosures
    assert later["label"] is None
