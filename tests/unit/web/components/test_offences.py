from __future__ import annotations

from pipeline.web.components.offences import name_offence
from pipeline.web.i18n import load_words
from pipeline.web.pages.case import PAGE
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import opened


def test_an_offence_is_called_in_the_readers_language_or_in_its_agencys_words() -> None:
    assert name_offence(load_words("en"), "ICCS", "0501") == "Burglary"
    assert name_offence(load_words("fr"), "ICCS", "0501", "vol par effraction") == "Cambriolage"
    assert name_offence(load_words("fr"), "NATINF", "7151", "Vol en réunion") == "Vol en réunion"
    assert name_offence(load_words("en"), "NATINF", "7151") == ""


async def test_a_case_names_its_offences(api: Api) -> None:
    offences = [{"scheme": "ICCS", "code": "0502"}, {"scheme": "NATINF", "code": "7151", "description": "Vol simple"}]
    api.hold(record("fr-pj", offences=offences))
    page = await opened(api, PAGE, ANNA, key="fr-pj:1")
    assert "ICCS 0502 Theft" in page.said()
    assert "NATINF 7151 Vol simple" in page.said()
