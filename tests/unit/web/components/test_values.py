from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from pipeline.web.components.values import (
    format_moment,
    format_title,
    name_offence,
    render_bits,
    render_name,
    render_percent,
    render_title,
    render_whole,
    tell_bits,
)
from pipeline.web.i18n import load_words
from pipeline.web.page import Page
from pipeline.web.pages.case import PAGE
from pipeline.web.pages.records import LISTED
from pipeline.web.pages.records import PAGE as RECORDS
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import opened


def test_a_foreign_name_comes_first_in_its_own_direction_and_language_then_romanised() -> None:
    original, romanised = ElementTree.fromstring(f"<p>{render_name('محمد الخطيب', 'SA')}</p>")
    assert (original.tag, original.attrib, original.text) == ("bdi", {"dir": "auto", "lang": "ar"}, "محمد الخطيب")
    assert romanised.attrib == {"class": "romanised", "dir": "ltr", "lang": "ar-Latn"}
    assert romanised.text == "Mohamed Al-Khatib"


def test_a_latin_name_stands_alone() -> None:
    assert str(render_name("Jérôme Müller", "FR")) == '<bdi dir="auto">Jérôme Müller</bdi>'


def test_what_a_record_says_stays_text() -> None:
    tree = str(render_name("Иван <script>alert(1)</script>"))
    assert "<script" not in tree
    assert tree.count("&lt;script&gt;") == 2


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        ("Volkswagen Golf grey · 1-ABC-232", ["1-ABC-232"]),
        ("Caveat of Police judiciaire on fr-pj:2026-4702: ", ["fr-pj:2026-4702"]),
        ("1-ABC-232, AB-12-CD", ["1-ABC-232", "AB-12-CD"]),
        ("Jean-Pierre Dupont", []),
        ("1-" + "A" * 23, []),
        ("-1-", []),
    ],
)
def test_a_plate_and_a_case_number_stay_in_one_piece(words: str, whole: list[str]) -> None:
    drawn = ElementTree.fromstring(f"<p>{render_name(words)}</p>")
    assert [(span.attrib, span.text) for span in drawn.iter("span")] == [({"class": "nowrap"}, one) for one in whole]
    assert "".join(drawn.itertext()) == words


def test_what_stands_around_a_plate_stays_text() -> None:
    assert str(render_whole("<b>1-A</b> & 2-B")).startswith("&lt;b&gt;<span")


@pytest.mark.parametrize(
    ("when", "english", "french"),
    [
        ("1980-05", "1980-05", "1980-05"),
        ("1980-05-03", "3 May 1980", "3 mai 1980"),
        ("1978~", "about 1978", "vers 1978"),
        ("1979/1981", "1979 – 1981", "1979 – 1981"),
        ("1979/1981~", "about 1979 – 1981", "vers 1979 – 1981"),
    ],
)
def test_ranges_and_dates_about_are_in_words(when: str, english: str, french: str) -> None:
    assert [format_moment(load_words(language), when) for language in ("en", "fr")] == [english, french]


def test_a_title_that_names_an_offence_comes_first_in_the_readers_language_then_as_it_is() -> None:
    words = load_words("en")
    said, original = ElementTree.fromstring(f"<p>{render_title(words, 'سرقة السيارات')}</p>")
    assert (said.tag, said.text) == ("bdi", "Vehicle theft")
    assert (original.tag, original.attrib) == ("small", {"class": "original"})
    (own,) = original
    assert (own.attrib, own.text) == ({"dir": "auto", "lang": "ar"}, "سرقة السيارات")
    assert format_title(words, "Hehlerei") == "Handling stolen goods · Hehlerei"


@pytest.mark.parametrize("title", ["Vehicle theft", "Affair of Иван", "<script>alert(1)</script>"])
def test_any_other_title_stands_alone_as_text(title: str) -> None:
    words = load_words("en")
    (own,) = ElementTree.fromstring(f"<p>{render_title(words, title)}</p>")
    assert (own.tag, own.text) == ("bdi", title)
    assert format_title(words, title) == title


@pytest.mark.parametrize(("page", "parameters"), [(PAGE, {"key": "fr-pj:1"}), (RECORDS, {"list": LISTED})])
async def test_pages_have_a_title_in_the_readers_language_first(
    api: Api, page: Page[Any], parameters: dict[str, str]
) -> None:
    api.hold(record("fr-pj", title="Geldwäsche", language="de"))
    said = (await opened(api, page, ANNA, "fr", **parameters)).said()
    assert 0 <= said.index("Blanchiment") < said.index("Geldwäsche")


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


@pytest.mark.parametrize(("language", "said"), [("en", "+58.0"), ("fr", "+58,0"), ("es", "+58,0")])
def test_a_signed_number_reads_from_the_left_on_any_page(language: str, said: str) -> None:
    words = load_words(language)
    assert str(render_bits(words, 5_800)) == f'<bdi dir="ltr">{said}</bdi>'
    assert tell_bits(words, 5_800) == f"\N{LEFT-TO-RIGHT ISOLATE}{said}\N{POP DIRECTIONAL ISOLATE}"


def test_so_does_a_bounded_percentage() -> None:
    assert str(render_percent(load_words("en"), 1.0)) == '<bdi dir="ltr">&gt; 99.999%</bdi>'
