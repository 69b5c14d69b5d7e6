"""Whom notices are about, as a person reads them: of cases that are read in full, and of no others."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.access.redaction import Row
from pipeline.access.release import View
from pipeline.access.subscriptions import Subscription
from pipeline.api.services.linked_things import NAMING, LinkedThing, name_side
from pipeline.api.session import Session
from pipeline.index.documents import CaseDocument, entities_of
from pipeline.matching.explain.explaining import entities_evidence
from pipeline.matching.explain.explanation import EntityEvidence
from pipeline.matching.explain.wording import agreeing_things
from pipeline.search.probes import adapt_probe, make_probe
from pipeline.search.questions import parse_question


async def describe_subjects(
    session: Session,
    cases: Mapping[str, CaseDocument],
    views: Mapping[str, View],
    asked: Mapping[str, Subscription],
) -> dict[str, Row]:
    """What each notice's case says of whom it is about, by the notice's id: its title, agency, country and caveat.

    Of an alert's match also the entity that answers it best (`entity`, `type`, `name`, `born`), and what it `agrees`
    with; `asked` is the alert of a notice. A case that is not read in full is asked nothing, and is left out.
    """
    full = {name: case for name, case in cases.items() if views[case.case] is View.FULL}
    held = await session.runtime.reader.read_cases((case.case for case in full.values()), NAMING) if full else {}
    return {
        name: _describe(session, held[case.case], _find_evidence(session, asked.get(name), case))
        for name, case in full.items()
        if case.case in held
    }


def _find_evidence(session: Session, query: Subscription | None, case: CaseDocument) -> tuple[EntityEvidence, ...]:
    """How an alert's question and a case, as it is now, compare; nothing where no alert met it."""
    if query is None:
        return ()
    probe, record = make_probe(parse_question(query.question), query.dialled), entities_of(case)
    return entities_evidence(adapt_probe(probe, record), record, session.runtime.model)


def _describe(session: Session, case: CaseDocument, evidence: tuple[EntityEvidence, ...]) -> Row:
    best = max(evidence, key=lambda part: part.bits, default=None)
    if best is None:
        return name_side(case, LinkedThing("")) | {"agrees": []}
    named = next((item.value_b for item in best.items if item.field == "name"), "")
    return name_side(case, LinkedThing(best.entity_b, named)) | {
        "agrees": list(agreeing_things(best, session.language))
    }
