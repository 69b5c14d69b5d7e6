from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from pipeline.cli.main import build_cli
from pipeline.errors import LiaisonError
from pipeline.matching.model import generation_id, load_model
from pipeline.matching.training.run import key_rarity
from support.records.builder import event_bytes, person

PAIR = {
    "a": person("Zbigniew Oczko", birth_date="1980-05-03"),
    "b": person("Oczko Zbigniew", birth_date="1980-05-03"),
}


def run(*words: str) -> Any:
    return CliRunner().invoke(build_cli(), ["batch", *words])


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.ndjson"
    path.write_text(json.dumps(PAIR) + "\n\n" + json.dumps(PAIR) + "\n")
    return path


def record(number: int, names: list[str], date: str) -> str:
    return event_bytes(
        "fr-pj", str(number), [person(names=[{"full": name} for name in names], birth_date=date)]
    ).decode()


def test_compare_prints_one_judgement_a_line(pairs: Path) -> None:
    result = run("compare", str(pairs))
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert lines[0]["probability"] > 0.99
    assert isinstance(lines[0]["score"], int)
    assert {item["field"] for item in lines[0]["evidence"]} == {"name", "birth_date"}


def test_compare_keeps_the_lines_numbers_where_one_is_bad(pairs: Path) -> None:
    pairs.write_text("{}\n" + json.dumps(PAIR) + "\n")
    result = run("compare", str(pairs))
    assert isinstance(result.exception, LiaisonError)
    first, second = result.stdout.splitlines()
    assert "error" in json.loads(first)
    assert json.loads(second)["band"] == "certain"


def test_explain_speaks_french_and_draws(pairs: Path, tmp_path: Path) -> None:
    result = run("explain", str(pairs), "--language", "fr", "--svg", str(tmp_path / "charts"))
    assert result.exit_code == 0
    assert "Lien certain" in result.stdout
    assert result.stdout.count("génération") == 2
    assert result.stdout.count("Chaque ligne") == 1
    assert (tmp_path / "charts" / "2.svg").read_text().startswith("<svg")


def test_explain_refuses_other_languages(pairs: Path) -> None:
    assert isinstance(run("explain", str(pairs), "--language", "xx").exception, LiaisonError)


def test_train_writes_a_model_that_compare_reads(tmp_path: Path, pairs: Path) -> None:
    cases, output = tmp_path / "cases.ndjson", tmp_path / "model.json"
    syllables = ["ba", "do", "ki", "lu", "me", "na"]
    names = [f"{a}{b}{c} {c}{a}{a}{b}" for a in syllables for b in syllables for c in syllables]
    lines = [
        record(2 * at + copy, [name], f"19{50 + at % 40}-0{1 + at % 9}-1{at % 9}")
        for at, name in enumerate(names)
        for copy in (0, 1)
    ]
    cases.write_text("\n".join([*lines, "{broken"]) + "\n")
    result = run("train", str(cases), "-o", str(output))
    assert result.exit_code == 0, result.output
    assert "1 lines were no valid case record" in result.stdout
    assert "birth_date" in result.stdout
    assert run("compare", str(pairs), "--model", str(output)).exit_code == 0
    facts = json.loads(output.read_text())["training"]
    assert facts["records"] == {"person": 432}


def test_train_says_where_records_are_too_few(tmp_path: Path) -> None:
    cases, output = tmp_path / "cases.ndjson", tmp_path / "model.json"
    cases.write_text("\n".join(record(at, ["Zbigniew Oczko"], f"19{50 + at // 2}-04-10") for at in range(60)))
    result = run("train", str(cases), "-o", str(output))
    assert result.exit_code == 0, result.output
    assert "too few records to learn from" in result.stdout


def test_train_calibrates_from_labels(tmp_path: Path) -> None:
    cases, output, labels = tmp_path / "cases.ndjson", tmp_path / "model.json", tmp_path / "labels.csv"
    names = [f"{a}o{b}ano {b}e{a}iko" for a in "bdgklm" for b in "nprstz"]
    cases.write_text(
        "\n".join(
            record(2 * at + copy, [name], f"19{50 + at}-04-1{copy}") for at, name in enumerate(names) for copy in (0, 1)
        )
    )
    rows = [f"fr-pj:{2 * at},fr-pj:{2 * at + 1},1" for at in range(36)] + [
        f"fr-pj:{at},fr-pj:{at + 3},0" for at in range(36)
    ]
    labels.write_text("\n".join(["case_a,case_b,match", *rows]))
    result = run("train", str(cases), "-o", str(output), "--labels", str(labels))
    assert result.exit_code == 0, result.output
    assert json.loads(output.read_text())["calibrations"]["person"]["source"] == "Platt, 36 true and 36 false labels"


def test_train_on_nothing_is_one_clear_line(tmp_path: Path) -> None:
    cases = tmp_path / "cases.ndjson"
    cases.write_text("{broken\n")
    assert isinstance(run("train", str(cases), "-o", str(tmp_path / "m.json")).exception, LiaisonError)


PHONED = {
    "a": person("Zbigniew Oczko", phones=["+48 22 123 45 67"]),
    "b": person("Oczko Zbigniew", phones=["+48 22 123 45 67"]),
}


def test_the_shipped_model_is_exported_with_its_digest_and_read_back_as_itself(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    told = json.loads(run("model", "export", "-o", str(path), "--json").stdout)
    shipped = load_model()
    assert told["digest"] == load_model(path).content_hash == shipped.content_hash
    assert told["generation"] == generation_id(shipped, 4)
    assert json.loads(path.read_text())["shared_phones"] == []
    again = run("model", "export", "-o", str(path))
    assert isinstance(again.exception, LiaisonError)
    assert "is there already" in str(again.exception)


def test_an_export_is_planned_for_a_size_and_nothing_else_of_it_changes(tmp_path: Path) -> None:
    path, further = tmp_path / "model.json", tmp_path / "further.json"
    shown = run("model", "export", "--cases", "1000000", "-o", str(path)).stdout
    planned, shipped = load_model(path), load_model()
    assert planned.key_rarity == key_rarity(1_000_000) > shipped.key_rarity
    assert "18.4 bits rare" in shown
    assert planned.content_hash in shown
    assert msgspec.structs.replace(planned.file, key_rarity=shipped.key_rarity) == shipped.file
    run("model", "export", "--model", str(path), "-o", str(further))
    assert load_model(further).content_hash == planned.content_hash


def test_what_an_operator_adds_to_an_export_holds_and_what_would_do_nothing_is_refused(tmp_path: Path) -> None:
    path, phoned = tmp_path / "model.json", tmp_path / "phoned.ndjson"
    phoned.write_text(json.dumps(PHONED))
    before = json.loads(run("compare", str(phoned)).stdout)["score"]
    run("model", "export", "-o", str(path))
    exported = json.loads(path.read_text())
    path.write_text(json.dumps({**exported, "shared_phones": ["+48221234567"]}))
    assert json.loads(run("compare", str(phoned), "--model", str(path)).stdout)["score"] < before
    for wrong, words in (
        ({"shared_phone": ["+48221234567"]}, "no model has the field shared_phone"),
        ({"shared_phones": ["22 123 45 67"]}, r"22 123 45 67: write shared phones as \+33123456789"),
        ({"shared_emails": ["Desk@Example.org"]}, "in small letters"),
    ):
        path.write_text(json.dumps({**exported, **wrong}))
        with pytest.raises(LiaisonError, match=words):
            load_model(path)
