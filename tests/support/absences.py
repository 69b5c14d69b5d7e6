"""What a host or a lonely clone has not: a test that needs it skips in words that say what brings it back.

Tests that lack one thing give one reason, so that the end of a run names each once (`tests/conftest.py`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NoReturn

import pytest

BESIDE: Final = Path(__file__).parents[3] / "shared"
"""What is no part of the repository and lies beside the clone, if anywhere: public data, and a scorer of lists."""

DATA_ABSENT: Final = (
    "no public data in ../shared/data beside this clone: tests/benchmarks/accuracy/README.md and "
    "tests/benchmarks/lists/README.md say which, and where each is from"
)

PROMETHEUS_ABSENT: Final = "no promtool or prometheus: install Debian's package prometheus"


def need_beside(*names: str) -> None:
    """Skip, in CI too, unless `../shared` has each file or folder: a clone that lies alone is whole without them."""
    if not all((BESIDE / name).exists() for name in names):
        pytest.skip(DATA_ABSENT)


def lack_package(reason: str) -> NoReturn:
    """Skip for want of what a package brings; in CI, which installs all of them, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def tell_skips(skipped: Iterable[pytest.TestReport]) -> Iterator[str]:
    """A line for each reason for which tests were skipped, most of them first; nothing where none was."""
    reasons = Counter(_reason(report) for report in skipped)
    if reasons:
        yield f"skipped {reasons.total()} tests, which come back with what each line names:"
    for reason, tests in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {tests:4d}  {reason}"


def _reason(report: pytest.TestReport) -> str:
    """What a skip said, be it of a mark or of a call."""
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    return told.removeprefix("Skipped: ")
