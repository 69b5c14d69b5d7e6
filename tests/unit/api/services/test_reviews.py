"""Judging links: what holds, who sees it, who may, and what comes back to the inbox."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from pipeline.access.audit import ActKind, ShownCase, ShownForm
from pipeline.access.requester import Role
from pipeline.access.reviews import Verdict
from pipeline.api.answers import InboxRow
from pipeline.api.problems import ConflictError, ForbiddenError, NotFoundError, UnavailableError, UnprocessableError
from pipeline.api.services import reviews
from pipeline.api.services.inbox import InboxFilter, Listed, assign_link, list_inbox
from pipeline.api.services.reviews import (
    BulkReview,
    LinkReview,
    LinkToReview,
    link_manually,
    list_manual_links,
    read_colours,
    read_reviews,
    record_review,
    retract_review,
    retract_reviews,
    review_link,
    review_links,
)
from pipeline.matching.bands import Band
from support.access.requesters import ANNA, BERT, DORA, make_requester
from support.api.runtime import GROUNDS, Api
from support.index.documents import PureStages
from support.records.builder import person, record

SAME, DIFFERENT = LinkReview(Verdict.SAME, "same passport"), LinkReview(Verdict.DIFFERENT, "a namesake")
CHIEF = make_requester("fr-pj", Role.SUPERVISOR, subject="chief")
COLLEAGUE = make_requester("fr-pj", subject="colleague")


@pytest.fixture
def link(api: Api) -> str:
    """A link of Anna's case and Bert's, both open to the two of them alone."""
    api.hold(record("fr-pj", to=("BE",)), record("be-fp", to=("FR",)))
    return api.link("fr-pj:1", "be-fp:1")


async def listed(api: Api, **how: Any) -> list[InboxRow]:
    return list((await list_inbox(api.session(ANNA), InboxFilter(**how))).links)


async def test_a_review_is_seen_by_the_other_agency_without_its_reviewer(api: Api, link: str) -> None:
    own = (await review_link(api.session(ANNA), link, SAME)).judged
    assert (own.colour, own.disputed, own.own) == ("white", False, own.reviews[0].id)
    assert own.reviews[0].reviewer == "anna"
    seen = (await read_reviews(api.session(BERT), link)).judged
    assert (seen.own, seen.reviews[0].agency, seen.reviews[0].reviewer) == (None, "fr-pj", None)


async def test_a_colleagues_decision_is_not_replaced_unseen(api: Api, link: str) -> None:
    theirs = (await review_link(api.session(COLLEAGUE), link, DIFFERENT)).judged.own
    with pytest.raises(ConflictError, match="colleague reviewed this link meanwhile; look at it again"):
        await review_link(api.session(ANNA), link, SAME)
    with pytest.raises(ConflictError, match="colleague reviewed this link meanwhile"):
        await link_manually(api.session(ANNA), "fr-pj:1", "be-fp:1", "the same tattoo")
    body = {"verdict": "same", "reason": "the same man"}
    assert (await api.post(f"/v1/links/{link}/reviews", body)).status_code == 409
    api.now += timedelta(seconds=1)
    assert (await api.post(f"/v1/links/{link}/reviews", body | {"seen": theirs})).status_code == 200
    with pytest.raises(ForbiddenError):
        await retract_review(api.session(BERT), theirs or "")
    own = (await read_reviews(api.session(ANNA), link)).judged
    assert [row.verdict for row in own.reviews] == ["different", "same"], "both stay in the history"
    await retract_review(api.session(ANNA), own.own or "")
    await retract_review(api.session(COLLEAGUE), theirs or "")
    with pytest.raises(ConflictError, match="the decision was undone meanwhile"):
        await review_link(api.session(ANNA), link, LinkReview(Verdict.SAME, "yes", seen=own.own))


async def test_three_within_a_second_are_one_decision_and_two_refusals(api: Api, link: str) -> None:
    await review_link(api.session(COLLEAGUE), link, DIFFERENT)
    for who in (ANNA, CHIEF):
        with pytest.raises(ConflictError):
            await review_link(api.session(who), link, SAME)
    await review_link(api.session(BERT), link, SAME)
    assert len(api.decided.values) == 2, "another agency decides for itself"


async def test_a_contradiction_is_kept_and_disputed(api: Api, link: str) -> None:
    await review_link(api.session(ANNA), link, SAME)
    judged = (await review_link(api.session(BERT), link, DIFFERENT)).judged
    assert (judged.disputed, [review.verdict for review in judged.reviews]) == (True, ["same", "different"])
    held = (await read_colours(api.session(ANNA), [link]))[link]
    assert (held.colour, held.disputed) == ("white", True)


async def test_an_undone_review_holds_no_longer_and_stays_in_the_list(api: Api, link: str) -> None:
    name = (await review_link(api.session(ANNA), link, SAME)).judged.own or ""
    with pytest.raises(ForbiddenError):
        await retract_review(api.session(COLLEAGUE), name)
    with pytest.raises(ForbiddenError):
        await retract_review(api.session(BERT), name)
    judged = (await retract_review(api.session(CHIEF), name)).judged
    assert (judged.colour, judged.own, judged.reviews[0].undone_by) == ("yellow", None, "chief")
    with pytest.raises(ConflictError):
        await retract_review(api.session(ANNA), name)


async def test_reviews_survive_new_versions_and_what_changed_is_told(api: Api, link: str) -> None:
    await review_link(api.session(ANNA), link, DIFFERENT)
    assert await listed(api) == []
    api.hold(record("fr-pj", to=("BE",), version=2, title="another title"))
    assert await listed(api) == []
    twin = [person("Ivan Petrov", id="p1", birth_date="1980-05-01", phones=["+33612345678"])]
    api.hold(
        record("fr-pj", to=("BE",), version=3, entities=twin), record("be-fp", to=("FR",), version=2, entities=twin)
    )
    assert api.link("fr-pj:1", "be-fp:1") == link
    (row,) = await listed(api)
    assert row.judged_different is True
    assert "phone" in [field for field, _ in row.new_evidence]
    judged = (await read_reviews(api.session(ANNA), link)).judged
    assert judged.colour == "green"
    assert judged.new_evidence


async def test_the_inbox_lists_what_is_not_judged_by_band_and_assignee(api: Api, link: str) -> None:
    (row,) = await listed(api)
    assert (row.link_id, row.title_b, row.assignee, row.colour) == (link, "Affair 1", None, "yellow")
    assert [len(await listed(api, band=band)) for band in (row.band, "nothing")] == [1, 0]
    assert (await assign_link(api.session(ANNA), link, "anna")).judged.assignee == "anna"
    assert [len(await listed(api, assignee=who)) for who in ("anna", "chief", "")] == [1, 0, 0]
    assert (await read_reviews(api.session(BERT), link)).judged.assignee is None
    await review_link(api.session(BERT), link, SAME)
    assert len(await listed(api)) == 1
    await review_link(api.session(COLLEAGUE), link, SAME)
    assert await listed(api) == []


async def test_what_is_unsure_or_decided_is_listed_by_whom_and_when(api: Api, link: str) -> None:
    api.hold(record("fr-pj", "2", to=("BE",)), record("be-fp", "2", to=("FR",)))
    other = api.link("fr-pj:2", "be-fp:2")
    made = (await review_link(api.session(COLLEAGUE), link, LinkReview(Verdict.UNSURE, "why"))).judged.own or ""
    await review_link(api.session(ANNA), other, SAME)
    await review_link(api.session(BERT), other, LinkReview(Verdict.UNSURE, "why"))
    assert await listed(api) == []
    (row,) = await listed(api, listed=Listed.UNSURE)
    held = tuple(getattr(row, f"own_{field}") for field in ("review", "verdict", "reviewer", "time"))
    assert (row.link_id, held) == (link, (made, "unsure", "colleague", api.now.isoformat()))
    assert [row.link_id for row in await listed(api, listed=Listed.MINE)] == [other]
    answer = await api.get("/v1/inbox?listed=mine")
    assert [row["own_verdict"] for row in answer.json()["links"]] == ["same"]
    assert (await api.get("/v1/inbox?listed=all")).status_code == 422
    await retract_review(api.session(CHIEF), made)
    assert await listed(api, listed=Listed.UNSURE) == []
    assert [row.link_id for row in await listed(api)] == [link], "it is to be judged again"


async def test_supervisors_assign_others_and_investigators_themselves(api: Api, link: str) -> None:
    with pytest.raises(ForbiddenError):
        await assign_link(api.session(ANNA), link, "colleague")
    assert (await assign_link(api.session(CHIEF), link, "colleague")).judged.assignee == "colleague"
    assert (await assign_link(api.session(ANNA), link, "")).judged.assignee is None


async def test_pages_of_the_inbox_follow_each_other(api: Api) -> None:
    api.hold(record("fr-pj"))
    expected = []
    for number in range(5):
        api.hold(record("be-fp", str(number), code="H3" if number == 2 else "H0"))
        name = api.link("fr-pj:1", f"be-fp:{number}")
        expected += [name] if number != 2 else []
    first = await list_inbox(api.session(ANNA), limit=3)
    rest = await list_inbox(api.session(ANNA), limit=3, cursor=first.next)
    assert sorted(row.link_id for answer in (first, rest) for row in answer.links) == sorted(expected)
    assert [len(first.links), len(rest.links), rest.next] == [3, 1, None]


async def test_a_link_by_hand_is_a_review_without_a_score(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"), record("nl-np", code="H2"))
    judged = (await link_manually(api.session(ANNA), "fr-pj:1", "be-fp:1", "the same tattoo")).judged
    assert (judged.colour, judged.reviews[0].manual, judged.reviews[0].generation) == ("white", True, "")
    for who in (ANNA, BERT):
        (row,) = (await list_manual_links(api.session(who), "fr-pj:1")).links
        assert (row.case_a, row.case_b) == ("be-fp:1", "fr-pj:1")
    await review_link(api.session(BERT), judged.link, DIFFERENT)
    assert (await read_reviews(api.session(ANNA), judged.link)).judged.disputed
    with pytest.raises(NotFoundError):
        await link_manually(api.session(ANNA), "fr-pj:1", "nl-np:1", "why")
    with pytest.raises(UnprocessableError):
        await link_manually(api.session(ANNA), "fr-pj:1", "fr-pj:1", "why")


async def test_a_link_by_hand_shows_to_those_who_read_both_sides(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp", to=("FR",)))
    await link_manually(api.session(ANNA), "fr-pj:1", "be-fp:1", "the same tattoo")
    assert (await list_manual_links(api.session(DORA), "fr-pj:1")).links == ()
    with pytest.raises(NotFoundError):
        await list_manual_links(api.session(DORA), "be-fp:1")


@pytest.mark.parametrize("code", ["H2", "H3"])
async def test_whoever_does_not_see_both_sides_in_full_neither_judges_nor_sees_judgements(
    api: Api, link: str, code: str
) -> None:
    name = (await review_link(api.session(ANNA), link, SAME)).judged.own or ""
    with pytest.raises(NotFoundError):
        await read_reviews(api.session(DORA), link)
    api.hold(record("fr-pj", code=code, to=("BE",), version=2))
    api.link("fr-pj:1", "be-fp:1")
    for attempt in (
        read_reviews(api.session(BERT), link),
        review_link(api.session(BERT), link, SAME),
        retract_review(api.session(BERT), name),
        assign_link(api.session(BERT), link, "bert"),
    ):
        with pytest.raises(NotFoundError):
            await attempt
    assert (await list_inbox(api.session(BERT))).links == ()


async def test_other_roles_judge_nothing(api: Api, link: str) -> None:
    for role in (Role.AUDITOR, Role.OPS, Role.FEED):
        session = api.session(make_requester("fr-pj", role))
        for attempt in (
            read_reviews(session, link),
            review_link(session, link, SAME),
            list_inbox(session),
            assign_link(session, link, ""),
        ):
            with pytest.raises(ForbiddenError):
                await attempt


async def test_a_judgement_has_a_reason_and_is_audited_and_kept_or_not_made(api: Api, link: str) -> None:
    with pytest.raises(UnprocessableError):
        await review_link(api.session(ANNA), link, LinkReview(Verdict.SAME, " "))
    made = (await review_link(api.session(ANNA), link, SAME)).judged.own
    act = api.audit.acts[-1]
    assert (act.kind, act.object) == (ActKind.REVIEW, made)
    assert set(act.shown) == {
        ShownCase("fr-pj:1", ShownForm.FULL, "owner"),
        ShownCase("be-fp:1", ShownForm.FULL, "released"),
    }
    again = msgspec.structs.replace(DIFFERENT, seen=made)
    api.audit.away = True
    with pytest.raises(UnavailableError):
        await review_link(api.session(ANNA), link, again)
    assert len(api.decided.values) == 1
    api.audit.away, api.decided.away = False, True
    with pytest.raises(UnavailableError):
        await review_link(api.session(ANNA), link, again)


async def test_a_hidden_and_an_unknown_link_are_one_answer_by_the_same_calls(api: Api, link: str) -> None:
    answers = []
    for name in (link, "0" * 32):
        api.index.calls.clear()
        answer = await api.get(f"/v1/links/{name}/reviews", DORA, headers=GROUNDS | {"X-Request-ID": "r1"})
        answers.append((answer.status_code, answer.content, [call.kind for call in api.index.calls]))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_the_story_over_http(api: Api, link: str) -> None:
    (row,) = (await api.get("/v1/inbox?band=")).json()["links"]
    assert (await api.request("PUT", f"/v1/inbox/{link}", json={"assignee": "anna"})).status_code == 200
    body = {"verdict": "same", "reason": "same passport", "action": True}
    judged = orjson.loads((await api.post(f"/v1/links/{row['link_id']}/reviews", body)).content)["judged"]
    assert judged["colour"] == "red"
    assert (await api.get("/v1/inbox")).json()["links"] == []
    assert (await api.post(f"/v1/links/{link}/reviews", {"verdict": "same"})).status_code == 422
    assert (await api.post(f"/v1/reviews/{judged['own']}/undo", {})).json()["judged"]["colour"] == "yellow"
    by_hand = {"case_a": "fr-pj:1", "case_b": "be-fp:1", "reason": "sure"}
    assert (await api.post("/v1/manual-links", by_hand)).status_code == 200
    assert (await api.get("/v1/manual-links?case=fr-pj:1")).status_code == 200


async def test_the_inbox_says_who_and_why(api: Api, link: str) -> None:
    (row,) = await listed(api)
    assert (row.own, row.name_a, row.born_a, row.agency_a) == (
        "fr-pj:1",
        "Ivan Petrov",
        "1980-05-01",
        "be-fp",
    )
    assert (row.agrees, row.own_review, row.entity_b) == (("name", "date of birth"), None, "p1")
    assert (row.received or "").endswith(":00+00:00")


async def test_the_inbox_is_narrowed_by_case_country_and_age(api: Api, link: str) -> None:
    api.hold(record("fr-pj", "2", to=("NL",)), record("nl-np", "2", to=("FR",)))
    other = api.link("fr-pj:2", "nl-np:2")

    async def found(**how: Any) -> set[str]:
        return {row.link_id for row in await listed(api, **how)}

    assert await found() == {link, other}
    assert await found(case="fr-pj:1") == {link}
    assert await found(case="nl-np:2") == {other}
    assert await found(country="NL") == {other}
    assert await found(country="FR") == set(), "the other side's country"
    received = datetime.fromisoformat((await listed(api))[0].received or "")
    api.now = received + timedelta(hours=30)
    assert await found(at_most_h=24) == set()
    assert await found(at_least_h=24) == {link, other}
    answer = await api.get("/v1/inbox?country=NL&at_least_h=1&at_most_h=40")
    assert [row["link_id"] for row in answer.json()["links"]] == [other]


PASSPORT = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
TEAMMATE = make_requester("fr-pj", subject="colleague")
ALL = tuple(Verdict)


def _possible(api: Api, number: int) -> str:
    man = person("Jean Dupont", id="p1", birth_date="1976-03-04", gender="male")
    other = person("J. Dupond", id="p1", birth_date="1976-03-04", gender="female")
    api.hold(record("fr-pj", str(number), entities=[man]), record("be-fp", str(number), entities=[other]))
    return api.link(f"fr-pj:{number}", f"be-fp:{number}")


def _certain(api: Api, number: int) -> str:
    man = person("Anastasia Ouarzazi", id="p1", birth_date="1980-05-01", identifiers=PASSPORT)
    api.hold(record("fr-pj", str(number), entities=[man]), record("be-fp", str(number), entities=[man]))
    return api.link(f"fr-pj:{number}", f"be-fp:{number}")


def _say(*links: str, verdict: Verdict = Verdict.SAME, reason: str = "", seen: str | None = None) -> BulkReview:
    return BulkReview(tuple(LinkToReview(link, seen) for link in links), verdict, reason)


async def test_each_link_is_judged_and_signs_no_sentence_that_nobody_wrote(api: Api) -> None:
    links = [_certain(api, 1), _certain(api, 2)]
    outcomes = (await review_links(api.session(ANNA, "fr"), _say(*links))).outcomes
    assert [(told.link, told.problem, told.reason_for) for told in outcomes] == [(link, None, ALL) for link in links]
    for told in outcomes:
        assert told.judged is not None
        assert told.review == told.judged.own
        assert told.judged.reviews[0].reason == ""
    assert len(api.decided.values) == 2


async def test_a_review_that_cannot_be_saved_is_on_record_with_the_rules_that_showed_its_cases(
    api: Api,
) -> None:
    link = _certain(api, 1)
    api.decided.away = True
    (told,) = (await review_links(api.session(ANNA), _say(link))).outcomes
    assert (told.review, told.problem) == (None, "away")
    assert all(case.rule for act in api.audit.acts for case in act.shown)


async def test_against_strong_evidence_or_another_agency_a_reason_is_needed(api: Api) -> None:
    link = _certain(api, 1)
    (told,) = (await review_links(api.session(ANNA), _say(link, verdict=Verdict.DIFFERENT))).outcomes
    assert (told.review, told.problem) == (None, "enter a reason for your decision")
    assert told.reason_for == (Verdict.DIFFERENT,)
    said = _say(link, verdict=Verdict.DIFFERENT, reason="the passport was lent")
    (told,) = (await review_links(api.session(ANNA), said)).outcomes
    assert told.problem is None
    (told,) = (await review_links(api.session(BERT), _say(link))).outcomes
    assert (told.review, told.reason_for) == (None, (Verdict.SAME, Verdict.DIFFERENT, Verdict.RELATED))
    assert api.decided.values[0][1].reason == "the passport was lent"  # type: ignore[attr-defined]


async def test_an_installation_may_demand_a_reason_for_every_review(stages: PureStages, tmp_path: Path) -> None:
    api = Api(stages, tmp_path, own_reasons=True)
    link = _certain(api, 1)
    (row,) = (await list_inbox(api.session(ANNA))).links
    assert row.reason_for == ("same", "different", "related", "unsure")
    (told,) = (await review_links(api.session(ANNA), _say(link))).outcomes
    assert (told.problem, told.reason_for) == ("enter a reason for your decision", ALL)
    (told,) = (await review_links(api.session(ANNA), _say(link, reason="seen both passports"))).outcomes
    assert told.problem is None


async def test_possible_links_are_reviewed_one_by_one(api: Api) -> None:
    possible, certain = _possible(api, 1), _certain(api, 2)
    found = await api.runtime.unsealed.read_links([possible])
    assert found[possible].band is Band.POSSIBLE
    first, second = (await review_links(api.session(ANNA), _say(possible, certain))).outcomes
    assert (first.review, first.problem) == (None, "possible links are reviewed one by one")
    assert second.problem is None
    (alone,) = (await review_links(api.session(ANNA), _say(possible))).outcomes
    assert alone.problem is None


async def test_a_colleagues_verdict_is_not_replaced_unseen(api: Api) -> None:
    link = _certain(api, 1)
    theirs = (await review_link(api.session(TEAMMATE), link, LinkReview(Verdict.RELATED, "cousins"))).judged.own
    (told,) = (await review_links(api.session(ANNA), _say(link))).outcomes
    assert (told.review, told.problem) == (None, "colleague reviewed this link meanwhile; look at it again")
    assert told.judged is not None
    assert told.judged.own == theirs
    again = _say(link, seen=theirs, reason="they are one")
    assert (await review_links(api.session(ANNA), again)).outcomes[0].problem is None


async def test_an_undone_verdict_is_not_replaced_unseen_either(api: Api) -> None:
    link = _certain(api, 1)
    (told,) = (await review_links(api.session(ANNA), _say(link))).outcomes
    await retract_review(api.session(ANNA), told.review or "")
    (again,) = (await review_links(api.session(ANNA), _say(link, seen=told.review, reason="why"))).outcomes
    assert again.problem == "the decision was undone meanwhile; look at the link again"


async def test_two_at_the_same_moment_are_both_kept_and_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    link = _certain(api, 1)

    async def crossed(*args: object) -> object:
        monkeypatch.setattr(reviews, "record_review", record_review)
        await review_link(api.session(TEAMMATE), link, LinkReview(Verdict.RELATED, "cousins"))
        return await record_review(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(reviews, "record_review", crossed)
    (told,) = (await review_links(api.session(ANNA), _say(link))).outcomes
    assert told.review is not None
    assert (told.problem or "").startswith("colleague reviewed this link at the same moment; both decisions are kept")
    assert len(api.decided.values) == 2


async def test_what_fails_holds_up_nothing_else(api: Api) -> None:
    link = _certain(api, 1)
    first, second = (await review_links(api.session(ANNA), _say("0" * 32, link))).outcomes
    assert (first.judged, first.problem) == (None, "link not found, or you do not have access to both cases")
    assert second.problem is None


async def test_hidden_and_missing_links_are_one_answer(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)), record("be-fp", to=("FR",)))
    hidden = api.link("fr-pj:1", "be-fp:1")
    told = (await review_links(api.session(DORA), _say(hidden, "0" * 32))).outcomes
    assert told[0].problem == told[1].problem
    assert api.decided.values == []


async def test_a_reason_of_a_megabyte_is_refused_with_a_clear_word(api: Api) -> None:
    link = _certain(api, 1)
    with pytest.raises(UnprocessableError, match="the reason has more than 2000 characters; shorten it"):
        await review_links(api.session(ANNA), _say(link, reason="x" * 1_000_000))
    body = {"links": [{"link": link}], "verdict": "same", "reason": "x" * 1_000_000}
    assert (await api.post("/v1/reviews", body)).status_code in (413, 422)
    assert api.decided.values == []


async def test_reviews_are_undone_each_by_itself(api: Api) -> None:
    link = _certain(api, 1)
    (told,) = (await review_links(api.session(ANNA), _say(link))).outcomes
    done, missing = (await retract_reviews(api.session(ANNA), [told.review or "", "no-such"])).outcomes
    assert done.judged is not None
    assert (done.link, done.judged.own, done.problem) == (link, None, None)
    assert done.reason_for == (Verdict.DIFFERENT,)
    assert missing.problem is not None


async def test_the_api_judges_several(api: Api) -> None:
    links = [_certain(api, 1), _certain(api, 2)]
    answer = await api.post("/v1/reviews", {"links": [{"link": link} for link in links], "verdict": "same"})
    assert answer.status_code == 200
    assert [told["judged"]["colour"] for told in answer.json()["outcomes"]] == ["white", "white"]
    assert answer.json()["outcomes"][0]["judged"]["reviews"][0]["reason"] == ""
