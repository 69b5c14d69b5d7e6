"""One verdict on several links: reasons, policy, colleagues who were faster, and undoing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.access.reviews import Verdict
from pipeline.api.problems import UnprocessableError
from pipeline.api.services import bulk_reviews
from pipeline.api.services.bulk_reviews import BulkVerdict, JudgedLink, judge_links, retract_reviews
from pipeline.api.services.inbox import list_inbox
from pipeline.api.services.reviews import LinkVerdict, record_review, retract_review, review_link
from pipeline.matching.bands import Band
from support.access.requesters import ANNA, BERT, DORA, make_requester
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import person, record

PASSPORT = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
COLLEAGUE = make_requester("fr-pj", subject="colleague")
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


def _say(*links: str, verdict: Verdict = Verdict.SAME, reason: str = "", seen: str | None = None) -> BulkVerdict:
    return BulkVerdict(tuple(JudgedLink(link, seen) for link in links), verdict, reason)


async def test_each_link_is_judged_and_signs_no_sentence_that_nobody_wrote(api: Api) -> None:
    links = [_certain(api, 1), _certain(api, 2)]
    outcomes = (await judge_links(api.session(ANNA, "fr"), _say(*links))).outcomes
    assert [(told.link, told.problem, told.reason_for) for told in outcomes] == [(link, None, ALL) for link in links]
    for told in outcomes:
        assert told.judged is not None
        assert told.review == told.judged.own
        assert told.judged.reviews[0]["reason"] == ""
    assert len(api.decided.values) == 2


async def test_a_review_that_cannot_be_saved_is_on_record_with_the_rules_that_showed_its_cases(
    api: Api,
) -> None:
    link = _certain(api, 1)
    api.decided.away = True
    (told,) = (await judge_links(api.session(ANNA), _say(link))).outcomes
    assert (told.review, told.problem) == (None, "away")
    assert all(case.rule for act in api.audit.acts for case in act.shown)


async def test_against_strong_evidence_or_another_agency_a_reason_is_needed(api: Api) -> None:
    link = _certain(api, 1)
    (told,) = (await judge_links(api.session(ANNA), _say(link, verdict=Verdict.DIFFERENT))).outcomes
    assert (told.review, told.problem) == (None, "enter a reason for your decision")
    assert told.reason_for == (Verdict.DIFFERENT,)
    said = _say(link, verdict=Verdict.DIFFERENT, reason="the passport was lent")
    (told,) = (await judge_links(api.session(ANNA), said)).outcomes
    assert told.problem is None
    (told,) = (await judge_links(api.session(BERT), _say(link))).outcomes
    assert (told.review, told.reason_for) == (None, (Verdict.SAME, Verdict.DIFFERENT, Verdict.RELATED))
    assert api.decided.values[0][1].reason == "the passport was lent"  # type: ignore[attr-defined]


async def test_an_installation_may_demand_a_reason_for_every_review(stages: PureStages, tmp_path: Path) -> None:
    api = Api(stages, tmp_path, own_reasons=True)
    link = _certain(api, 1)
    (row,) = (await list_inbox(api.session(ANNA))).links
    assert row["reason_for"] == ["same", "different", "related", "unsure"]
    (told,) = (await judge_links(api.session(ANNA), _say(link))).outcomes
    assert (told.problem, told.reason_for) == ("enter a reason for your decision", ALL)
    (told,) = (await judge_links(api.session(ANNA), _say(link, reason="seen both passports"))).outcomes
    assert told.problem is None


async def test_possible_links_are_reviewed_one_by_one(api: Api) -> None:
    possible, certain = _possible(api, 1), _certain(api, 2)
    found = await api.runtime.reader.read_links([possible])
    assert found[possible].band is Band.POSSIBLE
    first, second = (await judge_links(api.session(ANNA), _say(possible, certain))).outcomes
    assert (first.review, first.problem) == (None, "possible links are reviewed one by one")
    assert second.problem is None
    (alone,) = (await judge_links(api.session(ANNA), _say(possible))).outcomes
    assert alone.problem is None


async def test_a_colleagues_verdict_is_not_replaced_unseen(api: Api) -> None:
    link = _certain(api, 1)
    theirs = (await review_link(api.session(COLLEAGUE), link, LinkVerdict(Verdict.RELATED, "cousins"))).judged.own
    (told,) = (await judge_links(api.session(ANNA), _say(link))).outcomes
    assert (told.review, told.problem) == (None, "colleague reviewed this link meanwhile; look at it again")
    assert told.judged is not None
    assert told.judged.own == theirs
    again = _say(link, seen=theirs, reason="they are one")
    assert (await judge_links(api.session(ANNA), again)).outcomes[0].problem is None


async def test_an_undone_verdict_is_not_replaced_unseen_either(api: Api) -> None:
    link = _certain(api, 1)
    (told,) = (await judge_links(api.session(ANNA), _say(link))).outcomes
    await retract_review(api.session(ANNA), told.review or "")
    (again,) = (await judge_links(api.session(ANNA), _say(link, seen=told.review, reason="why"))).outcomes
    assert again.problem == "the decision was undone meanwhile; look at the link again"


async def test_two_at_the_same_moment_are_both_kept_and_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    link = _certain(api, 1)

    async def crossed(*args: object) -> object:
        await review_link(api.session(COLLEAGUE), link, LinkVerdict(Verdict.RELATED, "cousins"))
        return await record_review(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(bulk_reviews, "record_review", crossed)
    (told,) = (await judge_links(api.session(ANNA), _say(link))).outcomes
    assert told.review is not None
    assert (told.problem or "").startswith("colleague reviewed this link at the same moment; both decisions are kept")
    assert len(api.decided.values) == 2


async def test_what_fails_holds_up_nothing_else(api: Api) -> None:
    link = _certain(api, 1)
    first, second = (await judge_links(api.session(ANNA), _say("0" * 32, link))).outcomes
    assert (first.judged, first.problem) == (None, "link not found, or you do not have access to both cases")
    assert second.problem is None


async def test_hidden_and_missing_links_are_one_answer(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)), record("be-fp", to=("FR",)))
    hidden = api.link("fr-pj:1", "be-fp:1")
    told = (await judge_links(api.session(DORA), _say(hidden, "0" * 32))).outcomes
    assert told[0].problem == told[1].problem
    assert api.decided.values == []


async def test_a_reason_of_a_megabyte_is_refused_with_a_clear_word(api: Api) -> None:
    link = _certain(api, 1)
    with pytest.raises(UnprocessableError, match="the reason has more than 2000 characters; shorten it"):
        await judge_links(api.session(ANNA), _say(link, reason="x" * 1_000_000))
    body = {"links": [{"link": link}], "verdict": "same", "reason": "x" * 1_000_000}
    assert (await api.post("/v1/reviews", body)).status_code in (413, 422)
    assert api.decided.values == []


async def test_reviews_are_undone_each_by_itself(api: Api) -> None:
    link = _certain(api, 1)
    (told,) = (await judge_links(api.session(ANNA), _say(link))).outcomes
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
