from __future__ import annotations

import pytest

from pipeline.index.fields import CATALOGUE, IndexField, strict_mapping


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_field_says_what_it_holds(kind: str) -> None:
    for field in CATALOGUE[kind]:
        assert field.meaning.endswith("."), field.path
    assert len({field.path for field in CATALOGUE[kind]}) == len(CATALOGUE[kind])


def test_objects_are_strict_at_every_depth() -> None:
    mapping = strict_mapping((IndexField("a.b.c", {"type": "keyword"}, "C."), IndexField("d", {"type": "long"}, "D.")))
    inner = {"dynamic": "strict", "properties": {"c": {"type": "keyword"}}}
    a = {"dynamic": "strict", "properties": {"b": inner}}
    assert mapping == {"dynamic": "strict", "properties": {"a": a, "d": {"type": "long"}}}
