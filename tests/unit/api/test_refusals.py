"""Refused requests are on record, within the rates, and tell nothing of what was written."""

from __future__ import annotations

from pathlib import Path

from pipeline.access.audit import ActKind
from pipeline.api.metrics import REGISTRY
from support.access.requesters import ANNA
from support.api.runtime import GROUNDS, Api
from support.index.documents import PureStages


def not_recorded() -> float:
    return REGISTRY.get_sample_value("liaison_refusals_not_recorded_total") or 0.0


def refused(api: Api) -> list[tuple[str, str, str]]:
    return [(act.subject, act.agency, act.object) for act in api.audit.acts if act.kind is ActKind.REFUSED]


async def test_who_was_refused_what_is_on_record(api: Api) -> None:
    await api.get("/v1/cases/fr-pj:canary", who=None)
    await api.get("/v1/cases/fr-pj:canary", who=None, headers={**GROUNDS, "Authorization": "Bearer canary"})
    await api.get("/v1/audit/trail", ANNA)
    await api.get("/v1/cases/fr-pj:canary", ANNA, headers={})
    await api.post("/v1/search", {"question": ["canary"]}, ANNA)
    await api.post("/v1/search", {"question": "", "limit": "canary"}, ANNA)
    assert refused(api) == [
        ("", "", "401 GET /v1/cases/{key}"),
        ("", "", "401 GET /v1/cases/{key}"),
        ("anna", "fr-pj", "403 GET /v1/audit/trail"),
        ("anna", "fr-pj", "422 GET /v1/cases/{key}"),
        ("anna", "fr-pj", "422 POST /v1/search"),
        ("anna", "fr-pj", "422 POST /v1/search"),
    ]
    assert [act.rule for act in api.audit.acts] == [
        "no_session", "no_session", "not_allowed", "no_grounds", "malformed", "malformed",
    ]  # fmt: skip
    assert "canary" not in repr(api.audit.acts)


async def test_what_is_not_refused_is_no_refusal(api: Api) -> None:
    await api.get("/v1/cases/fr-pj:nothing", ANNA)
    assert [act.rule for act in api.audit.acts] == ["not_shown"]
    await api.get("/healthz", who=None)
    await api.get("/nowhere", who=None)
    assert refused(api) == []


async def test_beyond_the_rate_refusals_are_counted_alone(stages: PureStages, tmp_path: Path) -> None:
    api, before = Api(stages, tmp_path, request_rate=3), not_recorded()
    for _ in range(5):
        assert (await api.get("/v1/cases/fr-pj:1", who=None)).status_code == 401
    assert (len(refused(api)), not_recorded() - before) == (3, 2)
    await api.get("/v1/audit/trail", ANNA)
    assert refused(api)[-1] == ("anna", "fr-pj", "403 GET /v1/audit/trail")


async def test_a_refusal_is_answered_while_it_cannot_be_recorded(api: Api) -> None:
    api.audit.away, before = True, not_recorded()
    assert (await api.get("/v1/cases/fr-pj:1", who=None)).status_code == 401
    assert not_recorded() - before == 1
