from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.feeds.limits import FREE_TEXTS, LIST_LIMITS, TEXT_LIMIT, cut_to_limits

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "case.schema.json").read_text(encoding="utf-8"))["$defs"]


def test_the_limits_are_those_of_the_schema() -> None:
    fields = SCHEMA["person"]["properties"]
    names = SCHEMA["names"]["maxItems"]
    assert {field: fields[field].get("maxItems", names) for field in LIST_LIMITS} == LIST_LIMITS
    assert SCHEMA["text"]["maxLength"] == TEXT_LIMIT


def test_five_hundred_aliases_and_an_endless_text_are_cut_and_told() -> None:
    data: dict[str, Any] = {
        "summary": "x" * 5_000,
        "entities": [
            {
                "id": "p1",
                "names": [{"full": str(n)} for n in range(500)],
                "birth_dates": ["1970"],
                "remark": "y" * 4_001,
            },
            {"id": "p2", "names": [{"full": "A"}]},
        ],
    }
    assert cut_to_limits(data) == [
        "summary: 5,000 characters, of which the first 4,000 are kept",
        "p1.remark: 4,001 characters, of which the first 4,000 are kept",
        "p1.names: 500 values, of which the first 50 are kept",
    ]
    assert data["entities"][0]["names"][-1] == {"full": "49"}
    assert all(len(data.get(field, "")) <= TEXT_LIMIT for field in FREE_TEXTS)
    assert cut_to_limits(data) == []
