"""How many and how deep the modules of pipeline/ are: `make tree`.

Counts what tells a scattered tree from a deep one: modules, their lines, those too small to be one, helpers that are a
jump rather than an abstraction, and functions whose types say nothing. The modules that each main flow runs through are
counted by tests/benchmarks/tree/flows.py.
"""

from __future__ import annotations

import ast
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
SMALL: Final = 40
"""Lines below which a module is counted as small, but for the __init__ of a package that has a docstring alone."""

LARGE: Final = 600
"""Lines above which a module says in its docstring why it is one."""

JUMP: Final = 3
"""Lines of a body up to which a helper with one caller is counted."""

_WORD: Final = re.compile(r"\w+")


class Module(NamedTuple):
    """A module of the package."""

    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.text.count("\n")

    @property
    def small(self) -> bool:
        """Whether it is too small to be a module."""
        return self.lines < SMALL and len(self.tree.body) > (self.docstring is not None)

    @property
    def docstring(self) -> str | None:
        """What it says of itself."""
        return ast.get_docstring(self.tree)


class Helper(NamedTuple):
    """A private function with one caller, and of how many lines its body is without the docstring."""

    module: str
    name: str
    lines: int


def read_modules(root: Path = ROOT) -> list[Module]:
    """All modules below pipeline/, in the order of their names."""
    paths = sorted((root / "pipeline").rglob("*.py"))
    named = ((path.relative_to(root).with_suffix(""), path.read_text()) for path in paths)
    return [Module(".".join(path.parts).removesuffix(".__init__"), text, ast.parse(text)) for path, text in named]


def find_jumps(modules: list[Module], longest: int = JUMP) -> list[Helper]:
    """Private functions and methods of at most so many lines that are named once besides where they are defined."""
    named = Counter(word for module in modules for word in _WORD.findall(module.text))
    return [
        Helper(module.name, function.name, lines)
        for module in modules
        for function in _functions(module.tree)
        if _is_private(function.name) and named[function.name] == 2 and (lines := _body_lines(function)) <= longest
    ]


def count_untyped(modules: list[Module]) -> int:
    """Functions that take or return a dict[str, Any], by itself or by the name of Row."""
    return sum(
        any(re.search(r"dict\[str, Any\]|\bRow\b", ast.unparse(note)) for note in _annotations(function))
        for module in modules
        for function in _functions(module.tree)
    )


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _annotations(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    given = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    yield from (one.annotation for one in given if one.annotation)
    if function.returns:
        yield function.returns


def main() -> None:
    """Print the figures."""
    modules = read_modules()
    lines = [module.lines for module in modules]
    large = [module for module in modules if module.lines > LARGE]
    print(f"modules                                        {len(modules):>7,}")
    print(f"lines                                          {sum(lines):>7,}")
    print(f"lines a module, mean                           {statistics.mean(lines):>7.0f}")
    print(f"modules under {SMALL} lines                         {sum(module.small for module in modules):>7,}")
    print(f"helpers of up to {JUMP} lines with one caller        {len(find_jumps(modules)):>7,}")
    print(f"functions that take or return dict[str, Any]   {count_untyped(modules):>7,}")
    print(f"modules over {LARGE} lines: " + (", ".join(f"{one.name} ({one.lines:,})" for one in large) or "none"))


if __name__ == "__main__":
    main()
