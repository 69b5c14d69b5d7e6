from __future__ import annotations

from typing import Any

import msgspec
import pytest
from rich.console import Console, RenderableType

from pipeline.correlation.claims import ClaimSide, ClaimState
from pipeline.index import terminal
from pipeline.index.documents import CaseDocument, LinkDocument, case_document
from pipeline.index.searching import SearchResult
from pipeline.matching.bands import Band
from pipeline.matching.explain.explanation import Explanation, explain_entities
from pipeline.matching.fingerprint import entity_print
from pipeline.matching.model import load_model
from pipeline.records.names import normalise_name
from pipeline.records.normalised import Entity, PartialDate
from support.index.accepted import make_accepted
from support.records.builder import person


def shown(renderable: RenderableType, width: int = 110) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def person_print(entity_id: str, name: str) -> Any:
    names = (normalise_name(name, "", "", "", "", "", "person"),)
    return entity_print(Entity(entity_id, "person", names=names, birth_date=PartialDate(1980, 5, 1)))


@pytest.fixture(scope="module")
def told() -> Explanation:
    return explain_entities((person_print("p1", "Ivan Petrov"),), (person_print("p7", "Иван Петров"),), load_model())


def test_the_terms_of_an_explanation_add_up_to_its_score(told: Explanation) -> None:
    lines = shown(terminal.explanation(told)).splitlines()
    terms = [float(line.split()[-1]) for line in lines[2:] if line.strip() and line.split()[-1][0] in "+-"]
    assert sum(terms) == pytest.approx(told.score / 100, abs=0.05 * len(terms))


def test_a_link_tells_of_the_other_side_first_what_is_on_this(told: Explanation) -> None:
    evidence = msgspec.to_builtins(told)
    a, b = ClaimSide("be-fp:1", 1, agency="be-fp", country="BE"), ClaimSide("fr-pj:1", 1, agency="fr-pj", country="FR")
    link = LinkDocument(
        "ab12", ClaimState.LIVE, "g", (a.case, b.case), a, b, (), told.score, 0.9731, Band.PROBABLE, evidence
    )
    from_a, from_b = shown(terminal.links("be-fp:1", [link])), shown(terminal.links("fr-pj:1", [link]))
    assert "fr-pj:1 (FR)  probable  probability 97.3%" in from_a
    assert "be-fp:1 (BE)" in from_b
    assert from_a.index("ivan") < from_a.index("иван")
    assert from_b.index("иван") < from_b.index("ivan")


def test_a_result_says_why_it_was_found(told: Explanation) -> None:
    case = CaseDocument("fr-pj:1", "fr-pj", "FR", 1, "live", data={"title": "Trafic"})
    output = shown(
        terminal.results([SearchResult(case, 2650, ("name",), told.entities), SearchResult(case, 0, ("text",), ())])
    )
    assert "Trafic" in output
    assert "+26.5" in output
    assert "Date of birth 1980-05-01" in output
    assert "text in the record" in output


def test_a_case_shows_the_record_and_who_may_see_it() -> None:
    entity = person("Иван Петров", id="p1", role="suspect", emails=None)
    action = case_document(make_accepted(title="Trafic", entities=[entity], opened="2026-10-28"))
    output = shown(terminal.case(msgspec.json.decode(action.body, type=CaseDocument)))
    for words in (
        "fr-pj:1  version 1, active",
        "Trafic",
        "H1, released to BE",
        "2026-10-28",
        "suspect",
        "names full Иван Петров",
    ):
        assert words in output
    assert "emails" not in output


def test_markup_and_escapes_in_a_record_are_not_obeyed() -> None:
    action = case_document(make_accepted(title="[red]x[/red] \x1b[2J\u202e[bold]"))
    output = shown(terminal.case(msgspec.json.decode(action.body, type=CaseDocument)))
    assert "[red]x[/red]  [2J [bold]" in output
    assert "\x1b" not in output
