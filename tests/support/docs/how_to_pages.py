"""Follows a page of docs/how-to/ by the letter, in a copy of the tree.

tree = TreeCopy(tmp_path); page = HowToPage("add-an-entity-type")
for patch in page.patches: tree.apply(patch)
tree.run_python("-m", "pytest", "tests/unit/records/test_entity_types.py")
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
COPIED: Final = (
    "pipeline", "schemas", "tests", "tools", "docs", "deploy", "pyproject.toml", "Makefile", "CONTRIBUTING.md",
)  # fmt: skip
LEFT_OUT: Final = shutil.ignore_patterns("benchmarks", "screenshots", "*.png", "__pycache__")

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE: Final = re.compile(r"^\+\+\+ b/(\S+)$", re.MULTILINE)
_RUN_LIMIT_S: Final = 240


class PagePatchError(AssertionError):
    """A patch of a page does not fit the tree."""


@dataclass(frozen=True)
class PagePatch:
    """One ```diff block: `path` from the root of the tree, and its hunks as lists of lines with their marks."""

    path: str
    is_new: bool
    hunks: tuple[tuple[str, ...], ...]


class HowToPage:
    """A page's blocks: patches in their order, and the texts of the others by language."""

    def __init__(self, name: str) -> None:
        self.path = ROOT / "docs" / "how-to" / f"{name}.md"
        text = self.path.read_text(encoding="utf-8")
        blocks = _BLOCK.findall(text)
        self.patches = _read_patches(text)
        self._texts = [(language, text) for language, text in blocks if language != "diff"]

    @property
    def files(self) -> list[str]:
        """The files that the page touches, in order."""
        return list(dict.fromkeys(patch.path for patch in self.patches))

    def patches_under(self, heading: str) -> list[PagePatch]:
        """The patches of the section of the second level with this title, in order."""
        [section] = re.findall(
            rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)",
            self.path.read_text(encoding="utf-8"),
            re.MULTILINE | re.DOTALL,
        )
        return _read_patches(section)

    def block(self, language: str, containing: str = "") -> str:
        """The first block in a language that contains a text."""
        texts: list[str] = [text for found, text in self._texts if found == language and containing in text]
        return texts[0]


def _read_patches(text: str) -> list[PagePatch]:
    return [_read_patch(block) for language, block in _BLOCK.findall(text) if language == "diff"]


def _read_patch(text: str) -> PagePatch:
    head, *hunks = re.split(r"^@@.*\n", text, flags=re.MULTILINE)
    [path] = _FILE.findall(head)
    return PagePatch(path, "--- /dev/null" in head, tuple(tuple(hunk.splitlines()) for hunk in hunks))


class TreeCopy:
    """A copy of the code, schemas, tests and documents, or of some `files`, in which Python imports the copy."""

    def __init__(self, folder: Path, files: Iterable[str] = COPIED) -> None:
        self.root = folder / "tree"
        self.root.mkdir()
        for name in files:
            source, target = ROOT / name, self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=LEFT_OUT)
            else:
                shutil.copy2(source, target)

    def apply(self, patch: PagePatch) -> None:
        """Change one file. Raises PagePatchError where a hunk's lines are not found, or in several places."""
        file = self.root / patch.path
        if patch.is_new:
            assert not file.exists(), f"{patch.path} exists"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{line[1:]}\n" for hunk in patch.hunks for line in hunk), encoding="utf-8")
            return
        text = file.read_text(encoding="utf-8")
        for hunk in patch.hunks:
            before = "".join(f"{line[1:]}\n" for line in hunk if line[:1] != "+")
            after = "".join(f"{line[1:]}\n" for line in hunk if line[:1] != "-")
            if (count := f"\n{text}".count(f"\n{before}")) != 1:
                raise PagePatchError(f"{patch.path}: {count} places for\n{before}")
            text = f"\n{text}".replace(f"\n{before}", f"\n{after}")[1:]
        file.write_text(text, encoding="utf-8")

    def write(self, path: str, text: str) -> Path:
        """A file of its own in the copy."""
        file = self.root / path
        file.write_text(text, encoding="utf-8")
        return file

    def run_python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python in the copy; its output is one text."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root, env=kept | {"PYTHONPATH": str(self.root)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_RUN_LIMIT_S, check=False,
        )  # fmt: skip

    def make(self, target: str, **variables: str) -> None:
        """What `make` runs for a target of Python scripts, in the copy, with its variables."""
        recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", (self.root / "Makefile").read_text(), re.MULTILINE)
        assert recipe is not None, target
        for line in recipe.group(1).splitlines():
            for name, value in variables.items():
                line = line.replace(f"$({name})", value)
            result = self.run_python(*line.strip().removeprefix("$(BIN)/python ").split())
            assert result.returncode == 0, result.stdout

    def first_failure(self, *paths: str, fixtures: bool = False, only: str = "") -> str:
        """What the first failing test says; "" where all pass. Without `fixtures` no conftest.py is imported.

        `only` names the tests as pytest's -k does.
        """
        options = ["-q", "-x", "-n0", "-p", "no:cacheprovider", "--tb=line", "--no-header", "-k", only]
        result = self.run_python("-m", "pytest", *options, *([] if fixtures else ["--noconftest"]), *paths)
        return result.stdout if result.returncode else ""
