"""A unit test stands where its module does.

Of pipeline/matching/score/scoring.py that is tests/unit/matching/score/test_scoring.py. A file in tests/unit itself is
of a module in pipeline itself, or about the whole tree.
"""

from __future__ import annotations

from pathlib import Path

UNIT = Path(__file__).parent
ROOT = UNIT.parents[1]

ACROSS = {
    "access/test_pushed_cases.py": "what pushed cases are told of hit-only records, from keys to hits",
    "api/test_bad_input.py": "any input to any use case",
    "api/test_constant_work.py": "use cases that must not do more where there is a hidden case",
    "api/test_costs.py": "use cases that cost much, and what they cost others",
    "api/test_guess_limits.py": "use cases that ask hit-only records, counted together",
    "api/test_granted_links.py": "use cases that show links under a grant",
    "api/test_hit_links.py": "use cases that show links to hit-only cases",
    "api/test_hits.py": "use cases that show hit-only cases",
    "api/test_moving_lists.py": "all lists behind cursors while they change",
    "api/test_openapi.py": "the shape of the OpenAPI document",
    "api/test_pages.py": "all lists behind cursors",
    "api/test_services.py": "use cases together, as an investigation takes them",
    "api/test_surroundings.py": "a case's graph, things and exports",
    "api/test_unsettled_notices.py": "notices that come before their cases can be read, polled and streamed",
    "correlation/test_blocking_recall.py": "blocking keys on public data",
    "feeds/test_list_kits.py": "the kits of public lists",
    "feeds/test_samples.py": "the agencies' kits' samples",
    "matching/names/test_name_bench.py": "verdicts on judged pairs of names",
    "matching/names/test_properties.py": "laws of the comparison of names",
    "matching/names/transliteration/test_models.py": "the shipped models",
    "matching/score/test_companions.py": "relatives, branches and numbers lent, by the shipped model and learnt ones",
    "matching/score/test_own_numbers.py": "things renamed, in the shipped model: what their own numbers outweigh",
    "matching/test_entity_bench.py": "verdicts on judged pairs of entities",
    "matching/test_loosened_comparisons.py": "each comparison loosened by one step fails its law",
    "matching/test_organisations.py": "organisations of two lists in two languages, scripts and forms",
    "matching/test_versions.py": "what FORMS and SCORING stand for",
    "records/test_record.py": "the record's specification, bullet by bullet",
    "streams/catalogues/test_topic_users.py": "what follows from the topics' rows",
    "streams/stages/test_crowds.py": "values that a crowd has, in correlate as its stage makes it",
    "transparency/test_tampering.py": "attacks on the audit",
    "web/test_no_leak_pages.py": "invariant I3 on all pages",
    "web/test_own_routes.py": "what a browser's session reaches besides pages",
}
"""Tests of what several modules hold together, with what that is."""


def _mirrors(test: Path) -> bool:
    module = test.with_name(test.name.removeprefix("test_"))
    return any((folder / module).exists() for folder in (ROOT / "pipeline", ROOT / "tests"))


def test_each_unit_test_stands_where_its_module_does() -> None:
    found = {path.relative_to(UNIT) for path in UNIT.glob("*/**/test_*.py")}
    assert {str(path) for path in found if not _mirrors(path)} == set(ACROSS)
