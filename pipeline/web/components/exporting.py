"""Everything that somebody may read as a file: plain forms, whose answer the browser keeps."""

from __future__ import annotations

from typing import get_args

from pipeline.api.services.export_formats import ExportFormat, What
from pipeline.locale import N_
from pipeline.web.components.form import post_form
from pipeline.web.components.markup import box, text
from pipeline.web.i18n import Words

PATH = "/export"

WHAT = {"links": N_("Links"), "cases": N_("Cases")}
FORMS = {"ndjson": "NDJSON", "csv": "CSV", "excel": N_("CSV for Excel"), "ftm": "FollowTheMoney", "stix": "STIX 2.1"}


def draw_export_forms(words: Words, token: str) -> None:
    """A button for each file; `token` is the visit's `csrf`. What is hit-only comes without content, as everywhere."""
    for what in get_args(What):
        with post_form(PATH, token, "row apart", aria_label=words.label(WHAT, what)):
            box("input", type="hidden", name="what", value=what)
            text("span", words.label(WHAT, what), "strong small")
            with box("span", "row"):
                for form in get_args(ExportFormat):
                    text("button", words(FORMS[form]), "button slight", type="submit", name="form", value=form)
