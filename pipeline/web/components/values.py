"""Single values as people read them: names, dates, offences, bits and percentages.

Every page shows names by `draw_name`, or by `render_name` inside what is drawn as one piece: a name as its agency wrote
it, then how it reads in Latin letters; names in Latin letters stand alone. Signed numbers and bounded percentages keep
their sign left: plus, minus and "greater than" have no direction of their own, and would go behind their number in text
from right to left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import htpy
from nicegui.element import Element

from pipeline.matching.explain.wording import bits, percent
from pipeline.matching.names.romanisation import name_language, romanise_name
from pipeline.records.dates import CIRCA, RANGE
from pipeline.records.offence_codes import find_offence, read_title
from pipeline.web.components.markup import bidi_text, box, link, static_html, text
from pipeline.web.i18n import Words


def draw_name(name: str, country: str = "", tag: str = "span", classes: str = "") -> Element:
    """A name as an element; `country` is of the agency that wrote it, "" if that is not known."""
    if not romanise_name(name, country) and not _find_numbers(name):
        return bidi_text(name, "bdi" if tag == "span" else tag, classes)
    return static_html(render_name(name, country), tag, classes)


def render_name(name: str, country: str = "", shown: htpy.Node = None) -> htpy.Fragment:
    """The same as markup: the name in its own direction and language, and its romanisation in small letters.

    `shown` is the name's own text where parts of it are marked.
    """
    romanised, own = romanise_name(name, country), render_whole(name) if shown is None else shown
    if not romanised:
        return htpy.fragment[htpy.bdi(dir="auto")[own]]
    language = name_language(name, country)
    return htpy.fragment[
        htpy.bdi(dir="auto", lang=language or None)[own],
        " ",
        htpy.small(".romanised", dir="ltr", lang=f"{language[:2]}-Latn" if language else None)[romanised],
    ]


def render_whole(words: str) -> htpy.Node:
    """Words with the plates and case numbers among them in one piece, which a narrow page would break at a hyphen.

    A no-break hyphen instead would be copied with the number, and found nowhere.
    """
    pieces, end = list[htpy.Node](), 0
    for number in _find_numbers(words):
        pieces += (words[end : number.start()], htpy.span(".nowrap")[number[0]])
        end = number.end()
    return htpy.fragment[pieces, words[end:]] if pieces else words


HYPHENED: Final = re.compile(r"(?<![\w:-])(?=[\w:-]*\d)[\w:]+(?:-[\w:]*\w)+(?![\w-])")
"""Words joined by hyphens with a digit among them: 1-ABC-232, fr-pj:2026-4702."""

MOST_WHOLE: Final = 24
"""Characters of what stays in one piece: what is longer might not fit a phone, and breaks anywhere."""


def _find_numbers(words: str) -> list[re.Match[str]]:
    return [found for found in HYPHENED.finditer(words) if len(found[0]) <= MOST_WHOLE]


def first_day(when: str) -> str:
    """Where a date, a range or a date about begins."""
    return when.removesuffix(CIRCA).partition(RANGE)[0]


def format_moment(words: Words, when: str) -> str:
    """A time or a date as a record states it, as people read it."""
    return words.format_minute(when) if "T" in when else format_birth_date(words, when)


def draw_moment(words: Words, when: str | datetime | None, classes: str = "nowrap") -> Element:
    """A time to the minute, in UTC: the browser puts the reader's own beside it (static/keys.js)."""
    stated = when.isoformat() if isinstance(when, datetime) else when
    return text("time", words.format_minute(stated) if stated else "–", classes, datetime=stated)


def draw_agency(words: Words, code: str) -> None:
    """An agency's name with its code behind it, whose hyphen never ends a line."""
    title = words.agency_title(code)
    with box("span"):
        if title != code:
            text("span", f"{title} ")
        text("span", f"({code})" if title != code else code, "nowrap")


def draw_access_end(words: Words, until: str) -> None:
    """Until when a grant lets the reader see a record."""
    with box("p", "notice plain"):
        text("time", words("Access until {time}", time=words.format_minute(until)), datetime=until)


def format_birth_date(words: Words, stated: str) -> str:
    """A birth date as a question or a record states it, as all dates of a page: one, a range, or about one."""
    first, _, last = stated.removesuffix(CIRCA).partition(RANGE)
    span = " – ".join(words.format_date(date) for date in (first, last) if date)
    return words("about {date}", date=span) if stated.endswith(CIRCA) else span


CODES_PATH = "/offences"
"""The page that lists the codes."""


def format_countries(words: Words, codes: Sequence[str]) -> str:
    """Countries by name, as a record is released to them; "*" is every one."""
    return words("Every country") if "*" in codes else ", ".join(map(words.country_name, codes))


def name_offence(words: Words, scheme: str, code: str, description: str | None = None) -> str:
    """What a code is called in the reader's language, else the agency's words for it; "" where there are none."""
    known = find_offence(scheme, code)
    return known.name(words.language) if known else description or ""


def render_title(words: Words, title: str) -> htpy.Fragment:
    """A case's title; of one that names an offence in another language first what it says in the reader's."""
    reading, own = read_title(title, words.language), htpy.bdi(dir="auto")[title]
    if reading is None:
        return htpy.fragment[own]
    original = htpy.bdi(dir="auto", lang=reading.language)[title]
    return htpy.fragment[htpy.bdi(dir="auto")[reading.name], " ", htpy.small(".original")[original]]


def draw_title(words: Words, title: str, tag: str = "span", classes: str = "") -> Element:
    """The same as an element."""
    return static_html(render_title(words, title), tag, classes)


def format_title(words: Words, title: str) -> str:
    """The same as text."""
    reading = read_title(title, words.language)
    return f"{reading.name} · {title}" if reading else title


def draw_offences(words: Words, offences: Iterable[Mapping[str, str]]) -> None:
    """Each offence as a tag; a code of the international classification leads to its place in the list."""
    for offence in offences:
        scheme, code = offence["scheme"], offence["code"]
        name, known = name_offence(words, scheme, code, offence.get("description")), find_offence(scheme, code)
        with box("span", "tag wraps"):
            if known is None:
                text("span", f"{scheme} {code}")
            else:
                link(f"{scheme} {code}", f"{CODES_PATH}#code-{known.code}")
            if name:
                bidi_text(name)


def format_offence(words: Words, code: str) -> str:
    """A code with its classification ("ICCS:0401"), and its name where it is known."""
    scheme, _, number = code.partition(":")
    name = name_offence(words, scheme, number)
    return f"{scheme} {number} · {name}" if name else f"{scheme} {number}"


LEFT_TO_RIGHT: Final = "\N{LEFT-TO-RIGHT ISOLATE}"
ISOLATE_END: Final = "\N{POP DIRECTIONAL ISOLATE}"


def render_bits(words: Words, hundredths: int) -> htpy.Element:
    """Signed bits, such as +12.3."""
    return htpy.bdi(dir="ltr")[bits(hundredths, words.language)]


def render_percent(words: Words, probability: float) -> htpy.Element:
    """A probability in per cent, such as > 99.999%."""
    return htpy.bdi(dir="ltr")[percent(probability, words.language)]


def tell_bits(words: Words, hundredths: int) -> str:
    """Signed bits for an attribute, which takes no markup."""
    return LEFT_TO_RIGHT + bits(hundredths, words.language) + ISOLATE_END
