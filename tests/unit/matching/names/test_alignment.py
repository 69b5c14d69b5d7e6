"""Initials speak for the token of their rank, and never cross."""

from __future__ import annotations

import pytest

from pipeline.matching.names import compare, levels
from support.matching.prints import compare_names, name_print


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("J K Rowling", "Joanne Kathleen Rowling"),
        ("Rowling, J K", "Joanne Kathleen Rowling"),
        ("John K Rowling", "J Kenneth Rowling"),
        ("K Rowling", "Joanne Kathleen Rowling"),
        ("V. V. Rowling", "Vladimir Viktorovich Rowling"),
    ],
)
def test_an_initial_speaks_for_the_token_of_its_rank_or_one_that_nothing_else_agrees_with(one: str, other: str) -> None:
    found = compare_names(one, other)
    assert found.level in (levels.INITIAL, levels.MISSING)
    assert levels.INITIAL in {pair.level for pair in found.pairs}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Claire K Cochran", "King C Cochran"),
        ("Robert J Cochran", "James Cochran"),
        ("Robert J Cochran", "James R Cochran"),
    ],
)
def test_where_two_full_given_names_conflict_initials_explain_nothing(one: str, other: str) -> None:
    found = compare_names(one, other)
    assert levels.INITIAL not in {pair.level for pair in found.pairs}
    assert found.level == levels.DIFFERENT


MAJEWSKA = name_print(given="Anna", middle="J", family="Majewska")


def test_a_middle_initial_is_read_where_the_family_names_differ() -> None:
    found = compare(MAJEWSKA, name_print(given="Anna", middle="Jadwiga", family="Zabala"))
    assert {(pair.a, pair.b): pair.level for pair in found.pairs} == {
        ("anna", "anna"): levels.SAME,
        ("j", "jadwiga"): levels.INITIAL,
        ("majewska", "zabala"): levels.DIFFERENT,
    }


@pytest.mark.parametrize(
    ("given", "middle", "family"),
    [
        ("Anna", "Krystyna", "Zabala"),
        ("Anna", "Krystyna Jadwiga", "Zabala"),
        ("Anna", "", "Jankowska"),
        ("Jadwiga", "", "Zabala"),
        ("Maria", "Jadwiga", "Majewska"),
    ],
)
def test_a_middle_initial_crosses_nothing_and_is_no_family_name(given: str, middle: str, family: str) -> None:
    found = compare(MAJEWSKA, name_print(given=given, middle=middle, family=family))
    assert levels.INITIAL not in {pair.level for pair in found.pairs}


def test_family_names_that_are_not_known_for_such_keep_their_ranks() -> None:
    found = compare_names("Anna J Majewska", "Anna Jadwiga Zabala")
    assert levels.INITIAL not in {pair.level for pair in found.pairs}


def test_initials_in_another_order_do_not_all_agree() -> None:
    assert (
        compare_names("A B Cochran", "Boris Anton Cochran").bits
        < compare_names("A B Cochran", "Anton Boris Cochran").bits
    )


def test_without_a_token_that_agrees_the_rank_is_unknown() -> None:
    assert compare_names("J C", "James Cochran").bits < 0


def test_many_initials_end() -> None:
    assert compare_names("x y " * 30, "y " * 30 + "Cochran").level in levels.LEVELS
