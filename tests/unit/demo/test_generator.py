from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import orjson
import pytest

from pipeline.demo.generator import DemoFeed, generate_feed, write_truth
from pipeline.demo.messages import ACCEPTED, DUPLICATE, Message
from pipeline.web.components.entity import RELATIONS

pytestmark = pytest.mark.xdist_group("generator")  # one feed

SCRIPTS = {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "CJK", "HEBREW", "HANGUL"}


@pytest.fixture(scope="module")
def feed() -> DemoFeed:
    return generate_feed()


def records(feed: DemoFeed, outcome: str = ACCEPTED) -> list[dict[str, object]]:
    return [orjson.loads(m.value)["data"] for m in feed.messages if m.outcome == outcome and m.value]


def test_the_same_seed_gives_the_same_bytes_in_the_same_order(feed: DemoFeed) -> None:
    assert generate_feed() == feed
    assert generate_feed(7).messages != feed.messages


def test_it_is_as_large_as_the_demo_promises(feed: DemoFeed) -> None:
    cases = {(data["agency"], data["case_id"]) for data in records(feed)}
    assert len(cases) >= 2_000
    assert len({agency for agency, _ in cases}) >= 6
    assert len({agency.country for agency in feed.agencies}) >= 6
    assert len(feed.pairs) > 500


def test_names_are_written_in_at_least_four_scripts(feed: DemoFeed) -> None:
    text = b"".join(m.value for m in feed.messages if m.outcome == ACCEPTED and m.value).decode()
    found = Counter(unicodedata.name(letter, "?").split()[0] for letter in set(text) if letter.isalpha())
    assert set(found) >= SCRIPTS


def test_every_type_of_entity_that_was_promised_is_there(feed: DemoFeed) -> None:
    types = {entity["type"] for data in records(feed) for entity in data.get("entities", [])}  # type: ignore[attr-defined]
    assert types == {"person", "organisation", "vehicle", "phone", "account", "document", "weapon", "event"}


def test_every_relation_that_pages_name_is_there_and_holds_between_entities_of_its_case(feed: DemoFeed) -> None:
    cases = [data for data in records(feed) if data.get("entities")]
    said = Counter(relation["type"] for data in cases for relation in data.get("relations", []))  # type: ignore[attr-defined]
    assert said.keys() >= {"owner", "driver", "account_holder", "associate", "member"}
    assert said.keys() <= {sent.replace(" ", "_") for sent in RELATIONS}
    assert 0.3 < sum("relations" in data for data in cases) / len(cases) < 0.6


def test_amended_withdrawn_late_and_repeated_versions_are_there(feed: DemoFeed) -> None:
    versions = Counter(data["version"] for data in records(feed))
    assert versions[2] > 100
    assert versions[3] > 50
    assert sum(data["status"] == "withdrawn" for data in records(feed)) >= 50
    assert feed.outcomes[DUPLICATE] >= 50
    assert feed.outcomes["stale_version"] >= 40


def test_every_reason_of_rejection_that_a_feed_can_cause_is_expected(feed: DemoFeed) -> None:
    reasons = set(feed.outcomes) - {ACCEPTED, DUPLICATE}
    assert reasons == {
        "not_json", "schema", "foreign_agency", "misrouted", "stale_version", "conflicting_version", "date",
        "too_large",
    }  # fmt: skip


def test_the_last_accepted_version_of_each_case_is_the_one_that_truth_speaks_of(feed: DemoFeed) -> None:
    last: dict[bytes, dict[str, object]] = {}
    for message in feed.messages:
        if message.outcome == ACCEPTED and message.key and message.value:
            data = orjson.loads(message.value)["data"]
            held = last.get(message.key)
            assert held is None or data["version"] > held["version"]
            last[message.key] = data
    known = {case.case for case in feed.cases}
    assert all(last[key.encode()]["status"] != "withdrawn" for key in known)
    assert {case.country for case in feed.cases} == {agency.country for agency in feed.agencies}


def test_repeated_messages_are_the_same_bytes_as_before(feed: DemoFeed) -> None:
    sent: defaultdict[bytes | None, list[Message]] = defaultdict(list)
    for message in feed.messages:
        if message.outcome == DUPLICATE:
            accepted = [earlier for earlier in sent[message.key] if earlier.outcome == ACCEPTED]
            assert accepted[-1].value == message.value
        sent[message.key].append(message)


def test_true_pairs_are_across_countries_and_of_known_cases(feed: DemoFeed) -> None:
    country = {case.case: case.country for case in feed.cases}
    assert all(country[first] != country[second] for first, second in feed.pairs)
    assert all(first < second for first, second in feed.pairs)


def test_truth_is_written_apart(feed: DemoFeed, tmp_path: Path) -> None:
    write_truth(feed, tmp_path / "truth.ndjson")
    lines = [orjson.loads(line) for line in (tmp_path / "truth.ndjson").read_bytes().splitlines()]
    assert {(line["case_a"], line["case_b"]) for line in lines} == feed.pairs
    assert not any(b"person-" in (message.value or b"") for message in feed.messages)
