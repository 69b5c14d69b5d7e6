"""Reads what the policy needs to know of one case, and asks it for everybody; on record before anybody is told."""

from __future__ import annotations

from pipeline.access.audit import Act, ActKind, ShownCase, ShownForm
from pipeline.access.case_visibility import CaseVisibility, HandlingChange, explain_visibility
from pipeline.access.policy import CaseMeta, Grant, Rule
from pipeline.access.request_rules import RequestRule
from pipeline.errors import LiaisonError
from pipeline.index.decisions import DecisionReader
from pipeline.index.documents import case_meta
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.index.reading import STATE_FIELDS, IndexReader
from pipeline.ops.operation import operator_name
from pipeline.records.agencies import Registry
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import audit_log
from pipeline.streams.kafka.connection import elasticsearch_url
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.registry import read_agencies
from pipeline.times import Clock


async def explain_policy(settings: Settings, key: str, change: HandlingChange, clock: Clock) -> CaseVisibility:
    """Who could see the case `key` now, and what the change would change.

    Raises LiaisonError where there is no live case of this key, or where the question can't be recorded.
    """
    registered = await read_agencies(settings)
    case, grants = await _read_case(settings, key, registered)
    now = clock()
    found = explain_visibility(case, registered.values(), grants, now, change)
    shown = (ShownCase(key, ShownForm.FULL, Rule.OPERATOR),)
    act = Act(ActKind.OPERATION, operator_name(), object="policy explain", shown=shown, rule=RequestRule.COMMAND)
    async with audit_log(settings, lambda: now) as log:
        await log.write(act)
    return found


async def _read_case(settings: Settings, key: str, registered: Registry) -> tuple[CaseMeta, tuple[Grant, ...]]:
    async with connect(settings.model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})) as client:
        indices = Indices(settings.namespace, "")
        document = (await IndexReader(client, indices).read_cases([key], STATE_FIELDS)).get(key)
        if document is None:
            raise LiaisonError("there is no live case {key}", key=key)
        decisions = DecisionReader(client, indices, key_ring(settings))
        return case_meta(document), await decisions.grants_on(key, registered)
