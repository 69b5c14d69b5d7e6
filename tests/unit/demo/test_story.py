from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from pipeline.correlation.claims import ClaimSide, ClaimState
from pipeline.demo.case_files import case_handling, handling_of_case
from pipeline.demo.countries import load_countries
from pipeline.demo.story import Cast, Story, find_story, story_steps
from pipeline.index.documents import LinkDocument
from pipeline.matching.bands import Band
from pipeline.matching.explain.explanation import EntityEvidence, Explanation, Item
from pipeline.matching.handling import Handling
from support.access.requesters import make_requester

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OPEN = Handling("H0", ("*",), ("investigation",))
FOR_FRANCE = Handling("H2", ("FR",), ("investigation",))


CAST = Cast(make_requester("fr-pj"), make_requester("be-fp"), make_requester("pl-kg"))


def link(hidden: Handling, names: tuple[str, str], born: str = "1980-05-14", score: int = 2_000) -> LinkDocument:
    items = (Item("name", "same", *names, 1_000), Item("birth_date", "same", born, born, 1_000))
    people = EntityEvidence("person", "person", "p1", "p1", items, 2_000, 2_000)
    evidence = Explanation(-1_700, 0, 0, (people,), score, 0.9, Band.PROBABLE, (), "model", "hash")
    a = ClaimSide(f"be-fp:{hidden.code}-{'-'.join(hidden.releasable_to)}", 1, agency="be-fp", country="BE")
    b = ClaimSide("de-lk:1", 1, agency="de-lk", country="DE")
    return LinkDocument(
        f"{score:032x}",
        ClaimState.LIVE,
        "g",
        (a.case, b.case),
        a,
        b,
        score=score,
        evidence=msgspec.to_builtins(evidence),
    )


def handled(key: str) -> Handling:
    """As the key says: that of a link is for the tests to choose."""
    agency, _, said = key.partition(":")
    code, *countries_ = said.split("-")
    return OPEN if agency == "de-lk" else Handling(code, tuple(filter(None, countries_)), ("investigation",))


def test_the_question_is_the_visible_sides_name_across_scripts_if_there_is_one() -> None:
    plain = link(FOR_FRANCE, ("jan kowalski", "jan kowalski"), score=9_000)
    across = link(FOR_FRANCE, ("иван петров", "ivan petrov"))
    assert find_story([plain, across], CAST, handled, NOW) == Story("ivan petrov 1980-05-14", across=True)
    assert find_story([plain], CAST, handled, NOW) == Story("jan kowalski 1980-05-14", across=False)


@pytest.mark.parametrize(
    ("hidden", "born"),
    [
        (OPEN, "1980-05-14"),
        (Handling("H2", ("FR", "PL"), ("investigation",)), "1980-05-14"),
        (Handling("H3", (), ("investigation",)), "1980-05-14"),
        (FOR_FRANCE, "1980-05"),
    ],
)
def test_there_is_none_where_all_see_the_same_or_the_question_would_be_too_vague(hidden: Handling, born: str) -> None:
    assert find_story([link(hidden, ("a b", "a b"), born)], CAST, handled, NOW) is None


def test_its_steps_name_who_does_what() -> None:
    told = story_steps(Story("ivan petrov 1980-05-14", across=True), ("Claire", "Pieter", "Ewa"), "be-fp")
    assert "Claire" in told[0]
    assert "ivan petrov 1980-05-14" in told[0]
    assert "the hit of be-fp, written in another script" in told[1]


def test_a_case_is_always_handled_the_same_and_the_demo_has_every_kind() -> None:
    france = load_countries()["FR"]
    assert case_handling(france, "2026-000001") == case_handling(france, "2026-000001")
    many = [case_handling(france, f"2026-{number:06d}") for number in range(200)]
    assert {one["code"] for one in many} == {"H0", "H1", "H2", "H3"}
    assert handling_of_case("fr-pj:2026-000001").code == many[1]["code"]
    assert all("FR" not in one["releasable_to"] for one in many)
    assert all(("caveat" in one) == (one["code"] == "H1") for one in many)
