from __future__ import annotations

import pytest

from pipeline.correlation.claims import link_id
from pipeline.web.pages.case import PAGE as CASE_PAGE
from pipeline.web.pages.link import PAGE
from support.access.requesters import ANNA
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


LINK = {"link_id": link_id("be-fp:1", "fr-pj:1"), "key": "fr-pj:1"}


async def test_a_shared_number_is_named_with_why_its_holders_are_two(lent: Api) -> None:
    said = (await opened(lent, PAGE, ANNA, **LINK)).said()
    assert "Link between two cases Same passport, two people" in said
    french = (await opened(lent, PAGE, ANNA, "fr", **LINK)).said()
    assert "Même passeport, deux personnes" in french


async def test_a_case_lists_it_with_its_basis(lent: Api) -> None:
    said = " ".join((await opened(lent, CASE_PAGE, ANNA, key="fr-pj:1", tab="links")).said().split())
    assert "Shared number Probable" in said
