from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import msgspec
import pytest

from pipeline.matching.explain.breakdown import Bar
from pipeline.matching.explain.explaining import explain, explain_shared_number
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.fingerprint import Fingerprint, entity_print
from pipeline.matching.model import load_model
from pipeline.records.entity_types import normalise
from pipeline.records.model import Case
from pipeline.web.components.evidence import place_bars, render_comparison, render_counterfactuals
from pipeline.web.i18n import load_words
from support.records.builder import person

HOSTILE = "Zarubin</td><script>alert(1)</script>"
ENGLISH = load_words("en")


def held(agency: str, country: str, name: str, birth_date: str, **fields: Any) -> Fingerprint:
    man = person(name, id="p", birth_date=birth_date, gender="male", **fields)
    document = {"case_id": "1", "agency": agency, "country": country, "version": 1, "status": "active"}
    case = msgspec.convert(document | {"entities": [man]}, Case)
    prints = tuple(map(entity_print, normalise(case).entities))
    return Fingerprint(case.key, 1, "", agency, country, entities=prints)


@pytest.fixture
def found() -> Explanation:
    a, b = held("fr-pj", "FR", f"Иван {HOSTILE}", "1980-05-03"), held("be-fp", "BE", "Ivan Zarubin", "1980-03-05")
    return explain(a, b, load_model())


def cells(tree: object) -> list[list[str]]:
    """What each row of a table says; it must be well-formed."""
    table = ElementTree.fromstring(str(tree))
    return [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]


def test_every_comparison_has_its_row(found: Explanation) -> None:
    titles, pair, *items = cells(render_comparison(ENGLISH, found, "be-fp", "fr-pj"))
    assert (titles[1], titles[3]) == ("be-fp", "fr-pj")
    assert pair[0].startswith("Person: иван zarubin")
    assert pair[0].endswith(" = ivan zarubin")
    assert "Person p" not in pair[0], "ids say nothing to a reader"
    assert [row[0] for row in items] == [
        "Name",
        "Date of birth",
        "Gender",
        "Could be relatives",
        "Starting odds",
        "Score",
    ]


def test_dates_stand_as_everywhere_on_pages_with_what_contradicts_marked(found: Explanation) -> None:
    (row,) = (row for row in cells(render_comparison(ENGLISH, found, "be-fp", "fr-pj")) if row[0] == "Date of birth")
    assert (row[1], row[3]) == ("3 May 1980", "5 Mar 1980")
    tree = str(render_comparison(ENGLISH, found, "be-fp", "fr-pj"))
    assert "<mark>3</mark> <mark>May</mark> 1980" in tree
    assert "<mark>5</mark> <mark>Mar</mark> 1980" in tree


def test_what_a_record_says_stays_text(found: Explanation) -> None:
    tree = str(render_comparison(ENGLISH, found, HOSTILE, HOSTILE))
    assert "<script" not in tree
    assert cells(tree)[0][1] == HOSTILE, "an agency's name"
    assert any("script" in cell for row in cells(tree)[2:] for cell in row), "the hostile name is shown, as text"


def test_what_would_change_the_decision_is_listed(found: Explanation) -> None:
    listed = ElementTree.fromstring(str(render_counterfactuals(ENGLISH, found)))
    assert len(listed) == max(1, len(found.decisive))
    assert all(item.text for item in listed)


def test_two_who_share_a_number_are_shown_with_it_and_as_one() -> None:
    """The number, why they are linked; and all that tells them apart."""
    passport = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
    a, b = (
        held(agency, country, name, "1980-05-03", identifiers=passport)
        for agency, country, name in (("fr-pj", "FR", "Ivan Zarubin"), ("be-fp", "BE", "Anna Keller"))
    )
    shared = explain_shared_number(a, b, load_model())
    fields = [row[0] for row in cells(render_comparison(ENGLISH, shared, "fr-pj", "be-fp"))]
    assert [field for field in fields if field in ("Identifier", "Name")] == ["Identifier", "Name", "Identifier"]
    assert "Taken as one, all evidence together gives" in str(render_counterfactuals(ENGLISH, shared))


STEPS = [
    Bar("prior", "Starting odds", 0, -1700),
    Bar("name", "the name", -1700, 800),
    Bar("score", "Score", 0, 800),
]


def test_bars_fill_the_width_and_each_begins_where_the_one_before_ends() -> None:
    zero, (prior, name, score) = place_bars(STEPS)
    assert (name.left, name.width) == (0, 100)
    assert [prior.left, prior.left + prior.width] == pytest.approx([0, zero])
    assert (prior.end, name.end) == (name.left, 100)
    assert [score.left, score.left + score.width] == pytest.approx([zero, 100])


def test_each_bar_carries_its_side() -> None:
    _, drawn = place_bars(STEPS)
    assert [bar.kind for bar in drawn] == ["against", "for", "total"]


def test_without_any_evidence_there_is_still_a_chart() -> None:
    zero, (only,) = place_bars([Bar("score", "Score", 0, 0)])
    assert (zero, only.left, only.width) == (0, 0, 0)
