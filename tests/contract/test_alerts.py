"""Holds alert rules, dashboard and runbook to the metric catalogue, and shows each alert firing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.api.metrics import REGISTRY as API_REGISTRY
from pipeline.settings import Settings
from pipeline.streams.catalogues.metrics import REGISTRY
from pipeline.streams.monitoring.status_port import API_PLACE
from pipeline.streams.workers.supervisor import STAGES
from pipeline.streams.workers.worker import BUILDERS, port_of
from support.absences import PROMETHEUS_ABSENT, lack_package

DEPLOY = Path(__file__).parents[2] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
RULE_TESTS = sorted(PROMETHEUS.glob("*.test.yml"))

OF_PROMETHEUS = {"up"}

REGISTRIES = (REGISTRY, API_REGISTRY)

EXPORTED = {"_total", "_bucket", "_sum", "_count", "_created"}


def rules() -> list[dict[str, Any]]:
    held = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in held["groups"] for rule in group["rules"]]


def dashboard() -> list[str]:
    held = json.loads((DEPLOY / "grafana" / "liaison.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in held["panels"] for target in panel["targets"]]


def exported() -> set[str]:
    """Every name that the catalogues' instruments can show."""
    names = {family.name for registry in REGISTRIES for family in registry.collect()}
    return names | {name + ending for name in names for ending in EXPORTED}


def named(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:liaison|process)_\w+|\bup\b", expression))


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("promtool")
    if tool is None:
        lack_package(PROMETHEUS_ABSENT)
    return subprocess.run([tool, *words], cwd=PROMETHEUS, capture_output=True, text=True, check=False)


def test_alerts_and_dashboard_name_metrics_of_the_catalogue_only() -> None:
    used = {name for rule in rules() for name in named(rule["expr"])}
    shown = {name for expression in dashboard() for name in named(expression)}
    assert used
    assert used | shown <= exported() | OF_PROMETHEUS


def test_the_runbooks_queries_name_metrics_of_the_catalogue_and_are_ones(tmp_path: Path) -> None:
    text = (DEPLOY / "runbook.md").read_text(encoding="utf-8")
    sections = {part.partition("\n")[0]: part for part in text.split("\n## ")[1:]}
    queries = re.findall(r"```promql\n(.*?)```", text, re.DOTALL)
    assert "```promql" in sections["LiaisonSlow"], "it tells to compare delays: by which query?"
    assert {name for query in queries for name in named(query)} <= exported()
    asked = tmp_path / "queries.yml"
    rules = [{"record": f"runbook:query:{number}", "expr": query} for number, query in enumerate(queries)]
    asked.write_text(yaml.safe_dump({"groups": [{"name": "runbook", "rules": rules}]}), encoding="utf-8")
    found = promtool("check", "rules", str(asked))
    assert found.returncode == 0, found.stdout + found.stderr


def test_no_alert_depends_on_what_a_scrape_calls_its_jobs() -> None:
    """Prometheus's operator names jobs after its own objects, and alerts that ask for one name would never fire."""
    assert [rule["alert"] for rule in rules() if re.search(r"\bjob\s*[=!]", rule["expr"])] == []


def test_the_dashboard_shows_every_metric_of_ours() -> None:
    shown = " ".join(dashboard())
    shown_by = [family.name for registry in REGISTRIES for family in registry.collect()]
    missing = [name for name in shown_by if name.startswith("liaison_")]
    assert [name for name in missing if name not in shown] == []


def test_every_alert_has_a_runbook_entry_and_the_runbook_no_other() -> None:
    headings = re.findall(r"^## (\w+)$", (DEPLOY / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [rule["alert"] for rule in rules()]
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"deploy/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_every_alert_has_a_test_in_which_it_fires() -> None:
    tests = [one for path in RULE_TESTS for one in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]]
    fired = {one["alertname"] for test in tests for one in test["alert_rule_test"] if one.get("exp_alerts")}
    assert fired == {rule["alert"] for rule in rules()}


@pytest.mark.rare
def test_alerts_fire_as_their_tests_say() -> None:
    done = promtool("test", "rules", *(path.name for path in RULE_TESTS))
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_asks_every_stage_where_it_answers() -> None:
    held = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    asked = {name: one["port"] for one in held["scrape_configs"][0]["dns_sd_configs"] for name in one["names"]}
    stages = {stage: port_of(stage, Settings(metrics_port=9601)) for stage in STAGES}
    assert asked == stages | {"api": 9601 + API_PLACE}


def test_the_api_answers_behind_the_stages() -> None:
    assert len(BUILDERS) == API_PLACE


def test_prometheus_takes_the_rules_and_its_configuration() -> None:
    for words in (("check", "rules", "alerts.yml"), ("check", "config", "--syntax-only", "prometheus.yml")):
        done = promtool(*words)
        assert done.returncode == 0, done.stdout + done.stderr
