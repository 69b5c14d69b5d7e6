"""What can be asked, each with an example that a click asks."""

from __future__ import annotations

from urllib.parse import urlencode

from pipeline.locale import N_
from pipeline.web.components.markup import bidi_text, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words

GUIDE = (
    (N_("Name in any script, with or without date of birth"), "Иван Петров 1980-05"),
    (N_("Several names, nicknames or dates of birth"), 'name:"Иван Петров" nickname:Ваня born:1980 born:1982-05'),
    (N_("Date of birth, the day first"), "ivan petrov 25/11/1982"),
    (N_("Date of birth, in words"), "ivan petrov 8 December 2001"),
    (N_("Approximate date of birth"), "Иван Петров born:1978/1982"),
    (N_("Person, organisation or vessel only"), 'type:organisation name:"Nord Trade"'),
    (N_("Nationality and place of birth"), "Иван Петров nationality:RU birthplace:Tver"),
    (N_("Phone"), "+33 6 12 34 56 78"),
    (N_("Plate, full or partial"), "plate:AB-1?3*"),
    (N_("Document or account number"), "number:52NO43308"),
    (N_("Passport number"), "passport:52NO43308"),
    (N_("Case number"), "fr-pj:2026-0417"),
    (N_("Place"), "city:Lyon"),
    (N_("Offence, by name or ICCS code"), "offence:theft"),
    (N_("Words in the title or summary"), 'text:"vol aggravé"'),
)
"""What can be asked, each with an example (questions.py)."""


def draw_guide(words: Words) -> None:
    """The guide, as a table."""
    with panel(words("Search tips"), words("combine freely, in any order"), tight=True):
        draw_table(
            words("Search tips"),
            [
                TableColumn[tuple[str, str]](words("Search by"), lambda row: text("span", words(row[0]))),
                TableColumn(words("Example"), lambda row: _draw_example(row[1])),
            ],
            GUIDE,
        )


def _draw_example(question: str) -> None:
    """A question that a click asks."""
    with link("", f"/search#{urlencode({'q': question})}", data_open=""):
        bidi_text(question)
