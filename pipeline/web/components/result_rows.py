"""A search result as a row of a grid: whom it is about, whose record it is, how sure it is, and why it answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import htpy

from pipeline.api.answers import ResultSubject, SearchRow, told
from pipeline.api.services.export_words import PARTS
from pipeline.matching.bands import Band
from pipeline.matching.explain.explanation import EntityEvidence, Item
from pipeline.matching.explain.wording import bits, rarity, value
from pipeline.matching.explain.words import FIELDS, TYPES
from pipeline.records.entity_types import PERSON
from pipeline.search.understanding import UnderstoodPart
from pipeline.web.addresses import case_path
from pipeline.web.components.agreement import Parts, mark_contradictions, mark_date, render_agreement, render_parts
from pipeline.web.components.badges import render_band, render_caveat_badge
from pipeline.web.components.rows import record_mark, render_preview_button, render_tick, row_marks
from pipeline.web.components.understood import MET, find_lookup
from pipeline.web.components.values import render_name, render_title, tell_bits
from pipeline.web.i18n import Words

BORN: Final = frozenset({"birth_date", "birth_date_partial"})
"""Comparisons of dates of birth, whole or known in part."""

SHOWN = 5
"""Reasons beside a result, the strongest; all are on the link's page."""


def render_result(words: Words, row: SearchRow, parts: Sequence[UnderstoodPart] = ()) -> htpy.Element:
    """A result as an item of a list; `data-by` names what the list can be sorted by, `parts` are what was asked."""
    about, title = told(row.about), told(row.title)
    name = about.name if about else None
    called, country = name or title or row.case, words.country_name(row.country)
    return htpy.li(".result", **row_marks(record_mark(row.case), row.case))[
        htpy.label(".tick-room")[render_tick(words, called)],
        htpy.span(".main", data_by="name", data_value=called)[
            htpy.a(".name", href=case_path(row.case), data_open="")[
                htpy.span(".who")[render_name(called, row.country)] if name else render_title(words, called)
            ],
            name and [" ", htpy.span(".title")[render_title(words, title or "")]],
            [_render_marks(words, row)],
        ],
        htpy.span(".line")[
            htpy.span(".subject", data_by="born", data_value=(about.born or "") if about else "")[
                _render_subject(words, about) if about else None
            ],
            htpy.span(".record")[
                htpy.span(".code", data_by="case", data_value=row.case)[htpy.bdi[row.case]],
                htpy.span(data_by="country", data_value=country)[_tell_origin(words, row)],
            ],
            htpy.span(".opened", data_by="opened", data_value=(about.opened or "") if about else "")[
                htpy.time(datetime=about.opened)[words.format_date(about.opened)] if about and about.opened else None
            ],
        ],
        _render_score(words, row, find_lookup(parts, told(row.met) or ())),
        render_preview_button(words, called),
        _render_reasons(words, row),
    ]


def _tell_origin(words: Words, row: SearchRow) -> str:
    """Whose record it is: the agency's full name, if it has one, and the country."""
    title, country = words.agency_title(row.agency), words.country_name(row.country)
    return f"{title} · {country}" if title != row.agency else country


def _render_subject(words: Words, about: ResultSubject) -> list[htpy.Node]:
    """What tells one person from another: birth date and role; of a thing what it is."""
    return [
        about.type and about.type != PERSON.name and htpy.span[words.label(TYPES, about.type)],
        about.born and htpy.span[words("born {date}", date=words.format_date(about.born))],
        about.role and htpy.span(dir="auto")[words.label(PARTS, about.role)],
    ]


def _render_marks(words: Words, row: SearchRow) -> list[htpy.Node]:
    """The owner's caveat, and until when a grant opens the record."""
    until = told(row.access_until)
    return [
        told(row.caveat) and [" ", render_caveat_badge(words, row)],
        until
        and [
            " ",
            htpy.time(".tag.plain", datetime=until)[words("Access until {time}", time=words.format_minute(until))],
        ],
    ]


def _render_score(words: Words, row: SearchRow, lookup: str) -> htpy.Node:
    """How sure a result is; of the one thing that was asked it has exactly that, whatever its score."""
    score = told(row.score)
    if told(row.evidence) is None:
        return htpy.span(".score")
    return htpy.span(".score")[
        htpy.span(".tag.plain")[words(lookup)] if lookup else render_band(words, told(row.band) or Band.NONE),
        htpy.small(dir="ltr")[words("{bits} bits", bits=bits(score or 0, words.language))],
    ]


def _render_reasons(words: Words, row: SearchRow) -> htpy.Node:
    """The strongest reasons first; without any of the matcher's, the clauses that were met."""
    evidence = told(row.evidence)
    if evidence is None:
        return None
    items = _strongest(evidence)
    met: Iterable[str] = told(row.met) or ()
    return htpy.div(".why")[
        (_render_reason(words, item) for item in items[:SHOWN]),
        not items and htpy.span(".reason")[", ".join(words.label(MET, reason) for reason in met if reason in MET)],
    ]


def _strongest(evidence: Sequence[EntityEvidence]) -> list[Item]:
    return sorted((item for part in evidence for item in part.items), key=lambda item: -abs(item.bits))


def _render_reason(words: Words, item: Item) -> htpy.Element:
    rare = rarity(item, words.language)
    return htpy.span(".reason", title=tell_bits(words, item.bits))[
        htpy.b[words.label(FIELDS, item.field)],
        " ",
        htpy.bdi(dir="auto")[render_parts(_mark_value(words, item))],
        " ",
        render_agreement(words, item),
        rare and htpy.span(".quiet")[f" · {rare}"],
    ]


def _mark_value(words: Words, item: Item) -> Parts:
    """What the record has, in the reader's words; what contradicts the question differs."""
    if item.field in BORN:
        return mark_date(words, item.value_a, item.value_b)
    asked, held = (value(item.field, said, words.language) for said in (item.value_a, item.value_b))
    return mark_contradictions(asked, held)
