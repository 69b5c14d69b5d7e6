"""What the owner of a silent (H3) record is told of a search that named it: the day, the agency, the purpose. Pure.

Such a notice is a way to watch other agencies: who plants silent records is told what others work on. So the agency
that searches says for which purposes owners may be told, none by default; a number alone meets nothing
(hit_gate.names_person); and no time within the day shows, neither in the notice nor by when it comes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from pipeline.access.hit_ledger import HitQuestion
from pipeline.access.notices import Notice, NoticeKind
from pipeline.correlation.key_ring import KeyRing, KeyUse, keyed_id

DAY: Final = timedelta(days=1)

TELLING_TIME: Final = timedelta(minutes=10)
"""After midnight UTC, when owners are told of the day before. A search just before midnight is read from the audit
within seconds: told with all others, it does not show that it was late."""


def searched_notice(case: str, searcher: str, purpose: str, at: datetime, ring: KeyRing, *content: str) -> Notice:
    """That somebody of the agency `searcher` asked for a silent case on the UTC day of `at`.

    One for each case, agency, purpose and day, however often it was asked; with `content` one for each of that. The id
    is keyed: a digest of the day's searches would tell, by trial, which they were.
    """
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told = content or (searcher, purpose, day.date().isoformat())
    name = keyed_id(ring, KeyUse.NOTICE_IDS, NoticeKind.SILENT_SEARCH, case, *told)
    owner = case.partition(":")[0]
    return Notice(name, owner, NoticeKind.SILENT_SEARCH, day, case=case, other_agency=searcher, purpose=purpose)


def searched_question(notice: Notice, now: datetime) -> HitQuestion:
    """What the gate holds until the owner is told: at TELLING_TIME of a day after that of the search, and after now."""
    due = notice.time + DAY + TELLING_TIME
    while due <= now:
        due += DAY
    return HitQuestion(notice.id, notice.other_agency, notice.agency, owner_notice=notice, due=due)
