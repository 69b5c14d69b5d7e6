"""Which things are one, by all their ties together."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.matching.model import Model
from pipeline.matching.score.resolution import Tie, are_apart, group_ties
from support.matching.prints import print_of
from support.records.builder import person

FATHER = person(given="John", family="Smith", birth_date="1970-10-10")
SON = {**FATHER, "birth_date": "1994-03-15"}
HOME = {"addresses": [{"house": "12", "street": "Main Street", "postcode": "75002", "city": "Paris"}]}


def never(_a: int, _b: int) -> bool:
    return False


def test_ties_join_through_a_third() -> None:
    assert group_ties(4, [Tie(900, 0, 1), Tie(500, 1, 2)], never) == [[0, 1, 2], [3]]


def test_groups_whose_members_are_apart_stay_apart_and_the_strongest_tie_wins() -> None:
    ties = [Tie(900, 0, 1), Tie(500, 1, 2)]
    assert group_ties(3, ties, lambda a, b: {a, b} == {0, 2}) == [[0, 1], [2]]


def test_what_could_be_either_of_two_joins_neither() -> None:
    ties = [Tie(500, 0, 1), Tie(450, 1, 2)]
    assert group_ties(3, ties, lambda a, b: {a, b} == {0, 2}) == [[0], [1], [2]]


def test_father_and_son_are_apart_and_one_person_is_not(model: Model) -> None:
    father, son = print_of(**FATHER, **HOME), print_of(**SON, **HOME)
    assert are_apart(father, son, model)
    assert not are_apart(father, father, model)
    assert are_apart(father, print_of(type="organisation", names=[{"full": "Smith Ltd"}]), model)


def test_records_that_say_little_are_not_apart(model: Model) -> None:
    """Without any contradiction, though relatives of one family name are frequent."""
    whole = print_of(type="person", names=[{"full": "Zbigniew Oczko"}], birth_date="1970-10-10")
    part = print_of(type="person", names=[{"full": "Oczko"}])
    assert not are_apart(whole, part, model)


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 7), st.integers(0, 7)).filter(lambda t: t[1] != t[2])),
    st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7))),
    st.randoms(use_true_random=False),
)
def test_order_changes_nothing_and_none_apart_are_together(
    ties: list[tuple[int, int, int]], apart: set[tuple[int, int]], random: Any
) -> None:
    def tell(a: int, b: int) -> bool:
        return (a, b) in apart or (b, a) in apart

    given_ties = [Tie(*tie) for tie in ties]
    found = group_ties(8, given_ties, tell)
    random.shuffle(given_ties)
    assert group_ties(8, given_ties, tell) == found
    assert sorted(thing for group in found for thing in group) == list(range(8))
    assert not any(tell(a, b) for group in found for a in group for b in group if a < b)
