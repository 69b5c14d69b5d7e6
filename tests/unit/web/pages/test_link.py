from __future__ import annotations

import re

import pytest

from pipeline.access.reviews import Review, Verdict
from pipeline.api.services.reviews import BulkReview, LinkToReview, review_links
from pipeline.correlation.claims import link_id
from pipeline.web.components.reviews import AGAIN
from pipeline.web.pages.case import PAGE as CASE_PAGE
from pipeline.web.pages.link import PAGE
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import person, record
from support.web.pages import opened

PASSPORT = [{"type": "passport", "value": "12AB34567", "country": "FR"}]


@pytest.fixture
def lent(api: Api) -> Api:
    api.hold(
        record("fr-pj", entities=[person("Ivan Petrov", id="p1", birth_date="1980-05-01", identifiers=PASSPORT)]),
        record("be-fp", entities=[person("Anna Keller", id="p1", identifiers=PASSPORT)]),
    )
    api.link("be-fp:1", "fr-pj:1")
    return api


COLLEAGUE = make_requester("fr-pj", subject="colleague")


def decided(api: Api) -> list[Review]:
    return [value for _, value in api.decided.values if isinstance(value, Review)]


LINK = {"link_id": link_id("be-fp:1", "fr-pj:1"), "key": "fr-pj:1"}


async def test_a_shared_number_is_named_with_why_its_holders_are_two(lent: Api) -> None:
    said = (await opened(lent, PAGE, ANNA, **LINK)).said()
    assert "Link between two cases" in said
    assert ": shared number Same passport, two people" in said
    french = (await opened(lent, PAGE, ANNA, "fr", **LINK)).said()
    assert "Même passeport, deux personnes" in french


async def test_a_case_lists_it_with_its_basis(lent: Api) -> None:
    said = " ".join((await opened(lent, CASE_PAGE, ANNA, key="fr-pj:1", tab="links")).said().split())
    assert re.search(r"Shared number .* Probable", said)


async def test_a_decision_that_a_colleague_took_meanwhile_is_shown_and_not_replaced_unseen(lent: Api) -> None:
    mine, theirs = [await opened(lent, PAGE, who, **LINK) for who in (ANNA, COLLEAGUE)]
    await theirs.send(verdict="different", reason="the passport was lent")
    assert "the passport was lent" not in mine.said()
    await mine.send(verdict="related", reason="mother and son")
    assert "the passport was lent" in mine.said()
    assert [review.verdict for review in decided(lent)] == ["different"]
    await mine.send(verdict="related", reason="mother and son")
    assert [review.verdict for review in decided(lent)] == ["different", "related"]
    assert "the passport was lent" in mine.said(), "both are in the history"
    assert "mother and son" in mine.said()


async def test_a_colleagues_decision_appears_on_an_open_page_and_leaves_the_form_alone(lent: Api) -> None:
    mine, theirs = [await opened(lent, PAGE, who, **LINK) for who in (ANNA, COLLEAGUE)]
    acts = len(lent.audit.acts)
    await mine.happen(AGAIN)
    assert len(lent.audit.acts) == acts, "nothing is read of a link on which nobody decided"
    form = mine.find("form")
    await theirs.send(verdict="different", reason="the passport was lent")
    await mine.happen(AGAIN)
    assert "the passport was lent" in mine.said()
    assert mine.find("form") is form
    await mine.send(verdict="related", reason="mother and son")
    assert [review.verdict for review in decided(lent)] == ["different"], "said once more before it is replaced"


async def test_a_decision_without_a_reason_says_so(lent: Api) -> None:
    said = BulkReview((LinkToReview(LINK["link_id"]),), Verdict.SAME)
    await review_links(lent.session(ANNA), said)
    assert "No reason given" in (await opened(lent, PAGE, ANNA, **LINK)).said()
    assert "Aucun motif indiqué" in (await opened(lent, PAGE, ANNA, "fr", **LINK)).said()
