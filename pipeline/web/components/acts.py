"""Who did what: the columns that say it of an act, wherever acts are listed."""

from __future__ import annotations

from pipeline.access.redaction import Row
from pipeline.web.components.badges import badge
from pipeline.web.components.markup import text
from pipeline.web.components.table import TableColumn
from pipeline.web.i18n import Words
from pipeline.web.vocabulary import ACTS, FORMS, PURPOSES, RULES


def act_columns(words: Words) -> list[TableColumn[Row]]:
    """Agency, person (of other agencies' people the agency alone), act and purpose."""
    return [
        TableColumn(words("Agency"), lambda row: text("span", row["agency"])),
        TableColumn(words("User"), lambda row: text("span", row["subject"] or "–")),
        TableColumn(words("Action"), lambda row: _draw_action(words, row)),
        TableColumn(words("Purpose"), lambda row: text("span", words.label(PURPOSES, row["purpose"]) or "–")),
    ]


def _draw_action(words: Words, row: Row) -> None:
    text("span", words.label(ACTS, row["kind"]))
    if row["part"]:
        number, _, count = row["part"].partition("/")
        part = words("part {number} of {count}", number=words.format_number(int(number)),
                     count=words.format_number(int(count)))  # fmt: skip
        text("div", part, "small quiet")


def draw_form_badge(words: Words, row: Row) -> None:
    """In which form an act showed a record, and by which rule; older acts name none."""
    badge(words.label(FORMS, row["form"]), "plain")
    if row["rule"]:
        text("span", words.label(RULES, row["rule"]), "small quiet")
