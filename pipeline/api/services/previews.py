"""The preview of a case beside a list: what the case says, and how many links of it the requester sees."""

from __future__ import annotations

from pipeline.access.audit import ActKind
from pipeline.access.release import View
from pipeline.api.answers import CasePreview
from pipeline.api.services.cases import make_case_row, require_readable
from pipeline.api.services.links import find_other_case, find_surroundings
from pipeline.api.session import Session


async def preview_case(session: Session, key: str) -> CasePreview:
    """The case `key` with the number of its links, read and recorded as any view of a case.

    Raises NotFoundError where there is none, or none to be read: the two are one answer.
    """
    session.require_reader()
    document = await require_readable(session, key)
    until = (await session.read_access_ends({key: document})).get(key)
    row = make_case_row(session, document, until)
    around = await find_surroundings(session, key)
    counted = session.make_counted(find_other_case(seen.link.cases, key) for seen in around.links)
    await session.audit(ActKind.READ, {"preview": key}, (*session.make_shown({key: View.FULL}), *counted))
    return CasePreview(*session.moment, row, len(around.links))
