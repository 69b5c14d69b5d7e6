from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records.json_text import MAX_DEPTH, flaw, pointer_to

FLAWED = [
    (b"", "", "empty"),
    (b" \n", "", "empty"),
    (b"\xef\xbb\xbf{}", "", "byte order mark"),
    (b'{"a":"\xff"}', "", "UTF-8"),
    (b'{"a":"\xed\xa0\x80"}', "", "UTF-8"),
    (b'{"a":"\\ud800"}', "/a", "surrogate"),
    (b'{"a":tr', "/a", "cut short"),
    (b'{"a":"x\\u00', "/a", "cut short"),
    (b'{"a"', "/a", "cut short"),
    (b'{"a":[1,2', "/a/1", "cut short"),
    (b'{"a":[1,]}', "/a/1", "unexpected"),
    (b'{"a":1,}', "/a", "unexpected"),
    (b"{1:2}", "", "unexpected"),
    (b'{"a" 1}', "/a", "unexpected"),
    (b"[1 2]", "/0", "unexpected"),
    (b"[1}", "/0", "unexpected"),
    (b"]", "", "unexpected"),
    (b"{}{}", "", "unexpected"),
    (b"[01]", "/0", "unexpected"),
    (b'["\x01"]', "/0", "unexpected"),
    (b'[0,{"x":NaN}]', "/1/x", "NaN"),
    (b"[-Infinity]", "/0", "Infinity"),
    (b"[1e999]", "/0", "double"),
    (b'{"a":1,"b":[{"c":1,"c":2}]}', "/b/0/c", "twice"),
    (b'{"a":1,"\\u0061":2}', "/a", "twice"),
    (b'{"a/b":{"~":1,"~":2}}', "/a~1b/~0", "twice"),
    (b"[" * (MAX_DEPTH + 1), "/0" * MAX_DEPTH, "nested"),
    (b'{"a":' * 10_000, "/a" * MAX_DEPTH, "nested"),
]


@pytest.mark.parametrize(("raw", "pointer", "word"), FLAWED, ids=[repr(row[0][:24]) for row in FLAWED])
def test_the_first_flaw_is_named_with_its_place(raw: bytes, pointer: str, word: str) -> None:
    found = flaw(raw)
    assert found is not None
    assert found.pointer == pointer
    assert word in found.message


@pytest.mark.parametrize(
    "raw", [b"[]", b' {"a" : [ ] , "b":{}} ', b"-0.5e+3", b'"\\u00e9"', b"[" * MAX_DEPTH + b"]" * MAX_DEPTH]
)
def test_acceptable_text_has_no_flaw(raw: bytes) -> None:
    assert flaw(raw) is None


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_whatever_orjson_writes_has_no_flaw(value: object) -> None:
    assert flaw(orjson.dumps(value)) is None


@given(st.binary(max_size=60) | st.text(alphabet='{}[],:"\\u0aeE+-.1 tfnrlsN', max_size=40).map(str.encode))
def test_what_orjson_refuses_has_a_flaw(raw: bytes) -> None:
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError:
        assert flaw(raw) is not None


@given(json_values, st.integers(0, 200))
def test_a_text_cut_short_has_a_flaw(value: object, length: int) -> None:
    raw = orjson.dumps([value])
    if length < len(raw):
        assert flaw(raw[:length]) is not None


def test_a_pointer_escapes_its_steps() -> None:
    assert pointer_to(["a", 0, "b/c~d"]) == "/a/0/b~1c~0d"
