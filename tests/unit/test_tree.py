"""What `make tree` counts."""

from __future__ import annotations

from pathlib import Path

import pytest
import tree

DEEP = '''"""Two jumps and what is none."""


def door(given: dict[str, Any]) -> int:
    return _jump(given) + _twice(1) + _twice(2) + _deep(given)


def _jump(given: str) -> int:
    """Named once elsewhere."""
    return len(given)


def _twice(number: int) -> int:
    return number


def _deep(given: str) -> int:
    one = 1
    two = 2
    three = 3
    return one + two + three


class Held:
    def shown(self) -> Row:
        return self._row()

    def _row(self) -> list[Row]:
        return []
'''


@pytest.fixture
def modules(tmp_path: Path) -> list[tree.Module]:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "__init__.py").write_text("")
    (tmp_path / "pipeline" / "deep.py").write_text(DEEP)
    return tree.read_modules(tmp_path)


def test_modules_are_named_as_they_are_imported(modules: list[tree.Module]) -> None:
    assert [(module.name, module.lines) for module in modules] == [("pipeline", 0), ("pipeline.deep", DEEP.count("\n"))]


def test_a_package_without_code_is_no_small_module(modules: list[tree.Module]) -> None:
    assert [(module.name, module.small) for module in modules] == [("pipeline", False), ("pipeline.deep", True)]


def test_a_jump_is_private_short_and_called_from_one_place(modules: list[tree.Module]) -> None:
    assert tree.find_jumps(modules) == [("pipeline.deep", "_jump", 1), ("pipeline.deep", "_row", 1)]
    assert ("pipeline.deep", "_deep", 4) in tree.find_jumps(modules, longest=4)


def test_types_that_say_nothing_are_counted_by_function(modules: list[tree.Module]) -> None:
    assert tree.count_untyped(modules) == 3


def test_a_module_of_many_lines_says_why_it_is_one() -> None:
    told = ("one module", "one page", "one table")
    large = [module for module in tree.read_modules() if module.lines > tree.LARGE]
    docstrings = {module.name: " ".join((module.docstring or "").split()) for module in large}
    assert [name for name, text in docstrings.items() if not any(word in text for word in told)] == []
