"""What happened when, from the dates that a record holds, earliest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.access.redaction import Row
from pipeline.locale import N_
from pipeline.matching.explain.words import describe_birth_date
from pipeline.records.dates import CIRCA, RANGE
from pipeline.web.components import states
from pipeline.web.components.markup import bidi_text, box, text
from pipeline.web.i18n import Words


class TimelineMoment(NamedTuple):
    """A date or time as the record gives it, what happened, and the record's own words."""

    when: str
    what: str
    said: str = ""


OWN = (("opened", N_("Case opened")), ("closed", N_("Case closed")))
DATED = (
    ("birth_date", N_("Born")), ("death_date", N_("Died")), ("founded", N_("Founded")), ("dissolved", N_("Dissolved")),
    ("issued", N_("Document issued")), ("expires", N_("Document expires")), ("start", N_("Event")),
)  # fmt: skip

SEVERAL = {"birth_date": "birth_dates"}
"""Fields that hold several dates of one kind, by the field that holds one."""


def collect_moments(row: Row) -> list[TimelineMoment]:
    """The dates of a case and its entities, earliest first."""
    data = row["data"]
    own = [TimelineMoment(data[field], word) for field, word in OWN if data.get(field)]
    entities = [moment for entity in data.get("entities", ()) for moment in _entity_moments(entity)]
    return sorted(own + entities)


def _entity_moments(entity: dict[str, Any]) -> Iterator[TimelineMoment]:
    for field, word in DATED:
        for when in filter(None, dict.fromkeys([entity.get(field), *entity.get(SEVERAL.get(field, ""), ())])):
            yield TimelineMoment(when, word, entity.get("method") or entity["id"])


def _first_day(when: str) -> str:
    return when.removesuffix(CIRCA).partition(RANGE)[0]


def format_moment(words: Words, when: str) -> str:
    """A date, a time, or a range or a date about, as people read it."""
    if when != _first_day(when):
        return describe_birth_date(when, words.language)
    return words.format_minute(when) if "T" in when else words.format_date(when)


def draw_timeline(words: Words, row: Row) -> None:
    """The moments as a list."""
    found = collect_moments(row)
    if not found:
        states.draw_empty(words("No dates in this record"))
        return
    with box("ol", "timeline"):
        for moment in found:
            with box("li"):
                text("time", format_moment(words, moment.when), datetime=_first_day(moment.when))
                box("i", aria_hidden="true")
                with box("span"):
                    text("span", words(moment.what))
                    if moment.said:
                        text("span", " · ", "quiet")
                        bidi_text(moment.said, "bdi", "quiet")
