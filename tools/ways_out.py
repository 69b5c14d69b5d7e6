"""Which operations tell of records, and by which duties: read from the table of operations and the services' code.

What an operation may do is what its service calls, followed through the services. `reference_pages.py` makes a page of
it, and tests/contract/test_answers.py fails for an operation that says it is recorded and builds no answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from inspect import unwrap
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints

from pipeline.api.result_files import ResultForm
from pipeline.api.routes.endpoints import PREFIX, Endpoint
from pipeline.api.routes.table import ENDPOINTS
from pipeline.api.services import result_tables
from pipeline.api.services.result_tables import ResultList
from pipeline.web import chart_files

ROOT = Path(__file__).parents[1]

CODE: Final = ("pipeline/api/services", "pipeline/api/routes")

DUTIES: Final[Mapping[str, frozenset[str]]] = {
    "cases": frozenset({"weigh", "weigh_parts", "decide", "decide_named", "decide_case", "find_cases"}),
    "links": frozenset({"see_links", "weigh_links"}),
    "hits": frozenset({"redact", "redact_link", "spend_hits"}),
    "budget": frozenset({"spend_hits"}),
    "counted": frozenset({"count"}),
}
"""What an answer is asked for, by the methods of `RecordedAnswer` that do it."""

BUILT: Final = frozenset({"answer", "record"})
"""The methods of a session by which an act is recorded."""

Place = tuple[str, str]
"""A function by its module and name; a method by its class's module and its own name."""


class WayOut(NamedTuple):
    """One operation or file, how it is recorded, the duties that it has, and the forms of its files."""

    name: str
    act: str
    duties: frozenset[str]
    forms: tuple[str, ...]
    is_built: bool


def list_ways_out() -> list[WayOut]:
    """Every operation in the order of the table, then the files of pages."""
    ways = [describe(each) for each in ENDPOINTS]
    for what in get_args(ResultList):
        duties, is_built = follow((result_tables.__name__, f"tabulate_{what}"))
        ways.append(WayOut(f"file of page: {what}", "export", duties, get_args(ResultForm), is_built))
    duties, is_built = follow(("pipeline.api.services.saved_charts", "open_chart"))
    ways.append(WayOut("file of page: chart", "export", duties, tuple(chart_files.FORMS), is_built))
    return ways


def describe(each: Endpoint) -> WayOut:
    """One operation."""
    serve = unwrap(each.serve)
    duties, is_built = follow((serve.__module__, serve.__name__))
    act = each.act.value if each.act else ""
    return WayOut(f"{each.method} {PREFIX}{each.path}", act, duties, tuple(_list_forms(each)), is_built)


def _list_forms(each: Endpoint) -> Iterator[str]:
    """The values of what a request takes as a file's form."""
    for hint in (*get_type_hints(unwrap(each.serve)).values(), *each.takes.values()):
        found = hint
        while get_origin(found) is not None and get_origin(found) is not Literal:
            found = get_args(found)[0]
        if get_origin(found) is Literal and "ndjson" in get_args(found) and each.answer is None:
            yield from get_args(found)
            return


def follow(place: Place) -> tuple[frozenset[str], bool]:
    """The duties of a function and of all that it calls, and whether an act is recorded by it."""
    calls, waiting, seen = set[str](), [place], set[Place]()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        found = _functions().get(at)
        if found is not None:
            calls |= found.asked
            waiting += found.calls
    duties = frozenset(duty for duty, methods in DUTIES.items() if methods & calls)
    return duties, bool(BUILT & calls)


class _Function(NamedTuple):
    """Which methods of answers and sessions a function calls, and what else of the services."""

    asked: frozenset[str]
    calls: tuple[Place, ...]


@cache
def _functions() -> dict[Place, _Function]:
    found: dict[Place, _Function] = {}
    for folder in CODE:
        for path in sorted((ROOT / folder).glob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found |= _read_module(module, ast.parse(path.read_text(encoding="utf-8")))
    return found


def _read_module(module: str, tree: ast.Module) -> dict[Place, _Function]:
    names: dict[str, Place] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = (node.module, alias.name)
    functions: list[tuple[str, ast.AST]] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.append((node.name, node))
            names[node.name] = (module, node.name)
        elif isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
            functions += [(one.name, one) for one in methods]
            names |= {one.name: (module, one.name) for one in methods}
    return {(module, name): _read_function(node, names) for name, node in functions}


def _read_function(node: ast.AST, names: Mapping[str, Place]) -> _Function:
    asked, calls = set[str](), list[Place]()
    called = {id(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in names:
            calls.append(names[each.id])
        elif isinstance(each, ast.Attribute):
            holder: Any = each.value
            held = holder.id if isinstance(holder, ast.Name) else getattr(holder, "attr", "")
            if held in ("answer", "session", "comparison"):
                asked.add(each.attr)
            elif (module := ".".join(names.get(held, ()))).startswith("pipeline.api"):
                calls.append((module, each.attr))
            elif id(each) in called:  # a method of a class that is known here
                calls += [(known, each.attr) for known in dict.fromkeys(place[0] for place in names.values())]
    return _Function(frozenset(asked), tuple(dict.fromkeys(calls)))
