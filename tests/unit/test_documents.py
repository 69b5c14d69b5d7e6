"""What documents, docstrings and comments cite in backticks is there.

Symbols, files, settings, metrics, commands with their options, make's targets and paths of the API are looked up in the
tree as it is. An example of a value, such as `Ivan Petrov` or `1978/1982`, is no citation. A word that looks like a
symbol of ours and is none stands in ELSEWHERE or VALUES, with its reason. Blocks of shell are read for the commands in
them; of docstrings also words that can only be symbols, such as CamelCase.
"""

from __future__ import annotations

import ast
import builtins
import io
import os
import re
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import typer
from reference_pages import variable_of

from pipeline.cli.commands import COMMANDS, Command
from pipeline.cli.main import build_cli, load_command
from pipeline.settings import Settings
from support.api.openapi_digest import described

pytestmark = pytest.mark.xdist_group("documents")  # what the tree has is looked up once

ROOT: Final = Path(__file__).parents[2]

DOCUMENTS: Final = sorted(
    path
    for path in (
        *ROOT.glob("*.md"),
        *(path for name in ("docs", "deploy", "pipeline", "tests") for path in (ROOT / name).rglob("*.md")),
    )
    if path.name != "CHANGELOG.md" and "reference" not in path.parts
)
"""CHANGELOG.md tells of what was; docs/reference/ is written from the code."""

MODULES: Final = sorted((*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "tools").rglob("*.py")))

ELSEWHERE: Final[Mapping[str, str]] = {
    "AddPartitionsToTxn DescribeClientQuotas EndTxn InitProducerId LeaveGroup": "requests of Kafka's protocol",
    "DefaultRecord group.min.session.timeout.ms": "of Kafka's broker",
    "resource_already_exists _reindex NoClassDefFoundError StatusResponseType OpenSAML": "of Elasticsearch",
    "for_ max_body_size SettingsError xdist_group HttpOnly SameSite Secure": "of libraries and of HTTP",
    "crit b64 jwk cosignature/v1 sumdb/note": "of JWS and of transparency logs",
    "CloudEvent MessagePack OpenAPI OpenDocument OpenID OpenType operationId": "formats and standards",
    "GeoNames OpenSanctions SplitMix64 token_sort_ratio locust contrib regex": "others' data and libraries",
    "flock vm.max_map_count --volumes --scale --standalone": "of Linux, Docker Compose and uv",
    "deps msgctxt": "of git's and gettext's texts",
    "../shared ../shared/data ../shared/data/lists ../shared/data/census census/stocks truth-sets truthsets/demo "
    "name_bench/cases.csv entity_bench entity_bench/checks.yml fake_1000.csv "
    "splink/historical_figures_with_errors_50k.parquet": "data that is not in the repository",
    "build/site build/docs workers/id build/release liaison-pipeline.cdx.json liaison-pipeline-server.cdx.json "
    "CHANGELOG-0.3.0.md SHA256SUMS": "what commands make",
    "appVersion CycloneDX SOURCE_DATE_EPOCH": "of charts, bills of materials and builders",
}
"""Names of other people's, and of what is made or fetched: what they are."""

VALUES: Final[Mapping[str, str]] = {
    "GEB_DAT AUSWEIS_NR Telefonnr Passinumero cp deutsch polonaise entites pasport": "words of agencies' columns",
    "nombre geburtsdatum ciudad cognome": "words for fields in other languages",
    "Lyon moscow ln mohammed Al 1970/1975": "values of records",
    "..._rows.py vMAJOR.MINOR.PATCH m_same m_level GiB": "patterns, symbols of a formula, and units",
}
"""Words that people write and read, and no code: what they are."""

ALLOWED: Final = frozenset(word for words in (*ELSEWHERE, *VALUES) for word in words.split()) | {"down --volumes"}

NOT_OURS: Final = frozenset({".git", ".venv", "build", "node_modules", "__pycache__"})
"""Folders that are made or fetched."""

PLAIN_BASES: Final = frozenset(
    {"", "object", "NamedTuple", "Struct", "Protocol", "Enum", "StrEnum", "Exception", "BaseSettings"}
)
"""Bases from elsewhere that have nothing which is cited."""

FENCED: Final = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
QUOTED: Final = re.compile(r"(?<!`)(``|`)(?!`)([^`]+?)\1(?!`)")
IN_PROSE: Final = re.compile(
    r"(?<![\w./<`{-])"
    r"(pipeline(?:\.\w+)+|(?:[a-z]+(?:_[a-z]+)+|[A-Z][a-z]+[A-Z]\w*)(?:\.\w+)*(?:\(\))?)"
    r"(?![\w>}/-])"
)
"""What is a symbol without backticks, too: a module of ours, words joined by _, CamelCase."""
SHELL: Final = re.compile(r"^\s*(?:\$ )?(?:\S*/)?(liaison|make) (.*?)(?:\s+#.*)?$", re.MULTILINE)
WORD: Final = re.compile(r"[\w.-]+")
NAME: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
CALL: Final = re.compile(r"([A-Za-z_][\w.]*)\([^()]*\)")
VARIABLE: Final = re.compile(r"(?<![\w$])LIAISON_[A-Z_]+")
REQUEST: Final = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/v1/[^?\s]*)\S*")
FILE: Final = re.compile(
    r"(?:[\w.-]+/)+(?:[\w.-]*\w)?|[\w.-]*\w\.(?:py|md|json|ya?ml|toml|po|js|css|html|csv|cedar|lock|sh|svg|env)"
)
METRIC: Final = re.compile(r"liaison_[a-z_]+")
PLACEHOLDER: Final = re.compile(r"<.*|[A-Z_]+|\W.*|.*[<{…*|].*")


class Citation(NamedTuple):
    """What a text cites, and where it stands."""

    place: str
    text: str
    folder: Path
    own: frozenset[str] = frozenset()
    """The names in the code of the module whose docstring or comment it is, or in the blocks of its document."""


class ModuleNames(NamedTuple):
    """What one walk through a module finds."""

    own: frozenset[str]
    """Names and words of its code."""
    words: frozenset[str]
    """Its strings that look like a name."""
    parameters: frozenset[str]
    classes: tuple[ast.ClassDef, ...]
    prose: tuple[str, ...]
    """Its docstrings, and the sentences under constants and fields."""


class Known(NamedTuple):
    """The tree's names."""

    defined: frozenset[str]
    """Modules, classes, functions, constants, fields, parameters."""
    members: Mapping[str, frozenset[str]]
    """By class or module: what it has; of a class with a base from elsewhere also `*`."""
    words: frozenset[str]
    """Strings of the code that look like a name, and words of its contracts: fields, topics, reasons, metrics."""
    files: frozenset[str]
    """Paths of files and folders, whole and their ends."""


# What is there


@cache
def known() -> Known:
    defined, words = set(dir(builtins)), set[str]()
    members: dict[str, set[str]] = defaultdict(set)
    bases: dict[str, set[str]] = defaultdict(set)
    for name in _tracked():
        path = ROOT / name
        if not name.endswith(".py") or not name.startswith(("pipeline/", "tests/", "tools/")):
            continue
        body = _parse(path).body
        module = path.parent.name if path.name == "__init__.py" else path.stem
        members[module] |= set(_names_of(body))
        defined |= {module, *members[module]}
        classes = tuple(node for node in body if isinstance(node, ast.ClassDef))
        if name.startswith("pipeline/"):
            read = _read_module(path)
            classes, words, defined = read.classes, words | read.words, defined | read.parameters
        for node in classes:
            members[node.name] |= set(_names_of(node.body)) | set(_own_attributes(node))
            bases[node.name] |= {ast.unparse(base).split("[")[0].rpartition(".")[2] for base in node.bases}
            defined |= members[node.name]
    for path in _data_files():
        words |= set(WORD.findall(path.read_text(encoding="utf-8")))
    folders = {str(parent) for file in _tracked() for parent in Path(file).parents}
    ends = {"/".join(Path(path).parts[at:]) for path in (*_tracked(), *folders) for at in range(len(Path(path).parts))}
    found = {name: frozenset(_inherited(name, members, bases)) for name in tuple(members)}
    return Known(frozenset(defined), found, frozenset(words), frozenset(ends))


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _read_module(path: Path) -> ModuleNames:
    own, words, parameters = set[str](), set[str](), set[str]()
    classes, prose, ids = list[ast.ClassDef](), list[str](), set[int]()
    for node in ast.walk(_parse(path)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)) | ast.alias(name=name):
                own.add(name)
            case ast.arg(arg=name):
                own.add(name)
                parameters.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.MatchAs(name=str(name)):
                own.add(name)
            case ast.ClassDef(name=name):
                own.add(name)
                classes.append(node)
            case ast.Expr(value=ast.Constant(value=str(text)) as constant):
                prose.append(text)
                ids.add(id(constant))
            case ast.Constant(value=str(text)) if id(node) not in ids:
                own.update(WORD.findall(text))
                if WORD.fullmatch(text):
                    words.add(text)
    return ModuleNames(frozenset(own), frozenset(words), frozenset(parameters), tuple(classes), tuple(prose))


def _names_of(body: list[ast.stmt]) -> Iterator[str]:
    """What a module's or class's body defines or imports."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Assign(targets=found):
                yield from (name.id for one in found for name in ast.walk(one) if isinstance(name, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Import() | ast.ImportFrom():
                yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
            case ast.If() | ast.Try() | ast.With():
                yield from _names_of(node.body)


def _own_attributes(node: ast.ClassDef) -> Iterator[str]:
    for one in ast.walk(node):
        match one:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


def _inherited(name: str, members: Mapping[str, set[str]], bases: Mapping[str, set[str]]) -> set[str]:
    found, waiting = set(members[name]), [*bases.get(name, ())]
    while waiting:
        base = waiting.pop()
        found |= members.get(base, set() if base in PLAIN_BASES else {"*"})
        waiting += bases.get(base, ())
    return found


@cache
def _tracked() -> tuple[str, ...]:
    """Files of the tree, without what is built or fetched."""
    found = list[str]()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith("_cache")]
        found += [f"{os.path.relpath(folder, ROOT)}/{name}".removeprefix("./") for name in files]
    return tuple(sorted(found))


def _data_files() -> Iterator[Path]:
    """Contracts, mapping kits, deployment: what has keys of ours, and not what has people's names and words."""
    folders = ("schemas/", "deploy/", "pipeline/feeds/kits/", "tests/cedar/", "pipeline/web/static/", "pyproject")
    kinds = (".yml", ".yaml", ".toml", ".json", ".js", ".css", ".cedar", ".env", "Dockerfile")
    return (ROOT / name for name in _tracked() if name.startswith(folders) and name.endswith(kinds))


@cache
def commands() -> Mapping[tuple[str, ...], frozenset[str]]:
    """Each command and group by its words, with its options."""
    rows = {tuple(row.path.split()): row for row in COMMANDS if isinstance(row, Command)}
    found: dict[tuple[str, ...], frozenset[str]] = {}

    def walk(path: tuple[str, ...], command: Any, context: Any) -> None:
        declared = load_command(rows[path]) if path in rows else command
        options = {name for one in declared.params for name in (*one.opts, *one.secondary_opts) if name.startswith("-")}
        found[path] = frozenset(options | {"--help", "-h"})
        for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
            below = command.get_command(context, name)
            walk((*path, name), below, below.context_class(below, parent=context, info_name=name))

    root: Any = typer.main.get_command(build_cli())
    walk((), root, root.context_class(root))
    return found


@cache
def _words_of_commands() -> frozenset[str]:
    return frozenset(word for path in commands() for word in path)


@cache
def settings() -> frozenset[str]:
    """Variables of the environment that the code reads: settings, and what tests, benchmarks and make are told."""
    return frozenset((*map(variable_of, Settings.model_fields), *VARIABLE.findall(_all_code())))


@cache
def _all_code() -> str:
    """Text in which options and variables of tests, benchmarks and make stand."""
    kinds = (".py", ".toml", "Makefile", ".yaml", ".yml", ".env", ".ci/run")
    folders = ("tests/", "tools/", "Makefile", "pyproject", "deploy/", ".ci/", "pipeline/")
    return "\n".join(
        (ROOT / name).read_text(encoding="utf-8")
        for name in _tracked()
        if name.startswith(folders) and name.endswith(kinds)
    )


@cache
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@cache
def paths() -> Mapping[str, set[str]]:
    """Patterns of the API's paths, with their methods."""
    return {
        re.sub(r"\{\w+\}", "[^/]+", path): {method.upper() for method in item}
        for path, item in described()["paths"].items()
    }


# What is cited


def citations_of_document(path: Path) -> Iterator[Citation]:
    text, place = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    blocks = FENCED.findall(text)
    own = set(re.findall(r"/?[\w.-][\w./{}-]*", "\n".join(block for _, block in blocks)))
    own |= {part for name in own for part in (name.rpartition("/")[2], re.sub("^[ab]/", "", name))}
    names = frozenset(own)
    for _, block in (one for one in blocks if one[0] in ("", "sh", "console")):
        for word, rest in SHELL.findall(block):
            if _is_command(word, rest):
                yield Citation(place, f"{word} {rest}", path.parent, names)
    for _, cited in QUOTED.findall(FENCED.sub("", text)):
        yield Citation(place, " ".join(cited.split()), path.parent, names)


def _is_command(word: str, rest: str) -> bool:
    """Whether a line of a block that begins with a word is a command, and not what one printed."""
    first = rest.split()[0] if rest.split() else ""
    return first in targets() if word == "make" else any(path[:1] == (first,) for path in commands())


def citations_of_module(path: Path) -> Iterator[Citation]:
    """Of docstrings, of sentences under constants and fields, and of comments."""
    source, place = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    read = _read_module(path)
    texts = [*read.prose]
    if "#" in source:
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        texts += [token.string for token in tokens if token.type == tokenize.COMMENT]
    for text in texts:
        for _, cited in QUOTED.findall(text):
            yield Citation(place, " ".join(cited.split()), path.parent, read.own)
        for cited in IN_PROSE.findall(QUOTED.sub("", text)):
            yield Citation(place, cited, path.parent, read.own)


# Whether it is there


def fault_of(cited: Citation) -> str | None:
    """What is missing of what is cited; "" where nothing is, None where it is no citation but a value."""
    text = cited.text if cited.text.endswith("...") else cited.text.rstrip(".,:;")
    if text in ALLOWED:
        return ""
    variables = VARIABLE.findall(text)
    if missing := [name for name in variables if name not in settings()]:
        return f"no setting {missing[0]}"
    if variables and ("=" in text or text in variables):
        return ""
    head, *rest = text.split() or [""]
    if head == "liaison" or (rest and head in _words_of_commands() and _find_command(text.split())):
        return _fault_of_command(rest if head == "liaison" else text.split())
    if head == "make" and rest and re.fullmatch(r"[\w-]+", rest[0]):
        return "" if rest[0] in targets() else f"no target of make: {rest[0]}"
    if request := REQUEST.fullmatch(text):
        return _fault_of_request(request[1], request[2], cited)
    if METRIC.fullmatch(text):
        family = re.sub(r"_(total|bucket|sum|count)$", "", text)
        return "" if {text, family} & known().words else "no metric"
    if re.fullmatch(r"--[\w-]+", text):
        taken = any(text in options for options in commands().values())
        return "" if taken or text in _all_code() else "no option"
    if FILE.fullmatch(text) and not text.isupper():
        return _fault_of_file(text, cited)
    if call := CALL.fullmatch(text):
        text = call[1]
    if not NAME.fullmatch(text):
        return "" if variables else None
    return _fault_of_name(text, cited)


def _fault_of_request(method: str, path: str, cited: Citation) -> str:
    asked = re.sub(r"\{[^}]*\}", "x", path)
    there = any(method in methods and re.fullmatch(pattern, asked) for pattern, methods in paths().items())
    return "" if there or path in cited.own else f"no {method} {path} in the API"


def _find_command(words: list[str]) -> tuple[str, ...] | None:
    """The command that words begin with, from the root or within a group: `policy explain` is `ops policy explain`."""
    said = tuple(takewhile(lambda word: re.fullmatch(r"[a-z][a-z-]*", word), words))
    for length in range(len(said), 1, -1):
        for path in commands():
            if path[-length:] == said[:length]:
                return path
    return next((path for path in commands() if path and path == said[:1]), None)


def _fault_of_command(words: list[str]) -> str:
    path = _find_command(words) or (() if not words or words[0].startswith("-") else None)
    if path is None:
        return "" if PLACEHOLDER.fullmatch(words[0]) else f"no command {words[0]}"
    group = any(other[: len(path)] == path and len(other) > len(path) for other in commands())
    rest = words[len([*takewhile(lambda word: word in path, words)]) :]
    if group and rest and not PLACEHOLDER.fullmatch(rest[0]):
        return f"no command {' '.join((*path, rest[0]))}"
    for option in (word.split("=")[0] for word in rest if re.match(r"--?[a-z]", word)):
        if not any(option in commands()[path[:length]] for length in range(len(path) + 1)):
            return f"no option {option} of {' '.join(path)}"
    return ""


def _fault_of_file(text: str, cited: Citation) -> str:
    name = text.rstrip("/")
    there = name in known().files or (cited.folder / name).exists() or bool({text, name} & cited.own)
    return "" if there or name in known().words or name in ALLOWED else "no such file"


def _fault_of_name(text: str, cited: Citation) -> str:
    if text in cited.own or text in known().words or text in _words_of_commands():
        return ""
    first, *others = text.split(".")
    if first not in cited.own and first not in known().defined and first not in known().words:
        return f"no {first}"
    for name in others:
        has = known().members.get(first) if first[:1].isupper() else None
        if has is not None and name not in has and "*" not in has:
            return f"{first} has no {name}"
        if name not in known().defined and name not in known().words and name not in cited.own:
            return f"no {name}"
        first = name
    return ""


@cache
def check_file(path: Path) -> tuple[tuple[str, ...], int]:
    """What is wrong in a document or module, and how much was checked."""
    faults, checked = list[str](), 0
    for one in citations_of_module(path) if path.suffix == ".py" else citations_of_document(path):
        fault = fault_of(one)
        checked += fault is not None
        if fault:
            faults.append(f"{one.place}: `{one.text}`: {fault}")
    return tuple(faults), checked


def test_what_documents_cite_is_there() -> None:
    faults = [fault for path in DOCUMENTS for fault in check_file(path)[0]]
    assert not faults, "\n".join(faults)


def test_what_docstrings_and_comments_cite_is_there() -> None:
    faults = [fault for path in MODULES for fault in check_file(path)[0]]
    assert not faults, "\n".join(faults)


def test_thousands_of_citations_are_checked(record_property: Callable[[str, object], None]) -> None:
    documents, modules = (sum(check_file(path)[1] for path in places) for places in (DOCUMENTS, MODULES))
    record_property("citations checked", f"{documents} of documents, {modules} of docstrings and comments")
    print(f"{documents} citations of documents, {modules} of docstrings and comments checked")
    assert documents > 1_500
    assert modules > 2_500


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("liaison ops agency add fr-pj --country FR", ""),
        ("liaison ops agency add fr-pj --land FR", "no option --land of ops agency add"),
        ("liaison ops agency adopt", "no command ops agency adopt"),
        ("liaison agency-adopt", "no command agency-adopt"),
        ("policy explain KEY", ""),
        ("liaison worker <stage>", ""),
        ("--tell-silent-owners", ""),
        ("--no-such" + "-option", "no option"),
        ("make demo", ""),
        ("make tea", "no target of make: tea"),
        ("GET /v1/cases/{key}", ""),
        ("GET /v1/case", "no GET /v1/case in the API"),
        ("LIAISON_NAMESPACE", ""),
        ("LIAISON_" + "NAME_SPACE=x-", "no setting LIAISON_" + "NAME_SPACE"),
        ("liaison_index_age_seconds", ""),
        ("liaison_index_age_minutes", "no metric"),
        ("pipeline/settings.py", ""),
        ("pipeline/nothing.py", "no such file"),
        ("pipeline/web/pages/", ""),
        ("Settings.namespace", ""),
        ("Settings.name_space", "Settings has no name_space"),
        ("plan_topics(settings)", ""),
        ("entry_gains", "no entry_gains"),
        ("accepted", ""),
        ("blocks.<generation>", None),
        ("Ivan Petrov", None),
        ("1978/1982 born", None),
    ],
)
def test_what_is_not_there_is_found(text: str, fault: str | None) -> None:
    assert fault_of(Citation("a page", text, ROOT)) == fault


def test_a_docstring_may_cite_the_names_of_its_module() -> None:
    assert fault_of(Citation("x.py", "wanted_there_s", ROOT, frozenset({"wanted_there_s"}))) == ""
    assert fault_of(Citation("x.py", "wanted_there_s", ROOT)) == "no wanted_there_s"
