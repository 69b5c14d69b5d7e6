from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import msgspec
import pytest

from pipeline.access.requester import Requester, Role
from pipeline.access.reviews import (
    Colour,
    EvidenceChange,
    NotUndoableError,
    Review,
    Verdict,
    evidence_change,
    evidence_marks,
    is_due,
    review_colour,
    review_for,
    summarise_reviews,
    undo_review,
    verdicts_with_reason,
)
from pipeline.matching.bands import Band
from pipeline.matching.explain.explanation import EntityEvidence, Explanation, Item
from support.access.requesters import make_requester

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LINK = "0" * 32
KEY = b"secret"
SAME, DIFFERENT, RELATED, UNSURE = Verdict.SAME, Verdict.DIFFERENT, Verdict.RELATED, Verdict.UNSURE
PASSPORT = Item("identifier", "exact", "X1", "X1", 900)
NAME = Item("name", "close", "Ivan", "Iwan", 300)


def review(verdict: Verdict, agency: str = "be-fp", minutes: int = 0, **fields: object) -> Review:
    made = Review(
        f"{agency}{minutes}", LINK, "be-fp:1", "fr-pj:1", 1, 1, "g1", verdict, agency, f"someone of {agency}",
        NOW + timedelta(minutes=minutes),
    )  # fmt: skip
    return msgspec.structs.replace(made, **fields)


def explained(*items: Item, bits: int = 0) -> Explanation:
    entity = EntityEvidence("person", "person", "p1", "p1", items, bits, bits)
    return Explanation(-1000, 0, 0, (entity,), bits, 0.9, Band.PROBABLE, (), "m", "h")


def because(*items: Item) -> tuple[str, ...]:
    return tuple(mark.digest for mark in evidence_marks(explained(*items), KEY, LINK))


@pytest.mark.parametrize(
    ("verdict", "action", "expected"),
    [
        (SAME, False, Colour.WHITE), (RELATED, False, Colour.WHITE), (DIFFERENT, False, Colour.GREEN),
        (UNSURE, False, Colour.YELLOW), (SAME, True, Colour.RED), (RELATED, True, Colour.RED),
        (DIFFERENT, True, Colour.GREEN), (UNSURE, True, Colour.YELLOW),
    ],
)  # fmt: skip
def test_a_verdict_has_the_detectors_colour(verdict: Verdict, action: bool, expected: Colour) -> None:
    assert review_colour(review(verdict, action=action)) is expected
    assert summarise_reviews([review(verdict, action=action)]).colour is expected


def test_an_unjudged_link_is_yellow() -> None:
    assert summarise_reviews([]).colour is Colour.YELLOW
    assert summarise_reviews([review(SAME, undone=True)]).colour is Colour.YELLOW


def test_an_agencys_latest_review_holds_whatever_the_order_of_arrival() -> None:
    given = [review(UNSURE), review(SAME, minutes=1), review(DIFFERENT, minutes=2, undone=True)]
    for order in permutations(given):
        assert [one.verdict for one in summarise_reviews(order).holding] == [SAME]


@pytest.mark.parametrize(
    ("one", "other", "disputed"),
    [
        (SAME, DIFFERENT, True),
        (RELATED, DIFFERENT, True),
        (SAME, RELATED, False),
        (UNSURE, DIFFERENT, False),
        (SAME, SAME, False),
    ],
)
def test_another_agencys_contradiction_is_kept_and_shown_as_a_dispute(
    one: Verdict, other: Verdict, disputed: bool
) -> None:
    found = summarise_reviews([review(one), review(other, "fr-pj", 1)])
    assert found.disputed is disputed
    assert [held.verdict for held in found.holding] == [one, other]


def test_the_reviewer_or_his_supervisor_takes_a_review_back_once() -> None:
    made = review(SAME)
    by = Requester(made.reviewer, "be-fp", "BE", frozenset({Role.INVESTIGATOR}))
    chief = make_requester("be-fp", Role.SUPERVISOR, subject="chief")
    for who in (by, chief):
        taken = undo_review(made, who, NOW)
        assert (taken.undone_by, taken.undone_at, taken.verdict) == (who.subject, NOW, SAME)
        with pytest.raises(NotUndoableError):
            undo_review(taken, who, NOW)
    colleague = make_requester("be-fp", subject="colleague")
    foreign = make_requester("fr-pj", Role.SUPERVISOR, subject="chief")
    for who in (colleague, foreign):
        with pytest.raises(NotUndoableError):
            undo_review(made, who, NOW)


def test_other_agencies_see_the_agency_and_not_the_reviewer() -> None:
    made = review(SAME, undone=True, undone_by="chief")
    assert review_for(made, "be-fp").reviewer == made.reviewer
    assert review_for(made, "be-fp").undone_by == "chief"
    told = review_for(made, "fr-pj")
    assert (told.agency, told.reviewer, told.undone_by) == ("be-fp", None, None)
    assert made.reviewer.encode() not in msgspec.json.encode(told)


def test_new_weights_are_no_new_evidence() -> None:
    heavier = Item("identifier", "exact", "X1", "X1", 1200, "1 in 9", 0.5)
    assert (
        evidence_change(review(DIFFERENT, evidence=because(PASSPORT)), evidence_marks(explained(heavier), KEY, LINK))
        is None
    )


def test_a_change_of_evidence_says_what_is_new_and_how_much_is_gone() -> None:
    judged = review(DIFFERENT, evidence=because(NAME))
    assert evidence_change(judged, evidence_marks(explained(NAME, PASSPORT), KEY, LINK)) == EvidenceChange(
        (("identifier", "exact"),), 0
    )
    assert evidence_change(judged, evidence_marks(explained(), KEY, LINK)) == EvidenceChange((), 1)
    other = Item("name", "close", "Ivan", "Johann", 300)
    assert evidence_change(judged, evidence_marks(explained(other), KEY, LINK)) == EvidenceChange(
        (("name", "close"),), 1
    )


@pytest.mark.parametrize(
    ("band", "said", "expected"),
    [
        (Band.PROBABLE, (), ()),
        (Band.CERTAIN, (), (DIFFERENT,)),
        (Band.PROBABLE, (("fr-pj", SAME),), (DIFFERENT,)),
        (Band.PROBABLE, (("fr-pj", DIFFERENT),), (SAME, RELATED)),
        (Band.CERTAIN, (("fr-pj", DIFFERENT),), (SAME, DIFFERENT, RELATED)),
        (Band.POSSIBLE, (("fr-pj", UNSURE),), ()),
        (Band.POSSIBLE, (("be-fp", SAME),), tuple(Verdict)),
    ],
)
def test_a_verdict_against_evidence_or_somebody_takes_a_reason(
    band: Band, said: tuple[tuple[str, Verdict], ...], expected: tuple[Verdict, ...]
) -> None:
    given = [review(verdict, agency) for agency, verdict in said]
    assert set(verdicts_with_reason(band, given, "be-fp")) == set(expected)
    undone = [msgspec.structs.replace(one, undone=True) for one in given]
    assert verdicts_with_reason(Band.POSSIBLE, undone, "be-fp") == ()


def test_only_unjudged_links_and_changed_differences_are_due() -> None:
    new = EvidenceChange((("identifier", "exact"),), 0)
    assert is_due(None, None)
    assert is_due(review(DIFFERENT), new)
    assert not is_due(review(DIFFERENT), None)
    assert not any(is_due(review(verdict), new) for verdict in (SAME, RELATED, UNSURE))


def test_marks_keep_no_content_and_differ_by_link_and_secret() -> None:
    one, *others = (
        {mark.digest for mark in evidence_marks(explained(PASSPORT, NAME), secret, link)}
        for secret, link in ((KEY, LINK), (b"other", LINK), (KEY, "1" * 32))
    )
    assert len(one) == 2
    assert all(not one & other for other in others)
    assert evidence_change(review(SAME, manual=True), evidence_marks(explained(NAME), KEY, LINK)) is None
