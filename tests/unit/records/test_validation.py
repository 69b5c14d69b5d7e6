from __future__ import annotations

import copy
import pickle
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import schemas, validation
from pipeline.records.agencies import Agency
from pipeline.records.messages import Reason
from pipeline.records.validation import RecordProblem, RefusedError, read, sender_problems
from support.records.samples import FR_PJ, changed, example, message, only

TWO_SCORE_AND_ONE = [f"{one}{two}" for one in "abcde" for two in "abcdefghi"][:41]


def problems(raw: bytes, agency: Agency) -> list[RecordProblem]:
    """Everything wrong with a message, as an agency is told before it sends."""
    try:
        return list(sender_problems(read(raw), agency))
    except RefusedError as refused:
        return list(refused.problems)


def places(raw: bytes, agency: Agency = FR_PJ) -> list[tuple[str, str]]:
    return [(problem.reason, problem.pointer) for problem in problems(raw, agency)]


def test_a_good_record_has_no_problems() -> None:
    assert problems(message(), FR_PJ) == []
    assert read(message()).case.entities[0].id == "p1"


def test_every_problem_is_told_at_once() -> None:
    raw = changed(
        lambda event: (
            event["data"].pop("status"),
            event["data"].update(version=0, opened="2026-02-30", title="x" * 5000, mood=1),
            event["data"]["entities"][0].update(names="Ivan"),
        )
    )
    assert sorted(places(raw)) == [
        ("date", "/data/opened"),
        ("schema", "/data"),
        ("schema", "/data/entities/0/names"),
        ("schema", "/data/mood"),
        ("schema", "/data/version"),
        ("too_large", "/data/title"),
    ]


def test_problems_of_the_sender_are_told_of_a_record_in_form() -> None:
    assert places(message(), Agency("be-fgp", "BE")) == [
        ("foreign_agency", "/data/agency"),
        ("foreign_agency", "/data/country"),
    ]


def test_a_missing_field_is_named_at_the_object_that_lacks_it() -> None:
    [problem] = problems(message(version=...), FR_PJ)
    assert (problem.pointer, problem.message) == ("/data", "`version` is missing")


@pytest.mark.parametrize(
    ("relations", "pointer"),
    [
        ([{"from": "nobody", "to": "v1", "type": "owner"}], "/data/relations/0/from"),
        ([{"from": "p1", "to": "nobody", "type": "owner"}], "/data/relations/0/to"),
    ],
)
def test_relations_join_entities_of_the_case(relations: list[dict[str, str]], pointer: str) -> None:
    assert places(message(relations=relations)) == [("schema", pointer)]


def test_entity_ids_are_unique_within_the_case() -> None:
    people = [{"id": "p1", "type": "person"}, {"id": "p2", "type": "person"}, {"id": "p1", "type": "person"}]
    assert places(message(entities=people, relations=...)) == [("schema", "/data/entities/2/id")]


@pytest.mark.parametrize(
    ("handling", "expected"),
    [
        ({"caveat": "a", "caveat_translations": {"en": "b", "pt-BR": "c"}}, []),
        ({"caveat": "a", "caveat_translations": {}}, []),
        ({"caveat": "a", "caveat_translations": {"en": ""}}, [(Reason.SCHEMA, "/en", "is not blank")] * 2),
        ({"caveat": "a", "caveat_translations": {"en": " \n"}}, [(Reason.SCHEMA, "/en", "is not blank")]),
        ({"caveat": "a", "caveat_translations": {"en": None}}, [(Reason.SCHEMA, "/en", "must be text, not null")]),
        ({"caveat": "a", "caveat_translations": {"en": "x" * 4001}}, [(Reason.TOO_LARGE, "/en", "4000 characters")]),
        ({"caveat": "a", "caveat_translations": {"English": "b"}}, [(Reason.SCHEMA, "", "BCP 47 language tag")]),
        ({"caveat": "a", "caveat_translations": {f"a{one}": "b" for one in TWO_SCORE_AND_ONE}},
         [(Reason.TOO_LARGE, "", "over the limit of 40 items")]),
        ({"caveat": "a", "caveat_translations": ["b"]}, [(Reason.SCHEMA, "", "must be an object, not a list")]),
    ],
)  # fmt: skip
def test_translations_of_a_caveat_are_texts_by_language(
    handling: dict[str, Any], expected: list[tuple[Reason, str, str]]
) -> None:
    found = problems(message(handling=handling), FR_PJ)
    assert [(one.reason, one.pointer) for one in found] == [
        (reason, f"/data/handling/caveat_translations{below}") for reason, below, _ in expected
    ]
    for problem, (_, _, said) in zip(found, expected, strict=True):
        assert said in problem.message


@pytest.mark.parametrize("caveat", [None, ""])
def test_translations_are_of_a_caveat(caveat: str | None) -> None:
    (found,) = problems(message(handling={"caveat": caveat, "caveat_translations": {"en": "b"}}), FR_PJ)
    assert (found.reason, found.pointer) == (Reason.SCHEMA, "/data/handling/caveat")


def test_optional_values_may_be_null() -> None:
    person = {"type": "person", "birth_date": None, "gender": None, "birth_place": None, "role": None}
    assert problems(only(person, closed=None, title=None, evaluation=None, language=None), FR_PJ) == []


def test_a_whole_number_may_be_written_as_a_float() -> None:
    assert read(message(version=3.0)).case.version == 3


def test_an_escaped_colon_or_repeated_value_is_no_repeated_key() -> None:
    raw = message(title="a: b", summary="a: b").replace(b"Golf", b"Go\\u003alf")
    assert problems(raw, FR_PJ) == []


@pytest.mark.parametrize("blank", [b" ", b"\n", b"\t "])
def test_a_repeated_key_is_found_whatever_stands_before_its_colon(blank: bytes) -> None:
    for once in (b'"version":3', b'"time":"2026-11-01T10:00:00Z"'):
        name = once.split(b":")[0]
        twice = message().replace(once, name + blank + b":" + once.partition(b":")[2] + b"," + once)
        assert [problem.message for problem in problems(twice, FR_PJ)] == ["this key occurs twice"]


@pytest.mark.parametrize("depth", [61, 62, 63, 500, 900])
def test_extensions_nested_too_deep(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    found = problems(message(extensions={"x": "nested"}).replace(b'"nested"', nested), FR_PJ)
    assert [problem.reason for problem in found] == ([Reason.NOT_JSON] if depth + 3 > 64 else [])


def test_problems_are_bounded() -> None:
    raw = message(entities=[{"id": f"p{at}", "type": "person", "mood": 1} for at in range(150)], relations=...)
    assert len(problems(raw, FR_PJ)) == validation.MAX_PROBLEMS


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_crash(raw: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        read(raw)
    assert refused.value.problems


@given(st.data())
def test_damaged_records_never_crash(data: st.DataObject) -> None:
    raw = bytearray(message())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    problems(bytes(raw), FR_PJ)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
).filter(lambda value: not _huge(value))


def _huge(value: object) -> bool:
    """Integers over 64 bits, which orjson does not write."""
    if isinstance(value, dict | list):
        return any(map(_huge, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for step, part in inner for found in _paths(part, (*path, step)))]


PATHS = [path for path in _paths(example()) if path]


@given(st.sampled_from(PATHS), anything)
def test_code_accepts_what_the_published_schema_accepts(path: tuple[Any, ...], value: object) -> None:
    """Whatever stands at any one place: the verdicts differ only where the code says more than a schema can."""
    event = example()
    parent: Any = event
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = copy.deepcopy(value)
    raw = orjson.dumps(event)
    try:
        read(raw)
    except RefusedError as refused:
        beyond = {"must be unique within the case", "must be the id of an entity of this case"}
        if not {problem.message for problem in refused.problems} & beyond:
            assert not schemas.validator("case").is_valid(orjson.loads(raw))
    else:
        assert schemas.validator("case").is_valid(orjson.loads(raw))


def test_a_refusal_tells_as_much_in_another_process() -> None:
    with pytest.raises(RefusedError) as refused:
        read(b"{}")
    sent = pickle.loads(pickle.dumps(refused.value))
    assert sent.problems == refused.value.problems
    assert str(sent) == sent.problems[0].message
