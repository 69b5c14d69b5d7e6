"""Splink's settings for the sets, as its guides advise: comparisons, blocking, and how it is trained.

Frozen with the sets: a change here is a change of the yardstick. Prediction rules are wide (Splink scores all that it
blocks), training blocks in turn on what the other rules' comparisons need, the prior comes from deterministic rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOST_COMMON_WORD = 150
"""Entries of two lists that may have a word in common that blocking looks at."""


@dataclass(frozen=True)
class SplinkRecipe:
    """What a linker needs: comparisons, blocking rules, deterministic rules with their recall, training rules."""

    comparisons: list[Any]
    blocking: list[Any]
    sure: list[Any]
    recall: float
    training: list[Any]


def census_recipe() -> SplinkRecipe:
    """Persons with names in parts, birth date, gender, door, phone, number."""
    import splink.comparison_library as library
    from splink import block_on

    return SplinkRecipe(
        comparisons=[
            _given(), _family(), _middle(), _birth_date(), _address(),
            library.ExactMatch("gender"),
            library.DamerauLevenshteinAtThresholds("phone", [1]),
            library.DamerauLevenshteinAtThresholds("number", [1, 2]),
            library.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
        ],
        blocking=[
            block_on("given", "family"), block_on("birth_date"), block_on("phone"), block_on("number"),
            block_on("family", "birth_year"), block_on("given", "birth_year"),
            block_on("postcode"), block_on("door", "city"),
            block_on("substr(given, 1, 3)", "substr(family, 1, 3)"),
            block_on("substr(given, 1, 1)", "substr(family, 1, 2)", "birth_year"),
            block_on("substr(birth_date, 1, 7)", "substr(given, 1, 2)"),
            block_on("substr(birth_date, 6, 5)", "substr(family, 1, 2)"),
            "l.given = r.family and l.family = r.given",
        ],
        sure=[
            block_on("given", "family", "birth_date"),
            block_on("number", "given"), block_on("phone", "given", "birth_year"),
        ],
        recall=0.7,
        training=[block_on("birth_date"), block_on("given", "family"), block_on("postcode", "given")],
    )  # fmt: skip


def _given() -> Any:
    """Exact with its frequency, swapped fields, two bands of Jaro-Winkler, an initial."""
    import splink.comparison_level_library as level
    import splink.comparison_library as library

    return library.CustomComparison(
        output_column_name="given",
        comparison_levels=[
            level.NullLevel("given"),
            level.ExactMatchLevel("given").configure(tf_adjustment_column="given"),
            level.ColumnsReversedLevel("given", "family", symmetrical=True),
            level.JaroWinklerLevel("given", 0.92),
            level.JaroWinklerLevel("given", 0.8),
            level.CustomLevel(
                "least(length(given_l), length(given_r)) = 1 and substr(given_l, 1, 1) = substr(given_r, 1, 1)",
                "initial",
            ),
            level.ElseLevel(),
        ],
    )


def _family() -> Any:
    """Exact with its frequency, swapped fields, two bands of Jaro-Winkler, one of two names."""
    import splink.comparison_level_library as level
    import splink.comparison_library as library

    return library.CustomComparison(
        output_column_name="family",
        comparison_levels=[
            level.NullLevel("family"),
            level.ExactMatchLevel("family").configure(tf_adjustment_column="family"),
            level.ColumnsReversedLevel("given", "family", symmetrical=True),
            level.JaroWinklerLevel("family", 0.92),
            level.JaroWinklerLevel("family", 0.85),
            level.CustomLevel("contains(family_l, family_r) or contains(family_r, family_l)", "one of two names"),
            level.ElseLevel(),
        ],
    )


def _middle() -> Any:
    import splink.comparison_level_library as level
    import splink.comparison_library as library

    return library.CustomComparison(
        output_column_name="middle",
        comparison_levels=[
            level.NullLevel("middle"),
            level.ExactMatchLevel("middle").configure(tf_adjustment_column="middle"),
            level.CustomLevel("substr(middle_l, 1, 1) = substr(middle_r, 1, 1)", "initial"),
            level.ElseLevel(),
        ],
    )


def _birth_date() -> Any:
    """Whole dates by one or two edits, else years; a date of which the year alone is known compares as a year."""
    import splink.comparison_level_library as level
    import splink.comparison_library as library

    return library.CustomComparison(
        output_column_name="birth_date",
        comparison_levels=[
            level.CustomLevel(
                "birth_year_l is null or birth_year_r is null", "no date"
            ).configure(is_null_level=True),
            level.ExactMatchLevel("birth_date"),
            level.DamerauLevenshteinLevel("birth_date", 1),
            level.DamerauLevenshteinLevel("birth_date", 2),
            level.ExactMatchLevel("birth_year"),
            level.CustomLevel(
                "abs(try_cast(birth_year_l as int) - try_cast(birth_year_r as int)) <= 2", "two years apart"
            ),
            level.ElseLevel(),
        ],
    )  # fmt: skip


def _birth_dates() -> Any:
    """The best pair of whole dates, by one or two edits, else of years."""
    import splink.comparison_level_library as level
    import splink.comparison_library as library

    edits = [level.PairwiseStringDistanceFunctionLevel("birth_dates", "damerau_levenshtein", most) for most in (1, 2)]
    return library.CustomComparison(
        output_column_name="birth_dates",
        comparison_levels=[
            level.NullLevel("birth_years"),
            level.ArrayIntersectLevel("birth_dates", 1),
            *edits,
            level.ArrayIntersectLevel("birth_years", 1),
            level.CustomLevel(
                "abs(try_cast(birth_year_l as int) - try_cast(birth_year_r as int)) <= 2", "two years apart"
            ),
            level.ElseLevel(),
        ],
    )


def _address() -> Any:
    """Door, postcode, street and city as one comparison, since they follow from each other."""
    import splink.comparison_level_library as level
    import splink.comparison_library as library

    return library.CustomComparison(
        output_column_name="address",
        comparison_levels=[
            level.CustomLevel(
                "(door_l is null or door_r is null) and (postcode_l is null or postcode_r is null)", "no address"
            ).configure(is_null_level=True),
            level.CustomLevel("door_l = door_r and city_l = city_r", "same door"),
            level.CustomLevel(
                "jaro_winkler_similarity(door_l, door_r) >= 0.92 and (postcode_l = postcode_r or city_l = city_r)",
                "near door",
            ),
            level.ExactMatchLevel("postcode").configure(tf_adjustment_column="postcode"),
            level.ExactMatchLevel("city").configure(tf_adjustment_column="city"),
            level.ElseLevel(),
        ],
    )  # fmt: skip


def list_recipe(kind: str, *, has_numbers: bool) -> SplinkRecipe:
    """Entries of sanction lists: arrays of names with words sorted, countries, places; numbers where both have some."""
    import splink.comparison_library as library
    from splink import block_on

    shared = [
        _names() if kind == "person" else _names_of_bodies(),
        library.ArrayIntersectAtSizes("countries", [1]),
        *([library.ArrayIntersectAtSizes("numbers", [1])] if has_numbers else []),
    ]
    by_words = block_on("words", arrays_to_explode=["words"])
    by_numbers = [block_on("numbers", arrays_to_explode=["numbers"])] if has_numbers else []
    if kind != "person":
        return SplinkRecipe(
            comparisons=[
                *shared,
                library.PairwiseStringDistanceFunctionAtThresholds("places", "jaro_winkler", [0.9, 0.8]),
            ],
            blocking=[by_words, *by_numbers, block_on("substr(name, 1, 6)")],
            sure=[block_on("name")],
            recall=0.7,
            training=[block_on("substr(name, 1, 8)"), block_on("place")],
        )
    return SplinkRecipe(
        comparisons=[
            *shared, _birth_dates(),
            library.JaroWinklerAtThresholds("birth_place", [0.9]).configure(term_frequency_adjustments=True),
        ],
        blocking=[by_words, *by_numbers, block_on("birth_date"), block_on("substr(name, 1, 6)")],
        sure=[block_on("name", "birth_year"), block_on("name", "birth_place")],
        recall=0.5,
        training=[block_on("birth_date"), block_on("substr(name, 1, 8)")],
    )  # fmt: skip


def _names() -> Any:
    """The best pair of names: main names equal, with their frequency; any equal; three bands of Jaro-Winkler."""
    import splink.comparison_level_library as level
    import splink.comparison_library as library

    return library.CustomComparison(
        output_column_name="names",
        comparison_levels=[
            level.NullLevel("names"),
            level.ExactMatchLevel("name").configure(tf_adjustment_column="name"),
            level.ArrayIntersectLevel("names", 1),
            *_name_bands(),
            level.ElseLevel(),
        ],
    )


def _name_bands() -> list[Any]:
    import splink.comparison_level_library as level

    return [level.PairwiseStringDistanceFunctionLevel("names", "jaro_winkler", least) for least in (0.95, 0.9, 0.8)]


M_OF_BODIES = (0.55, 0.2, 0.1, 0.06, 0.05, 0.04)
U_OF_EQUAL_BODIES = (1e-5, 2e-5)


def _names_of_bodies() -> Any:
    """The same levels for organisations, m and two u set by hand.

    Most of some hundred entries have a counterpart, so random pairs would give equal names a u of a thousandth. Too
    little else is known of them to train m. Each list has a name once, so frequencies say nothing.
    """
    import splink.comparison_level_library as level
    import splink.comparison_library as library

    levels = [level.ExactMatchLevel("name"), level.ArrayIntersectLevel("names", 1), *_name_bands(), level.ElseLevel()]
    known = [one.configure(m_probability=m, fix_m_probability=True) for one, m in zip(levels, M_OF_BODIES, strict=True)]
    for one, u in zip(known, U_OF_EQUAL_BODIES, strict=False):
        one.configure(u_probability=u, fix_u_probability=True)
    return library.CustomComparison(output_column_name="names", comparison_levels=[level.NullLevel("names"), *known])
