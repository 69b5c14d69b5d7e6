"""Each exception from ruff's security rules says why it is one."""

from __future__ import annotations

import re
from pathlib import Path

PIPELINE = Path(__file__).parents[2] / "pipeline"

EXCEPTION = re.compile(r"# noqa: (S\d+)(.*)")


def test_every_exception_is_explained() -> None:
    found = [
        (path.name, rule, why)
        for path in PIPELINE.rglob("*.py")
        for rule, why in EXCEPTION.findall(path.read_text(encoding="utf-8"))
    ]
    assert found
    assert [(name, rule) for name, rule, why in found if len(why.strip(" -()").split()) < 2] == []
