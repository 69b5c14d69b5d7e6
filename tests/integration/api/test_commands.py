from __future__ import annotations

import asyncio
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.api import OPERATOR_NOTE
from pipeline.cli.main import build_cli
from pipeline.correlation.claims import ClaimState
from pipeline.errors import LiaisonError
from pipeline.index.documents import case_document, link_document
from pipeline.settings import Settings
from support.api.index import index
from support.index.documents import PureStages
from support.records.builder import person

pytestmark = pytest.mark.engines

COUNTRIES = ("BE", "DE", "ES", "FR")


@pytest.fixture
async def written(stages: PureStages, engine_settings: Settings) -> list[Any]:
    """Four cases of one man in four countries, each linked to all others; one link is retracted. The live claims."""
    names = ("Ivan Petrov", "Иван Петров", "Petrov, Ivan", "Ivan Petrov")
    cases = [
        stages.accepted({
            "case_id": "7", "agency": f"{country.lower()}-x", "country": country, "title": f"Affaire {country}",
            "entities": [person(name, id="p1", birth_date="1980-05-01")],
        })
        for country, name in zip(COUNTRIES, names, strict=True)
    ]  # fmt: skip
    claims = [stages.claim(a, b) for a, b in combinations(cases, 2)]
    ended = stages.claim(cases[0], cases[1], ClaimState.RETRACTED)
    await index(engine_settings, stages, [*map(case_document, cases), *map(link_document, [*claims, ended])])
    return claims[1:]


@pytest.fixture
def liaison(engine_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command against this test's indices."""
    nowhere = engine_settings.model_copy(update={"api_url": "http://127.0.0.1:1"})
    monkeypatch.setattr("pipeline.settings.settings", lambda: nowhere)
    monkeypatch.setattr("pipeline.cli.api.from_environment", lambda: nowhere)

    def run(*words: str) -> Result:
        return CliRunner().invoke(build_cli(), words)

    return run


async def on_a_thread(call: Any, *words: str) -> Result:
    """A command has an event loop of its own."""
    return await asyncio.to_thread(call, *words)


async def test_what_is_exported_is_what_was_claimed(written: list[Any], liaison: Any, tmp_path: Path) -> None:
    file = tmp_path / "links.ndjson"
    assert (await on_a_thread(liaison, "export", "links", "--format", "ndjson", "-o", str(file))).exit_code == 0
    rows = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    assert rows == [
        {
            "link_id": claim.link, "case_a": claim.a.case, "case_b": claim.b.case, "version_a": 1, "version_b": 1,
            "probability": claim.probability, "score": claim.score, "band": claim.band, "basis": claim.basis,
            "evidence": orjson.loads(bytes(claim.evidence)),
        }
        for claim in sorted(written, key=lambda claim: claim.link)
    ]  # fmt: skip
    assert all(row["case_a"] < row["case_b"] for row in rows)
    assert list(rows[0])[:3] == ["link_id", "case_a", "case_b"]
    done = await on_a_thread(liaison, "export", "cases")
    rows = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [row["case"] for row in rows] == [f"{country.lower()}-x:7" for country in COUNTRIES]
    assert rows[0]["data"]["title"] == "Affaire BE"
    assert "4 cases exported as ndjson" in done.stderr
    file = tmp_path / "links.json"
    done = await on_a_thread(liaison, "export", "links", "--format", "stix", "-o", str(file))
    objects = orjson.loads(file.read_bytes())["objects"]
    assert sum(one["type"] == "relationship" for one in objects) == len(written)
    assert f"{len(objects)} objects exported as stix" in done.stderr


async def test_search_shows_a_table_or_json(written: list[Any], liaison: Any) -> None:
    shown = await on_a_thread(liaison, "search", "иван петров")
    assert "es-x:7" in shown.stdout
    assert "Affaire ES" in shown.stdout
    assert OPERATOR_NOTE in shown.stderr
    rows = orjson.loads((await on_a_thread(liaison, "search", "иван петров", "--limit", "2", "--json")).stdout)
    assert len(rows) == 2
    assert rows[0].keys() == {
        "view", "case", "agency", "country", "title", "caveat", "score", "band", "met", "why", "evidence",
        "about",
    }  # fmt: skip
    assert "No matching cases." in (await on_a_thread(liaison, "search", "zbigniew oczko")).stdout


async def test_a_case_and_its_links_are_shown_and_an_unknown_one_is_one_line(written: list[Any], liaison: Any) -> None:
    assert "Affaire FR" in (await on_a_thread(liaison, "case", "fr-x:7")).stdout
    assert (
        orjson.loads((await on_a_thread(liaison, "case", "fr-x:7", "--json")).stdout)["data"]["title"] == "Affaire FR"
    )
    shown = (await on_a_thread(liaison, "links", "fr-x:7")).stdout
    assert all(other in shown for other in ("be-x:7", "de-x:7", "es-x:7"))
    assert "Date of birth" in shown
    rows = orjson.loads((await on_a_thread(liaison, "links", "be-x:7", "--json")).stdout)
    assert {row["case_b"] for row in rows} == {"es-x:7", "fr-x:7"}
    for command in ("case", "links"):
        done = await on_a_thread(liaison, command, "fr-x:8")
        assert isinstance(done.exception, LiaisonError)
        assert str(done.exception) == "case not found, or you do not have access"
