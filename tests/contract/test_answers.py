"""No service shows anything but by an answer: the type checker, the services and the table of operations say so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ways_out import list_ways_out

ROOT = Path(__file__).parents[2]
CALLERS = [ROOT / "pipeline" / "api" / "services", ROOT / "pipeline" / "api" / "routes", ROOT / "pipeline" / "web"]

FORBIDDEN = {
    r"\.unsealed\b": "the index without its seal",
    r"\bunseal\(": "a seal that no answer opens",
    r"\.audit\.write\b": "an act that no answer records",
    r"\bShownCase\(": "what is shown, said by hand",
    r"\bsession\.(audit|make_shown|make_counted|decide_views)\b": "a duty by hand",
    r"\bhit_for\(|\blink_for\(": "a redaction by hand",
    r"\bhits\.spend\(": "a hit that is spent by hand",
    r"\bIndexReader\b": "the index without its seal",
}

ALLOWED = {
    # A program that sends records states no purpose, so it has no session; it is shown nothing of any record.
    r"\.audit\.write\b": {"pipeline/api/routes/feeds.py"},
}

SAYS_NOTHING = {
    "pipeline/api/services/notices.py": 3,  # who waits, where nothing has come, and whether anything has
    "pipeline/api/services/cases.py": 1,  # whether a page still shows what it shows
    "pipeline/api/services/reviews.py": 1,  # how a link stands that has just been shown
    "pipeline/api/services/operations.py": 1,  # a record that its sender may not read
}
"""Where an answer ends without a record, and how often."""


def _texts() -> dict[str, str]:
    paths = [path for folder in CALLERS for path in sorted(folder.rglob("*.py"))]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_no_duty_is_done_by_hand(pattern: str) -> None:
    found = {path for path, text in _texts().items() if re.search(pattern, text)}
    assert found - ALLOWED.get(pattern, set()) == set(), FORBIDDEN[pattern]


def test_only_an_answer_opens_seals() -> None:
    paths = [
        path for path in sorted((ROOT / "pipeline").rglob("*.py")) if "unseal(" in path.read_text(encoding="utf-8")
    ]
    assert [path.name for path in paths] == ["answering.py", "sealed.py"]


def test_an_answer_that_is_not_recorded_is_named_here() -> None:
    found = {path: text.count(".tell_nothing()") for path, text in _texts().items()}
    assert {path: count for path, count in found.items() if count} == SAYS_NOTHING


def test_every_operation_that_says_that_it_is_recorded_builds_an_answer() -> None:
    """A row that is added without one fails here; what it may do stands in docs/reference/ways-out.md."""
    assert [way.name for way in list_ways_out() if way.act and not way.is_built] == []


SNIPPET = """
from pipeline.access.audit import ActKind
from pipeline.api.session import Session


async def serve(session: Session, key: str) -> object:
    found = await session.runtime.reader.read_cases([key], None)
    async with session.answer(ActKind.READ, {{"case": key}}) as answer:
        {0}
"""

BY_ANSWER = "cases = await answer.weigh(found.values()); answer.show(cases); return cases[key].data"

SKIPPED = {
    "return found[key].data": '"Sealed[CaseMeta, CaseDocument]" has no attribute "data"',
    "return found[key].head.title": '"CaseMeta" has no attribute "title"',
    "return (await session.runtime.reader.read_links([key]))[key].evidence": 'has no attribute "evidence"',
    "return session.make_shown({{}})": '"Session" has no attribute "make_shown"',
    "return await session.audit(ActKind.READ)": '"Session" has no attribute "audit"',
    "return (await answer.decide(found.values()))[key].data": '"View" has no attribute "data"',
}
"""What skips a duty, and what the type checker says of it."""


def test_a_service_that_skips_a_duty_does_not_type_check(tmp_path: Path) -> None:
    tried = {f"skips_{at}": line for at, line in enumerate(SKIPPED)}
    for name, line in {**tried, "keeps_all": BY_ANSWER}.items():
        (tmp_path / f"{name}.py").write_text(SNIPPET.format(line), encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(tmp_path)],
        capture_output=True, text=True, cwd=ROOT, timeout=300, check=False,
    )  # fmt: skip
    said = checked.stdout
    for name, line in tried.items():
        told = [one for one in said.splitlines() if one.partition(":")[0].endswith(f"{name}.py")]
        assert any(SKIPPED[line].replace("{{", "{") in one for one in told), (line, said)
    assert "keeps_all.py" not in said
