"""Who did not send a message sees no value of it, and no name that might be one."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ops.replay.payload import (
    MAX_CHARS,
    MAX_LINES,
    FieldDifference,
    OutlineLine,
    compare_payloads,
    format_payload,
    outline_payload,
)
from pipeline.records.json_text import MAX_DEPTH

CANARY = "canary"
json_values = st.recursive(
    st.sampled_from([CANARY, 7, True, None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([CANARY, "data", "title"]), inner),
    max_leaves=12,
)


def test_an_outline_has_places_and_kinds() -> None:
    original = orjson.dumps({"data": {"title": "Vol", "entities": [{"names": [], "Ivan Petrov": 1}], "version": True}})
    assert outline_payload(original) == (
        OutlineLine("/data/title", "text"),
        OutlineLine("/data/entities/0/names", "list"),
        OutlineLine("/data/entities/0/…", "number"),
        OutlineLine("/data/version", "boolean"),
    )


@given(json_values)
def test_no_value_and_no_unknown_name_is_in_an_outline(document: object) -> None:
    assert CANARY not in str(outline_payload(orjson.dumps(document)))


def test_what_is_no_json_has_no_outline() -> None:
    assert outline_payload(b"canary {") == (OutlineLine("", "unread"),)


def nested(depth: int) -> bytes:
    return b'{"canary":' * depth + b"1" + b"}" * depth


def test_a_message_nested_a_thousand_deep_has_an_outline_which_ends_where_no_record_goes_on() -> None:
    (line,) = outline_payload(nested(1000))
    assert (line.pointer, line.kind) == ("/…" * MAX_DEPTH, "object")
    assert format_payload(nested(1000)).startswith('{"canary":')
    assert [one.rejected for one in compare_payloads({}, b'{"data":' + nested(1000) + b"}")] == [None, "…"]


def test_one_that_is_nested_deeper_than_is_read_says_so() -> None:
    assert outline_payload(nested(100_000)) == (OutlineLine("", "unread"),)
    assert compare_payloads({}, nested(100_000)) == ()
    assert len(format_payload(nested(100_000))) == MAX_CHARS


def test_a_name_that_is_a_number_or_a_pointer_is_hidden() -> None:
    original = orjson.dumps({"1980": 1, "title/1980": 2, "data": {"33612345678": [3]}})
    assert [line.pointer for line in outline_payload(original)] == ["/…", "/…", "/data/…/0"]


def test_an_outline_is_bounded() -> None:
    assert len(outline_payload(orjson.dumps([1] * (MAX_LINES + 1)))) == MAX_LINES


def test_a_content_is_indented_or_as_it_is_and_bounded() -> None:
    assert format_payload(b'{"a":"\xc3\xa9"}') == '{\n  "a": "é"\n}'
    assert format_payload(b"\xff{") == "\\xff{"
    assert len(format_payload(b"x" * (2 * MAX_CHARS))) == MAX_CHARS
    assert len(format_payload(orjson.dumps(["x"] * MAX_CHARS))) == MAX_CHARS + 1


def test_differences_are_those_of_the_data() -> None:
    accepted = {"title": "Vol", "version": 1, "entities": [{"id": "p1"}]}
    original = orjson.dumps({"id": "other", "data": {"title": "Vol", "version": 2, "entities": [{"id": "p1"}, {}]}})
    assert compare_payloads(accepted, original) == (
        FieldDifference("/data/entities/1", None, "{}"),
        FieldDifference("/data/version", "1", "2"),
    )
    assert compare_payloads(accepted, b"{") == ()
    assert compare_payloads(accepted, b"[]") != ()
