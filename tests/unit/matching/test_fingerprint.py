from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from pipeline.matching.fingerprint import Fingerprint
from pipeline.records.dates import format_birth_date
from pipeline.records.limits import CASE_VALUES
from pipeline.records.normalised import PartialDate
from support.matching.prints import case_of, print_of
from support.records.builder import RawEntity

TYPICAL: list[RawEntity] = [
    {
        "type": "person",
        "names": [{"full": "Иван Сергеевич Петров"}, {"given": "Ivan", "family": "Petrov", "kind": "alias"}],
        "birth_date": "1980-05-03", "birth_place": "Kazan", "gender": "male", "nationalities": ["RU"],
        "identifiers": [{"type": "passport", "value": "71 0456789", "country": "RU"}],
        "addresses": [{"house": "12", "street": "Rue de la Paix", "postcode": "75002", "city": "Paris"}],
        "phones": ["+33612345678"],
    },
    {"type": "vehicle", "plate": "AB-123-CD", "plate_country": "FR", "make": "Renault", "model": "Clio"},
]  # fmt: skip


def test_a_typical_fingerprint_is_compact() -> None:
    assert len(msgspec.json.encode(case_of(*TYPICAL))) < 1300


def test_a_fingerprint_survives_json() -> None:
    found = case_of(*TYPICAL)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Fingerprint) == found


def test_the_order_of_values_changes_nothing() -> None:
    values = {"phones": ["+33612345678", "+33687654321"], "nationalities": ["RU", "FR"], "emails": ["b@x.fr", "a@x.fr"]}
    mirrored = {field: list(reversed(some)) for field, some in values.items()}
    names = [{"full": "Ivan Petrov"}, {"full": "Иван Петров"}]
    entity = print_of(type="person", names=names, **values)
    assert entity == print_of(type="person", names=names[::-1], **mirrored)


@pytest.mark.parametrize(
    ("fields", "date", "dates"),
    [
        ({"birth_date": "1980-05-03"}, PartialDate(1980, 5, 3), ()),
        ({"birth_dates": ["1980-05-03"]}, PartialDate(1980, 5, 3), ()),
        ({"birth_date": "1980-05-03", "birth_dates": ["1980-05-03"] * 3}, PartialDate(1980, 5, 3), ()),
        ({"birth_date": "1980", "birth_dates": ["1979-05-03"]}, None, ("1979-05-03", "1980")),
        ({"birth_dates": ["1980~"]}, None, ("1980~",)),
        ({"birth_dates": ["1980/1981", "1900-01-01"]}, None, ("1980/1981",)),
        ({"birth_dates": []}, None, ()),
    ],
)
def test_birth_dates_fold(fields: dict[str, Any], date: PartialDate | None, dates: tuple[str, ...]) -> None:
    entity = print_of(type="person", **fields)
    assert (entity.birth_date, tuple(map(format_birth_date, entity.birth_dates))) == (date, dates)
    assert len(entity.all_birth_dates) == len(dates or ([date] if date else []))


def test_birth_places_fold() -> None:
    one = print_of(type="person", birth_place="Kazan", birth_places=["KAZAN", "unknown"])
    assert (one.birth_place, one.birth_places, one.all_birth_places) == ("kazan", (), ("kazan",))
    several = print_of(type="person", birth_place="Kazan", birth_places=["Tver"])
    assert (several.birth_place, several.birth_places) == ("", ("kazan", "tver"))


def test_one_birth_date_of_many_is_as_it_was_alone() -> None:
    alone = print_of(type="person", birth_date="1980-05-03", birth_place="Kazan")
    assert print_of(type="person", birth_dates=["1980-05-03"], birth_places=["Kazan"]) == alone
    assert b"ds" not in msgspec.json.encode(alone)


def test_repeated_values_count_once() -> None:
    entity = print_of(type="person", names=[{"full": "Ivan Petrov"}] * 50, phones=["+33612345678", "06 12 34 56 78"])
    assert len(entity.names) == 1
    assert len(entity.phones) == 1


def _people(counts: Sequence[int]) -> list[RawEntity]:
    return [
        {"type": "person", "names": [{"full": f"Ivan Petrov {word}"} for word in itertools.islice(WORDS, count)]}
        for count in counts
    ]


WORDS = ["".join(letters) for letters in itertools.product("bcdgk", "aeiou", "lmnrt")][:50]


@pytest.mark.parametrize(
    ("counts", "kept"),
    [
        ([50] * 10, [50] * 10),
        ([50] * 11, [45] * 11),
        ([50] * 200, [2] * 200),
        ([50] * 9 + [1] * 100, [44] * 9 + [1] * 100),
        ([2] * 200 + [], [2] * 200),
    ],
)
def test_a_case_has_so_many_names_that_a_pair_of_them_is_judged_in_seconds(counts: list[int], kept: list[int]) -> None:
    made = case_of(*_people(counts))
    assert [len(entity.names) for entity in made.entities] == kept
    assert sum(kept) <= CASE_VALUES
    whole = case_of(*_people(counts[:1])).entities[0]
    assert made.entities[0].names == whole.names[: kept[0]]


def test_other_fields_are_cut_as_names_are() -> None:
    phones = [f"+336123456{number}" for number in range(10, 60)]
    made = case_of(*[{"type": "person", "phones": phones, "emails": ["a@example.org"]}] * 20)
    assert {(len(entity.phones), len(entity.emails)) for entity in made.entities} == {(25, 1)}
