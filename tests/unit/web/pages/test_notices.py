from __future__ import annotations

from datetime import timedelta

from pipeline.access.notices import Notice, NoticeKind
from pipeline.streams.catalogues import topics
from pipeline.web.pages.notices import LIMIT, PAGE
from support.access.requesters import ANNA
from support.api.runtime import NOW, Api
from support.web.pages import opened


async def test_the_newest_come_first_and_older_ones_behind_them(api: Api) -> None:
    for number in range(LIMIT + 1):
        told = Notice(f"n{number}", "fr-pj", NoticeKind.EXPIRY, NOW + timedelta(days=number))
        await api.decided.write(topics.NOTICES, told.id, told)
    page = await opened(api, PAGE, ANNA, "en")
    assert "13 Jan 2027" in page.said()
    assert "24 Nov 2026" not in page.said()
    await page.press("Older")
    assert "24 Nov 2026" in page.said()
    assert "13 Jan 2027" not in page.said()
    await page.press("Back to newest")
    assert "13 Jan 2027" in page.said()
