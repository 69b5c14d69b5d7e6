"""docs/reference/ is what the catalogues say, whole: every setting, topic, metric and rejection reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from reference_pages import (
    CHART_SCHEMA,
    PAGES,
    attribute_docstrings,
    make_chart_schema,
    make_pages,
    variable_of,
    write_pages,
)

from pipeline.api.metrics import REGISTRY as SERVER_REGISTRY
from pipeline.records.messages import Reason
from pipeline.settings import Settings
from pipeline.streams.catalogues.metrics import REGISTRY as WORKER_REGISTRY
from pipeline.streams.catalogues.topics import CATALOGUE
from pipeline.streams.runtime.faults import FAULTS


@pytest.mark.parametrize("name", make_pages())
def test_a_page_is_what_make_reference_writes(name: str) -> None:
    assert (PAGES / name).read_text(encoding="utf-8") == make_pages()[name]


def test_the_charts_schema_knows_every_setting() -> None:
    assert CHART_SCHEMA.read_text(encoding="utf-8") == make_chart_schema()


def test_the_folder_has_no_other_page_and_its_index_names_each() -> None:
    assert {page.name for page in PAGES.glob("*.md")} == {*make_pages(), "README.md"}
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert all(f"({name})" in index for name in make_pages())


def test_every_setting_topic_and_reason_stands_in_its_page() -> None:
    pages = make_pages()
    assert missing(pages["settings.md"], {variable_of(name) for name in Settings.model_fields}) == set()
    assert missing(pages["topics.md"], {topic.pattern for topic in CATALOGUE}) == set()
    assert missing(pages["rejection-reasons.md"], {*Reason, *FAULTS}) == set()


def test_the_table_of_topics_leads_to_the_section_of_each() -> None:
    page = make_pages()["topics.md"]
    sections = {re.sub(r"[`.{}]", "", title) for title in re.findall(r"^## (`.*`)$", page, re.MULTILINE)}
    assert set(re.findall(r"\(#(\w+)\)", page)) == sections
    assert len(sections) == len(CATALOGUE)


def test_topics_say_who_uses_them_as_the_brokers_rights_are() -> None:
    rows = {line.split("|")[1].strip(): line for line in make_pages()["topics.md"].splitlines() if "](#" in line}
    assert rows["[`accepted`](#accepted)"].endswith("| `intake` | `intake`, **`derive`**, **`project`**, `api` |")
    assert rows["[`witness.{agency}`](#witnessagency)"].endswith("| the agency | agencies |")
    assert rows["[`uploads`](#uploads)"].endswith("| nobody | `api`, agencies |")
    assert rows["[`control`](#control)"].split(" | ")[3] == "operators"
    assert rows["[`reviews`](#reviews)"].split(" | ")[3] == "`api`, operators"
    assert rows["[`rejected`](#rejected)"].endswith("| **`project`**, `api`, operators |")


@pytest.mark.parametrize("registry", [WORKER_REGISTRY, SERVER_REGISTRY])
def test_every_metric_that_is_shown_stands_in_its_page(registry: CollectorRegistry) -> None:
    shown = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in registry.collect()
        if not family.name.startswith("process_")
    }
    assert shown
    assert missing(make_pages()["metrics.md"], shown) == set()


def missing(page: str, names: set[str]) -> set[str]:
    return {name for name in names if f"`{name}`" not in page}


def test_sentences_are_read_from_under_what_they_describe() -> None:
    class Described:
        first: int = 1
        """The first,
        on two lines."""
        second: int = 2
        third = 3
        """The third."""

    assert attribute_docstrings(Described) == {"first": "The first, on two lines.", "third": "The third."}


def test_pages_are_written_whole(tmp_path: Path) -> None:
    write_pages(tmp_path)
    assert {page.name: page.read_text(encoding="utf-8") for page in tmp_path.iterdir()} == make_pages()
