from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.matching.fingerprint import EntityPrint, entity_prints
from pipeline.records.entity_types import normalise
from pipeline.records.limits import CASE_VALUES, CASE_WORDS, ENTITY_VALUES, MAX_RENDERINGS, SEVERAL, Limit
from pipeline.records.model import Case
from pipeline.records.normalised import NormalisedCase
from support.records.builder import RawCase, case_data, person
from support.records.worst_cases import shuffle_values, worst_case


def normalised(data: RawCase) -> NormalisedCase:
    return normalise(msgspec.convert(data, Case, strict=False))


def prints(data: RawCase) -> dict[str, EntityPrint]:
    return {made.id: made for made in entity_prints(normalised(data).entities)}


def told(data: RawCase) -> list[tuple[str, str]]:
    """Pointer and message of each warning of a limit."""
    return [(one.pointer, one.message) for one in normalised(data).warnings if one.code == "many_values"]


AT = "/data/entities/0"


@pytest.mark.parametrize(
    ("fields", "warned"),
    [
        ({"names": [{"full": "Petrov " * 80}]}, [(f"{AT}/names/0/full", Limit.TOKENS)]),
        ({"names": [{"full": "Petrov " * 40}]}, []),
        ({"names": [{"family": "p" * 601}]}, [(f"{AT}/names/0/family", Limit.LETTERS)]),
        ({"names": [{"family": "p" * 600}]}, []),
        ({"names": [{"full": f"Иван Петров ({'Ivan;' * 8} Iwan)"}]}, [(f"{AT}/names/0/full", Limit.RENDERINGS)]),
        ({"names": [{"full": f"Иван Петров ({'Ivan;' * 7} Iwan)"}]}, []),
        ({"birth_place": "k" * 255}, [(f"{AT}/birth_place", Limit.TEXT)]),
        ({"birth_place": "k" * 254}, []),
        ({"emails": [f"{'e' * 250}@a.example"]}, [(f"{AT}/emails/0", Limit.TEXT)]),
        ({"identifiers": [{"type": "own", "value": "1" * 254 + "2"}]}, [(f"{AT}/identifiers/0/value", Limit.TEXT)]),
        ({"addresses": [{"full": "Rue 1, " * 86}]}, [(f"{AT}/addresses/0/full", Limit.LETTERS)]),
        ({"phones": [f"+336123456{at}" for at in range(10, 61)]}, [(f"{AT}/phones", Limit.OF_ENTITY)]),
        ({"phones": [f"+336123456{at}" for at in range(10, 60)] * 2}, []),
    ],
)
def test_what_is_over_a_limit_is_told_with_its_place(fields: dict[str, Any], warned: list[tuple[str, str]]) -> None:
    assert told(case_data(entities=[{"type": "person", **fields}])) == warned


def test_as_many_renderings_count_as_the_limit_says() -> None:
    inner = ";".join(f"Iwan{letter}" for letter in "abcdefghijklm")
    (entity,) = prints(case_data(entities=[person(f"Иван ({inner})")])).values()
    assert len(entity.names) == 1 + MAX_RENDERINGS


def test_a_case_has_so_many_words_of_names_and_each_entity_its_share() -> None:
    data = worst_case("like names")
    found = normalised(data)
    assert (("/data/entities", Limit.WORDS)) in told(data)
    words = [sum(len(name.tokens) for name in entity.names) for entity in found.entities]
    assert sum(words) <= CASE_WORDS
    assert min(words) > 0


def test_names_of_few_words_stay_beside_those_of_many() -> None:
    long = [{"full": f"{word} " * 40} for word in ("aba", "abe", "abi", "abo")]
    people = [{"type": "person", "names": [*long, {"full": f"Zoran Z{at}o"}]} for at in range(20)]
    for entity in normalised(case_data(entities=people)).entities:
        assert entity.names[0].text.startswith("Zoran")


def test_one_name_of_more_words_than_its_share_keeps_its_first_ones() -> None:
    people = [person("Ivan Petrov " + "word " * 38) for _ in range(200)]
    for entity in normalised(case_data(entities=people)).entities:
        assert [token.text for token in entity.names[0].tokens[:2]] == ["ivan", "petrov"]
        assert len(entity.names[0].tokens) == CASE_WORDS // 200


def test_numbers_with_a_wrong_check_digit_go_first() -> None:
    wrong = [{"type": "imei", "value": f"49015420323{at:04}"} for at in range(600)]
    right = [{"type": "imei", "value": "490154203237518"}]
    found = normalised(case_data(entities=[{"type": "person", "identifiers": [*wrong[:199], *right]}]))
    kept = found.entities[0].identifiers
    assert len(kept) == ENTITY_VALUES
    assert "490154203237518" in {one.value for one in kept}
    assert found.entities[0].identifiers[0].valid is not False


def test_warnings_of_limits_come_before_all_others() -> None:
    doubtful = [{"type": "person", "gender": "?", "phones": ["no number"] * 60} for _ in range(101)]
    data = case_data(entities=[*doubtful, {"type": "person", "names": [{"full": "Petrov " * 80}]}])
    assert normalised(data).warnings[0].code == "many_values"


@pytest.mark.parametrize(
    ("shape", "entities", "values"),
    [
        ("like names", 10, 10),
        ("like names of three scripts", 10, 10),
        ("organisations", 30, 20),
        ("most names of two words", 60, 50),
        ("numbers", 20, 100),
        ("phones", 20, 100),
        ("e-mails", 12, 60),
        ("birth dates", 30, 50),
        ("most addresses", 8, 80),
        ("birth places", 5, 30),
    ],
)
def test_what_is_kept_depends_on_the_values_and_not_on_their_order(shape: str, entities: int, values: int) -> None:
    data = worst_case(shape, entities=entities, values=values)
    found = prints(data)
    for seed in range(3):
        assert prints(shuffle_values(data, seed)) == found
    for field in SEVERAL:
        assert sum(len(getattr(one, field)) for one in found.values()) <= CASE_VALUES


@pytest.mark.parametrize("kinds", [("primary", "nickname"), ("alias", "nickname")])
def test_a_name_that_is_stated_twice_is_the_same_in_any_order(kinds: tuple[str, str]) -> None:
    names = [
        {"full": "Kawa Hamawandi", "kind": kinds[0]},
        {"given": "Kawa", "family": "Hamawandi", "kind": kinds[0]},
        {"full": "Kawa Hamawandi", "kind": kinds[1]},
    ]
    made = [prints(case_data(entities=[{"type": "person", "names": some}]))["e0"] for some in (names, names[::-1])]
    assert made[0] == made[1]
    assert [token.kind for token in made[0].names[0].tokens] == ["given", "family"]
    assert not made[0].names[0].weak
