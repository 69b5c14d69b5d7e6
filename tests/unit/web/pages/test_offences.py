from __future__ import annotations

from pipeline.web.pages.offences import PAGE
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.web.pages import opened


async def test_codes_are_listed_in_each_language_the_readers_first(api: Api) -> None:
    page = await opened(api, PAGE, ANNA, "fr")
    said = page.said()
    assert said.index("Vol de bétail") < said.index("Theft of livestock")
    assert "Robo con violencia de ganado" in said


async def test_words_find_a_code_with_all_below_it(api: Api) -> None:
    page = await opened(api, PAGE, ANNA)
    await page.send(words="robbery")
    said = page.said()
    assert "04011" in said
    assert "Burglary" not in said
    await page.send(words="zzz")
    assert "No offence code has these words" in page.said()
