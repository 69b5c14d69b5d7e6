"""The tree's words: classes and type aliases have names of their own, exceptions end in Error, cited files exist."""

from __future__ import annotations

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("names")  # modules are parsed once

ROOT = Path(__file__).parents[2]
PIPELINE = ROOT / "pipeline"
MODULES = sorted(PIPELINE.rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
PAGES += sorted((ROOT / "docs").rglob("*.md"))

CITED = re.compile(
    r"(?<![\w/.:@~*{}<-])(?:[\w.-]+/)+[\w-]+\.(?:py|md|json|yaml|yml|toml|po|pot|sh|cedar)\b(?:\.xz)?(?![*{])"
)
"""A path of two parts or more, as docs and docstrings cite a file; addresses and patterns are none."""

BARE = re.compile(r"(?<![\w/.:@~*{}<-])[\w-]+\.(?:py|md)\b")
"""A file cited by its name alone: of a module any of that name will do, a page must be beside it or at the root."""

CAMEL_CASE = re.compile(r"[A-Z]\w*[a-z]")

PATCH = re.compile(r"^```diff\n.*?^```$", re.MULTILINE | re.DOTALL)
NEW_FILE = re.compile(r"^--- /dev/null\n\+\+\+ b/(\S+)$", re.MULTILINE)
"""A page of docs/how-to/ may cite a file that its reader makes."""

BASES = {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)}


@cache
def _classes(source: str) -> tuple[ast.ClassDef, ...]:
    return tuple(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))


def _aliases(source: str) -> Iterator[str]:
    """Names of a module's type aliases, type variables and NewTypes: what is assigned at its top in CamelCase."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (name.id for name in targets if isinstance(name, ast.Name) and CAMEL_CASE.match(name.id))


def _defined_twice(sources: dict[str, str]) -> dict[str, list[str]]:
    """Public names of classes and type aliases with the modules that define them, where these are two or more."""
    places: dict[str, list[str]] = defaultdict(list)
    for place, source in sources.items():
        for name in (*(node.name for node in _classes(source)), *_aliases(source)):
            if not name.startswith("_"):
                places[name].append(place)
    return {name: found for name, found in places.items() if len(found) > 1}


def _misnamed_exceptions(sources: dict[str, str]) -> set[str]:
    """Classes that inherit from an exception, over however many of the tree's own, and are not called Error."""
    bases: dict[str, set[str]] = defaultdict(set)
    for source in sources.values():
        for node in _classes(source):
            bases[node.name] |= {ast.unparse(base).split("[")[0].rpartition(".")[2] for base in node.bases}
    found = set(BASES)
    while grown := {name for name, of in bases.items() if any(_is_exception(base, found) for base in of)} - found:
        found |= grown
    return {name for name in found - BASES if not name.endswith("Error")}


def _is_exception(base: str, found: set[str]) -> bool:
    return base in found or base.endswith(("Error", "Exception"))


def _missing(text: str, *folders: Path) -> list[str]:
    """Paths that the text cites and none of the folders has."""
    return sorted(path for path in set(CITED.findall(text)) if not any((folder / path).exists() for folder in folders))


def _missing_names(text: str, folder: Path) -> list[str]:
    """Files cited by name alone that are neither a module of the tree nor a page at the root or in the folder."""
    pages = {path.name for place in (ROOT, folder) for path in place.glob("*.md")}
    modules = {module.name for module in (*MODULES, *folder.glob("*.py"))}
    return sorted(set(BARE.findall(text)) - pages - modules)


SOURCES = {str(module.relative_to(ROOT)): module.read_text() for module in MODULES}


def test_a_public_name_of_a_class_or_type_alias_is_defined_once() -> None:
    assert _defined_twice(SOURCES) == {}


def test_exceptions_are_called_error() -> None:
    assert _misnamed_exceptions(SOURCES) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_cites_are_there(page: Path) -> None:
    text = page.read_text()
    missing = _missing(PATCH.sub("", text), ROOT, ROOT / "docs", PIPELINE, page.parent)
    assert set(missing) <= set(NEW_FILE.findall(text))


def test_files_that_code_cites_are_there() -> None:
    found = {
        place: _missing(text, ROOT, PIPELINE, (ROOT / place).parent) + _missing_names(text, (ROOT / place).parent)
        for place, text in SOURCES.items()
    }
    assert {place: missing for place, missing in found.items() if missing} == {}


def test_the_rules_find_what_breaks_them(tmp_path: Path) -> None:
    twice = {"a.py": "class View: ...\nclass _Own: ...", "b.py": "class View: ...\nclass _Own: ..."}
    assert _defined_twice(twice) == {"View": ["a.py", "b.py"]}
    aliased = {
        "a.py": "Row = dict[str, int]\nMOST = 3",
        "b.py": "class Row: ...",
        "c.py": "Row: TypeAlias = str\nMOST = 4",
    }
    assert _defined_twice(aliased) == {"Row": ["a.py", "b.py", "c.py"]}
    lost = {"a.py": "class Lost(KeyError): ...\nclass FoundError(Exception): ...", "b.py": "class Gone(a.Lost): ..."}
    assert _misnamed_exceptions(lost) == {"Lost", "Gone"}
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "here.py").touch()
    assert _missing("see `x/here.py`, x/gone.py and https://a.org/x/y.md", tmp_path) == ["x/gone.py"]
    (tmp_path / "beside.md").touch()
    assert _missing_names("see design.md, beside.md, README.md, a/y.md, settings.py and lost.py", tmp_path) == [
        "design.md",
        "lost.py",
    ]
