"""The base install of the wheel does an agency's work, is small, and says what it lacks."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli.commands import COMMANDS, Command, extra_of
from support.installation.clean_environment import Environment
from support.installation.installation import Installation
from support.installation.records import RecordMaker

KITS = Path(__file__).parents[2] / "pipeline" / "feeds" / "kits" / "samples"
MOST_MIB, MOST_SECONDS = 130, 120
"""Of all that pip installs, with bytecode, but for pip and setuptools; a quiet machine takes 40 s."""

OF_PIP = ("pip", "setuptools", "pkg_resources", "_distutils_hack")


def mebibytes(folder: Path) -> float:
    """What a folder takes on the disk."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / (1 << 20)


def test_it_is_small_and_nothing_is_compiled(client: Environment) -> None:
    assert "Building wheel" not in client.said
    of_pip = sum(mebibytes(path) for name in OF_PIP for path in client.packages.glob(f"{name}*") if path.is_dir())
    assert mebibytes(client.packages) - of_pip < MOST_MIB
    assert client.seconds < MOST_SECONDS
    brought = {path.name.split("-")[0].casefold() for path in client.packages.glob("*.dist-info")}
    assert not brought & {"numpy", "rapidfuzz", "babel", "pyarrow", "faust_streaming", "nicegui", "rigour", "pyicu"}


def test_the_wheel_is_whole(wheel: Path, client: Environment) -> None:
    held = client.packages / "pipeline"
    assert (held / "py.typed").exists()
    assert not (held / "web" / "screenshots").exists()
    assert not list(client.packages.glob("**/model_building"))
    assert (held / "schemas" / "case.schema.json").exists()
    about = next(client.packages.glob("liaison_pipeline-*.dist-info"))
    assert {path.name for path in (about / "licenses").iterdir()} >= {"LICENSE", "NOTICE"}
    assert "Classifier: Typing :: Typed" in (about / "METADATA").read_text()
    assert wheel.stat().st_size < 5_000_000


def test_help_and_version_need_no_extra(client: Environment) -> None:
    version = client.run("--version")
    assert re.fullmatch(r"liaison \d+\.\d+\.\d+\S*\n", version.stdout), version.stderr
    shown = client.run("--help", COLUMNS="200").stdout
    assert all(f" {row.path} " in shown for row in COMMANDS if " " not in row.path)


def test_every_feed_command_has_its_libraries(client: Environment) -> None:
    modules = {row.target.partition(":")[0] for row in COMMANDS if isinstance(row, Command) and not extra_of(row.path)}
    assert len(modules) >= 4
    told = client.python(f"import {', '.join(sorted(modules))}, pipeline.feeds.client, pipeline.feeds.gateway_client")
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("serve",), "server"),
        (("worker", "intake"), "server"),
        (("ops", "lag"), "server"),
        (("search", "petrov"), "server"),
        (("up",), "local"),
        (("batch", "correlate", "--help"), "train"),
        (("demo", "--exit"), "demo"),
    ],
)
def test_a_command_names_its_extra(client: Environment, words: tuple[str, ...], extra: str) -> None:
    ran = client.run(*words)
    assert ran.returncode == 2
    assert ran.stderr.endswith(f"pip install 'liaison-pipeline[{extra}]'\n")
    assert len(ran.stderr.splitlines()) == 1


def test_a_parquet_table_names_its_extra(client: Environment) -> None:
    (client.home / "t.parquet").write_bytes(b"PAR1....PAR1")
    ran = client.run("feed", "map", "t.parquet", "--init")
    assert ran.returncode == 2
    assert ran.stderr.endswith("pip install 'liaison-pipeline[parquet]'\n")


def test_an_unknown_extra_is_told_by_pip(wheel: Path, client: Environment) -> None:
    words = ["-m", "pip", "install", "--dry-run", "--no-index", f"{wheel}[sever]"]
    told = subprocess.run(
        [str(client.folder / "bin" / "python"), *words], capture_output=True, text=True, env=client.variables()
    )
    assert "does not provide the extra 'sever'" in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("records/data/person_words.json.xz", "person_words.json.xz is missing or damaged; install Liaison again"),
        ("schemas", "schema case.schema.json in"),
    ],
)
def test_a_wheel_without_its_data_says_so(damaged: Environment, missing: str, said: str) -> None:
    path = damaged.packages / "pipeline" / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    file = damaged.home / "cases.ndjson"
    file.write_text("{}\n")
    ran = damaged.run("feed", "validate", str(file), "--agency", "fr-pj")
    assert ran.returncode == 1
    assert said in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_an_agencys_work_without_a_broker(client: Environment) -> None:
    mapped = client.run("feed", "map", str(KITS / "police-csv.csv"), "--mapping", "police-csv", "-o", "cases.ndjson")
    assert mapped.returncode == 0, mapped.stderr
    agency = json.loads((client.home / "cases.ndjson").read_text().splitlines()[0])["data"]["agency"]
    checked = client.run("feed", "validate", "cases.ndjson", "--agency", agency)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    shown = client.run("feed", "map", str(KITS / "police-csv.csv"), "--mapping", "police-csv", "--preview")
    assert "Nothing was written" in shown.stdout
    made = client.run("feed", "make-key", "--agency", agency, "-o", "key.pem")
    assert json.loads(made.stdout)["kty"] == "OKP", made.stderr
    listed = client.run("feed", "map", str(KITS / "eu-list.xml"), "--mapping", "eu-list", "-o", "list.ndjson")
    assert listed.returncode == 0, listed.stderr


@pytest.mark.engines
def test_it_pushes_and_reads_receipts_and_hits(
    client: Environment,
    installation: Installation,
    records: RecordMaker,
    start_stage: Callable[..., object],
    engine_environment: dict[str, str],
) -> None:
    start_stage("intake")
    lines = [records.message("fr-pj", str(number)).value or b"" for number in range(3)]
    (client.home / "feed.ndjson").write_bytes(b"\n".join([*lines, b'{"data": 1}']))
    ours = {name: value for name, value in engine_environment.items() if name.startswith("LIAISON_")}
    pushed = client.run("feed", "push", "feed.ndjson", "--agency", "fr-pj", "--no-validate", "--wait", **ours)
    assert pushed.stderr.splitlines()[:2] == ["4 lines sent to fr-pj", "3 accepted, 1 rejected"]
    receipts = client.run("feed", "receipts", "--agency", "fr-pj", "--json", **ours)
    assert [json.loads(line)["outcome"] for line in receipts.stdout.splitlines()].count("accepted") == 3
    hits = client.run("feed", "hits", "--agency", "fr-pj", "--json", **ours)
    assert (hits.returncode, hits.stdout) == (0, ""), hits.stderr
