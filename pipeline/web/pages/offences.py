"""The offence codes that this system knows by name, in both languages, as one list that can be searched by words."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

import htpy

from pipeline.locale import LANGUAGES, N_
from pipeline.records.offence_codes import ICCS, OffenceCode, offence_codes, search_offences
from pipeline.web.components import states
from pipeline.web.components.form import Sent, field, form, submit_button
from pipeline.web.components.markup import box, static_html, text
from pipeline.web.components.tables import panel
from pipeline.web.components.values import CODES_PATH
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import ASK

SECTION = 2
"""Digits of a section's code."""


async def load(visit: Visit, _: Parameters) -> None:
    """Nothing of any case; only the roles are looked at."""
    visit.new_session().require_reader()


def draw(view: OpenPage, _: None) -> None:
    """A form, and all sections until it asks for less."""
    words = view.words
    with box("div", "heading"):
        text("h1", words("Offence codes"))
        text("p", words("International Classification of Crime for Statistical Purposes (UNODC, 2015). "
                        "A code stands for all codes that begin with it."), "small quiet")  # fmt: skip
    _draw_form(view)


def _draw_form(view: OpenPage) -> None:
    """The form stays as it is when it has been sent: what is typed keeps its focus."""
    words = view.words

    async def sent(fields: Sent) -> None:
        place.clear()
        with place:
            _draw_found(words, fields["words"].strip())

    with form(sent, "filters"):
        field(words("Code or words"), "words", "offence", type="search", maxlength="200", autocomplete="off",
              placeholder="0502")  # fmt: skip
        submit_button(words(ASK))
    with box("div", "stack", aria_live="polite") as place:
        _draw_found(words, "")


def _draw_found(words: Words, asked: str) -> None:
    """A table for each section, or for each code that has the words asked for."""
    sections = [offence for offence in offence_codes().values() if len(offence.code) == SECTION]
    found = search_offences(asked) if asked else sections
    for offence in found:
        title = offence.name(words.language)
        codes = [below for below in offence_codes().values() if below.code.startswith(offence.code)]
        with panel(title, tight=True):
            table = _render_codes(words, title, codes)
            static_html(table, classes="scroll", tabindex="0", role="group", aria_label=title)
    if not found:
        states.draw_empty(words("No offence code has these words"), words("Try fewer words, or the other language."))


def _render_codes(words: Words, title: str, codes: Iterable[OffenceCode]) -> htpy.Element:
    """One table: the code leads to the cases that have it; the reader's language stands first."""
    languages = sorted(LANGUAGES, key=lambda language: language != words.language)
    heads = (words("Code"), *(LANGUAGES[language].name for language in languages))
    return htpy.table(".folds.codes")[
        htpy.caption(".hidden-words")[title],
        htpy.thead[htpy.tr[(htpy.th(scope="col")[head] for head in heads)]],
        htpy.tbody[(_render_row(offence, languages) for offence in codes)],
    ]


def _render_row(offence: OffenceCode, languages: list[str]) -> htpy.Element:
    target = f"/search#{urlencode({'offence': f'{ICCS}:{offence.code}'})}"
    return htpy.tr(data_row="", id=f"code-{offence.code}", class_=f"level-{len(offence.code)}")[
        htpy.th(scope="row")[htpy.a(href=target, data_open="")[offence.code]],
        (htpy.td(lang=code, data_column=LANGUAGES[code].name)[offence.name(code)] for code in languages),
    ]


PAGE = Page(CODES_PATH, N_("Offence codes"), "statistics", load, draw)
