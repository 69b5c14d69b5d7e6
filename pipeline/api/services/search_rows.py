"""What a search's results are about, as a person reads them: the entity that answers best, as its agency named it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.access.redaction import Row
from pipeline.access.release import View
from pipeline.api.services.linked_things import NAMING, LinkedThing, name_side
from pipeline.api.session import Session
from pipeline.index.documents import CaseDocument
from pipeline.index.searching import SearchResult
from pipeline.matching.explain.explanation import EntityEvidence

READ: Final = (*NAMING, "data.entities.role", "opened")
"""What of a case's document says whom a result is about, and since when it is open."""


async def describe_results(session: Session, results: Sequence[SearchResult]) -> dict[str, Row]:
    """Whom each case is about, by its key: `entity`, `type`, `name`, `born`, `role`, and when it was `opened`.

    A case that is not read in full any more is left out.
    """
    documents = await session.runtime.reader.read_cases((result.case.case for result in results), READ)
    views = await session.decide_views(documents)
    held = {key: document for key, document in documents.items() if views[key] is View.FULL}
    return {
        result.case.case: _describe(held[result.case.case], result.evidence)
        for result in results
        if result.case.case in held
    }


def _describe(case: CaseDocument, evidence: Sequence[EntityEvidence]) -> Row:
    side = name_side(case, _find_thing(case, evidence))
    entities = (case.data or {}).get("entities", ())
    role = next((one.get("role") for one in entities if one.get("id") == side["entity"]), None)
    named = {field: side[field] for field in ("entity", "type", "name", "born")}
    return named | {"role": role, "opened": case.opened}


def _find_thing(case: CaseDocument, evidence: Sequence[EntityEvidence]) -> LinkedThing:
    """The entity for which most speaks, by the name that was compared; without evidence the case's first."""
    best = max(evidence, key=lambda part: part.bits, default=None)
    if best is None:
        first: Row = next(iter((case.data or {}).get("entities", ())), {})
        return LinkedThing(first.get("id", ""))
    named = next((item.value_b for item in best.items if item.field == "name"), "")
    return LinkedThing(best.entity_b, named)
