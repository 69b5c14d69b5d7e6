"""Tests of small sketches: what has room in them. That they bound scores is a property test."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
import pytest

from pipeline.matching.bounds.sketches import join_sketches, make_sketch
from pipeline.matching.comparisons.number_ends import ANY_NUMBER, Ends
from pipeline.matching.encoded import WordArray
from pipeline.matching.screening.small_sketch import (
    SMALL_SKETCH_WORDS,
    SmallHead,
    SmallRows,
    make_small_sketches,
    max_rows,
)
from support.matching.prints import case_of

PHONE, OTHER_PHONE = "+33612345678", "+33698765432"


def person(*names: str, **more: object) -> dict[str, Any]:
    return {"type": "person", "names": [{"full": name} for name in names], **more}


def small_of(*entities: dict[str, Any], hit_only: bool = False) -> WordArray:
    return make_small_sketches(join_sketches([make_sketch(case_of(*entities).entities, hit_only=hit_only)]))


def rows_of(*entities: dict[str, Any]) -> SmallRows:
    count = len(entities)
    return SmallRows(small_of(*entities), np.zeros(count, np.int64), np.arange(count))


ZBIGNIEW = person("Zbigniew Oczko", birth_date="1970-05-17", gender="male", nationalities=["PL"], phones=[PHONE])
ALIASES = ("Harald Lindqvist", "Sanna Virtanen", "Bruno Kowalczyk", "Ilse Wagner", "Pedro Almeida")
VAN = {"type": "vehicle", "plate": "AB123CD", "vin": "WVWZZZ1JZXW000001", "make": "Renault"}
HARBOUR = {"type": "organisation", "names": [{"full": "Harbour Trading Company of Northern Ports No 5"}]}


def test_a_small_sketch_has_so_many_words_whatever_the_case() -> None:
    cases = [(), (ZBIGNIEW,), (ZBIGNIEW, VAN), (ZBIGNIEW, person(*ALIASES), HARBOUR), (ZBIGNIEW,) * 4]
    sketches = [make_sketch(case_of(*entities).entities) if entities else b"" for entities in cases]
    small = make_small_sketches(join_sketches(sketches))
    assert small.shape == (len(cases), SMALL_SKETCH_WORDS)
    assert small.dtype == np.uint32
    assert SmallHead.rows.take(small[:, 0]).tolist() == [0, 1, 2, max_rows(SMALL_SKETCH_WORDS), 0]
    assert not small[0].any()
    assert not small[-1].any()


def test_larger_ones_have_room_for_more() -> None:
    sketches = join_sketches([make_sketch(case_of(ZBIGNIEW, *[person("Harald Lindqvist")] * 3).entities)])
    small = make_small_sketches(sketches, 33)
    rows = SmallRows(small, np.zeros(4, np.int64), np.arange(4))
    assert (rows.complete & ((rows.name_words.rarity > 0).sum(0) == 2)).all()
    assert (rows.name_words.sounds[:, 1:] == rows.name_words.sounds[:, 1:2]).all()
    assert [max_rows(words) for words in (6, 17, 25, 33, 99)] == [1, 3, 4, 6, 7]


def test_a_case_is_made_small_alike_in_any_company() -> None:
    cases = [(ZBIGNIEW,), (ZBIGNIEW, VAN), (person(*ALIASES),), (HARBOUR, person("Olga")), (VAN,)]
    together = make_small_sketches(join_sketches([make_sketch(case_of(*one).entities) for one in cases]))
    assert (together == np.concatenate([small_of(*one) for one in cases])).all()


def test_no_cases_have_no_sketches() -> None:
    assert make_small_sketches(join_sketches([])).shape == (0, SMALL_SKETCH_WORDS)


def test_hit_only_cases_are_told() -> None:
    assert [SmallHead.hidden.lies_in(small_of(ZBIGNIEW, hit_only=hit_only)[:, 0])[0] for hit_only in (False, True)] == [
        False,
        True,
    ]


def test_two_persons_have_room_for_two_words_each() -> None:
    rows = rows_of(ZBIGNIEW, person("Harald Lindqvist"))
    assert rows.complete.tolist() == [True, True]
    assert (rows.name_words.rarity > 0).sum(0).tolist() == [2, 2]


def test_room_that_one_does_not_need_is_the_others() -> None:
    rows = rows_of(person("Olga"), person("Harald Bruno Lindqvist"), VAN)
    assert rows.complete.tolist() == [False, False, True]
    rows = rows_of(VAN, person("Harald Bruno Ilse Lindqvist"))
    assert rows.complete.tolist() == [True, True]
    rows = rows_of(person("Olga"), person("Harald Bruno Ilse Lindqvist"))
    assert (rows.name_words.rarity > 0).sum(0).tolist() == [1, 3]
    assert rows.complete.tolist() == [True, False]


def test_of_too_many_words_the_rarest_are_told_and_the_last_may_be_any() -> None:
    rows = rows_of(person(*ALIASES))
    words = rows.name_words
    assert not rows.complete[0]
    assert words.sounds[-1, 0] == 255
    assert (words.sounds[:-1, 0] < 255).all()
    assert (np.diff(words.rarity[:, 0].astype(int)) <= 0).all()


@pytest.mark.parametrize("name", ["Ali Ali", "Jq Oczko"])
def test_names_that_words_do_not_tell_have_none(name: str) -> None:
    """A word stands in the name twice, or is an acronym with a letter that folds as a vowel does."""
    rows = rows_of(person(name))
    assert not rows.complete[0]
    assert not rows.name_words.rarity.any()


def test_words_contradict_where_a_person_has_one_name_of_two() -> None:
    names = ["Zbigniew Oczko", "Zbigniew Jan Oczko", "Z. Oczko", "Oczko"]
    assert [bool(rows_of(person(name)).firm[0]) for name in names] == [True, False, False, False]
    assert not rows_of(person("Zbigniew Oczko", "Harald Lindqvist")).firm[0]


def test_parts_are_as_in_a_sketch_but_coarser() -> None:
    rows = rows_of(ZBIGNIEW)
    assert rows.words("born")[0, 0] == 0x19700517
    assert Ends.ending.take(rows.words("phones")[0])[0] > 0
    assert not rows.words("phones")[1].any()
    assert not rows.words("identifiers").any()
    assert [rows.byte(part)[0] > 0 for part in ("gender", "nations", "name_words", "address")] == [True] * 3 + [False]


def test_of_several_phones_nothing_is_known() -> None:
    assert rows_of(ZBIGNIEW | {"phones": [PHONE, OTHER_PHONE]}).words("phones")[0, 0] == ANY_NUMBER


def test_two_numbers_have_room_if_a_thing_has_no_name() -> None:
    assert (rows_of(VAN).words("identifiers") != 0).all()
    assert ANY_NUMBER not in rows_of(VAN).words("identifiers")


def test_genders_are_apart() -> None:
    genders = [rows_of(ZBIGNIEW | {"gender": gender}).byte("gender")[0] for gender in ("male", "female")]
    assert len(set(genders)) == 2


def test_small_sketches_stay_as_they_are() -> None:
    """Postings hold them: another digest means that all postings are made anew (model.FORMS)."""
    small = np.concatenate([small_of(*case) for case in ((ZBIGNIEW,), (ZBIGNIEW, VAN), (HARBOUR, person(*ALIASES)))])
    assert blake2b(small.tobytes(), digest_size=8).hexdigest() == "49b1e60200fd4ff0"
