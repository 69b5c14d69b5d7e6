from __future__ import annotations

import pytest

from pipeline.access.audit import ActKind, RequestRule, ShownForm
from pipeline.access.requester import Role
from pipeline.api.problems import ForbiddenError, NotFoundError
from pipeline.api.services.previews import preview_case
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import record


async def test_links_are_counted_as_their_reader_sees_them_and_the_view_is_recorded(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"), record("nl-np", code="H3"), record("de-bka", code="H2"))
    for other in ("be-fp:1", "nl-np:1", "de-bka:1"):
        api.link("fr-pj:1", other)
    found = await preview_case(api.session(ANNA), "fr-pj:1")
    assert (found.case.case, found.links) == ("fr-pj:1", 2)
    (act,) = api.audit.acts
    assert act.kind is ActKind.READ
    shown = {(one.case, one.form) for one in act.shown}
    assert ("fr-pj:1", ShownForm.FULL) in shown
    assert {case for case, form in shown if form is ShownForm.COUNTED} == {"be-fp:1", "de-bka:1"}


@pytest.mark.parametrize("code", ["H2", "H3", None])
async def test_a_case_that_may_not_be_read_is_none_and_the_attempt_is_recorded(api: Api, code: str | None) -> None:
    if code:
        api.hold(record("be-fp", code=code))
    with pytest.raises(NotFoundError):
        await preview_case(api.session(ANNA), "be-fp:1")
    assert [act.rule for act in api.audit.acts] == [RequestRule.NOT_SHOWN]


async def test_other_roles_have_none(api: Api) -> None:
    api.hold(record("fr-pj"))
    with pytest.raises(ForbiddenError):
        await preview_case(api.session(make_requester("fr-pj", Role.FEED)), "fr-pj:1")
