from __future__ import annotations

from typing import Any, Final

import htpy
import pytest

from pipeline.api.services.links import list_case_links
from pipeline.api.services.search import Search, search
from pipeline.matching.bands import Band
from pipeline.web.components.badges import render_band, render_caveat_badge
from pipeline.web.i18n import load_words
from pipeline.web.pages.case import PAGE
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import handling, record
from support.web.pages import opened

ARABIC: Final = "لا توقيف قبل الاتصال"
ENGLISH: Final = "No arrest before you have called"
GERMAN: Final = "Keine Festnahme vor einem Anruf"
TRANSLATED: Final = {"caveat": ARABIC, "caveat_translations": {"en": ENGLISH, "de": GERMAN}}


def hold(api: Api, **record_fields: Any) -> None:
    api.hold(record("be-fp", handling=handling("H1") | TRANSLATED, **record_fields), record("fr-pj"))
    api.link("be-fp:1", "fr-pj:1")


async def texts(api: Api, language: str) -> list[tuple[str, str | None]]:
    """The caveat on a case's page: each text of it with its language."""
    page = await opened(api, PAGE, ANNA, language, key="be-fp:1")
    return [
        (text, attributes.get("lang"))
        for _, text, attributes in page.drawn()
        if text in (ARABIC, ENGLISH, GERMAN) and attributes["dir"] == "auto"
    ]


async def test_a_case_shows_the_readers_language_then_what_binds_then_the_rest(api: Api) -> None:
    hold(api, language="ar")
    assert await texts(api, "en") == [(ENGLISH, "en"), (ARABIC, "ar"), (GERMAN, "de")]
    said = " ".join((await opened(api, PAGE, ANNA, key="be-fp:1")).said().split())
    assert f"Original (binding): {ARABIC}" in said
    assert f"German: {GERMAN}" in said


async def test_without_a_translation_for_the_reader_the_original_is_the_caveat(api: Api) -> None:
    hold(api, language="ar")
    assert await texts(api, "fr") == [(ARABIC, "ar"), (GERMAN, "de"), (ENGLISH, "en")]
    assert "fait foi" not in (await opened(api, PAGE, ANNA, "fr", key="be-fp:1")).said()


async def test_an_original_of_no_known_language_is_read_in_none(api: Api) -> None:
    hold(api)
    assert (await texts(api, "en"))[1] == (ARABIC, "")


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_badge_has_both_where_there_are_both(api: Api, language: str) -> None:
    hold(api, language="ar")
    words = load_words(language)
    (row,) = (await search(api.session(ANNA, language=language), Search("be-fp:1"))).results
    badge = str(htpy.fragment[render_caveat_badge(words, row)])
    assert f'dir="auto" lang="en">{ENGLISH}<' in badge or language == "fr"
    assert (f'title="{ENGLISH}\nOriginal (binding): {ARABIC}"' in badge) is (language == "en")
    assert f">{ARABIC}<" in badge
    (link,) = (await list_case_links(api.session(ANNA, language=language), "fr-pj:1")).links
    assert link.other is not None
    assert str(htpy.fragment[render_caveat_badge(words, link.other)]) == badge


async def test_a_record_without_a_caveat_has_no_badge(api: Api) -> None:
    api.hold(record("be-fp"))
    (row,) = (await search(api.session(ANNA), Search("be-fp:1"))).results
    assert render_caveat_badge(load_words("en"), row) is None


@pytest.mark.parametrize(("language", "word"), [("en", "Weak"), ("fr", "Faible"), ("es", "Débil")])
def test_a_result_below_all_bands_has_a_word_too(language: str, word: str) -> None:
    drawn = str(render_band(load_words(language), Band.NONE))
    assert f"<span>{word}</span>" in drawn
    assert 'class="on"' not in drawn
