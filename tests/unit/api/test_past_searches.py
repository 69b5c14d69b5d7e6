"""A person's past searches, as their browser holds them: opened for them alone, for some days, each once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.requester import Requester
from pipeline.api.past_searches import MOST, PastSearch, open_searches, seal_search
from pipeline.api.session import Session
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api

FILTERS = Filters(countries=("BE",), roles=("suspect",), years=(2026,), opened_from="2026-01-01", open_only=True)
QUESTION = "Иван Петров 1980-05-01"


def sealed(session: Session, question: str = QUESTION, filters: Filters = NO_FILTERS) -> str:
    found = seal_search(session, question, filters)
    assert found is not None
    return found.text


def questions(session: Session, *held: str) -> list[str]:
    return [one.search.question for one in open_searches(session, held)]


def test_it_is_opened_as_it_was_asked(api: Api) -> None:
    text = sealed(api.session(ANNA), QUESTION, FILTERS)
    [opened] = open_searches(api.session(ANNA, purpose="prosecution"), [text])
    assert opened.search == PastSearch(NOW, "2026/1", QUESTION, FILTERS)
    assert opened.text == text


@pytest.mark.parametrize(
    "other", [BERT, make_requester("fr-pj", subject="claire"), make_requester("be-fp", subject="anna")]
)
def test_nobody_else_opens_it(api: Api, other: Requester) -> None:
    assert open_searches(api.session(other), [sealed(api.session(ANNA))]) == []


def test_what_nobody_sealed_is_left_out(api: Api) -> None:
    good = sealed(api.session(ANNA))
    altered = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")
    assert questions(api.session(ANNA), "", "nonsense", altered, good) == [QUESTION]


def test_it_is_over_after_some_days(api: Api) -> None:
    text, days = sealed(api.session(ANNA)), api.settings.search_history_days
    api.now = NOW + timedelta(days=days) - timedelta(seconds=1)
    assert questions(api.session(ANNA), text) == [QUESTION]
    api.now = NOW + timedelta(days=days)
    assert questions(api.session(ANNA), text) == []


def test_none_are_held_where_an_installation_wants_none(api: Api) -> None:
    object.__setattr__(api.runtime, "settings", api.settings.model_copy(update={"search_history_days": 0}))
    assert seal_search(api.session(ANNA), QUESTION, NO_FILTERS) is None


def test_the_same_search_comes_once_and_the_latest_first(api: Api) -> None:
    first, other = sealed(api.session(ANNA)), sealed(api.session(ANNA), "petrov")
    api.now = NOW + timedelta(hours=1)
    again = sealed(api.session(ANNA))
    found = open_searches(api.session(ANNA), [other, first, again])
    assert [one.text for one in found] == [again, other]


def test_its_name_is_that_of_the_search_for_a_case_and_tells_nothing(api: Api) -> None:
    made = seal_search(api.session(ANNA), QUESTION, FILTERS)
    again = seal_search(api.session(ANNA), QUESTION, FILTERS)
    others = [
        seal_search(api.session(ANNA), QUESTION, NO_FILTERS), seal_search(api.session(BERT), QUESTION, FILTERS),
        seal_search(api.session(ANNA), "petrov", FILTERS),
    ]  # fmt: skip
    assert made is not None
    assert again is not None
    assert made.id == again.id
    assert made.text != again.text
    assert made.id not in {one.id for one in others if one}


def test_its_length_tells_little(api: Api) -> None:
    assert len(sealed(api.session(ANNA), "a")) == len(sealed(api.session(ANNA), "a" * 200))


def test_a_search_of_a_thousand_characters_is_held_and_one_of_endless_filters_is_not(api: Api) -> None:
    longest = "я" * 1000
    assert questions(api.session(ANNA), sealed(api.session(ANNA), longest)) == [longest]
    endless = Filters(offences=tuple(f"{number:03}{'x' * 120}" for number in range(50)), roles=("y" * 128,) * 50)
    assert seal_search(api.session(ANNA), QUESTION, endless) is None


def test_at_most_so_many_are_opened(api: Api) -> None:
    held = [sealed(api.session(ANNA), f"petrov {number}") for number in range(MOST + 1)]
    assert len(open_searches(api.session(ANNA), held)) == MOST
