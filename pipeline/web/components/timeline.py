"""What happened when, from the dates that a record holds, earliest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.access.redaction import Row
from pipeline.locale import N_
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


def collect_moments(row: Row) -> list[TimelineMoment]:
    """The dates of a case and its entities, earliest first."""
    data = row["data"]
    own = [TimelineMoment(data[field], word) for field, word in OWN if data.get(field)]
    entities = [moment for entity in data.get("entities", ()) for moment in _entity_moments(entity)]
    return sorted(own + entities)


def _entity_moments(entity: dict[str, Any]) -> Iterator[TimelineMoment]:
    for field, word in DATED:
        if entity.get(field):
            yield TimelineMoment(entity[field], word, entity.get("method") or entity["id"])


def draw_timeline(words: Words, row: Row) -> None:
    """The moments as a list."""
    found = collect_moments(row)
    if not found:
        states.draw_empty(words("No dates in this record"))
        return
    with box("ol", "timeline"):
        for moment in found:
            with box("li"):
                timed = "T" in moment.when
                text(
                    "time",
                    words.format_minute(moment.when) if timed else words.format_date(moment.when),
                    datetime=moment.when,
                )
                box("i", aria_hidden="true")
                with box("span"):
                    text("span", words(moment.what))
                    if moment.said:
                        text("span", " · ", "quiet")
                        bidi_text(moment.said, "bdi", "quiet")
