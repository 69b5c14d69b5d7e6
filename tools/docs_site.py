"""Gathers the documentation into one tree that a site is built from: `make docs`.

Pages stay where they are in the repository, and so do their links, also those to code. A site generator reads one
folder and knows pages only, so this copies every tracked Markdown file to `build/docs`, makes a page of each other file
and folder that one of them links to, and points the links there. A link to what is not tracked ends the build.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "build" / "docs"

LINK = re.compile(r"(?P<label>\]\()(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]+)?\)")
FENCED = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")
LANGUAGES = {
    ".py": "python",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".cedar": "text",
    ".po": "po",
    ".env": "sh",
    "": "text",
}
"""What is shown on a page, by its ending; pages, pictures and data stay as they are."""

FENCE = "`````"


class BrokenLinkError(Exception):
    """Links of pages to what is not in the repository."""


def gather(root: Path, tracked: Iterable[PurePosixPath], target: Path) -> None:
    """Write the tree of pages. Raises BrokenLinkError, which names every link that leads nowhere."""
    files = frozenset(tracked)
    folders = frozenset(folder for file in files for folder in file.parents)
    pages = sorted(file for file in files if file.suffix == ".md")
    linked: set[PurePosixPath] = set()
    broken: list[str] = []
    shutil.rmtree(target, ignore_errors=True)
    for page in pages:
        text = (root / page).read_text(encoding="utf-8")
        for link, place in _links(page, text):
            if place in files or place in folders:
                linked.add(place)
            else:
                broken.append(f"{page}: {link}")
        _write(target / page, _point_links(page, text, files))
    if broken:
        raise BrokenLinkError("\n".join(broken))
    for place in sorted(linked - frozenset(pages)):
        _write_linked(root, target, place, files)


def _links(page: PurePosixPath, text: str) -> Iterator[tuple[str, PurePosixPath]]:
    """The relative links of a page with the place in the repository that each leads to, code blocks aside."""
    for found in LINK.finditer(FENCED.sub("", text)):
        if not ELSEWHERE.match(found["path"]):
            yield found["path"], _place(page, found["path"])


def _place(page: PurePosixPath, path: str) -> PurePosixPath:
    return PurePosixPath(os.path.normpath(page.parent / path))


def _point_links(page: PurePosixPath, text: str, files: frozenset[PurePosixPath]) -> str:
    """The text with each link to a file or folder pointed to the page that is made of it."""

    def pointed(found: re.Match[str]) -> str:
        path, anchor = found["path"], found["anchor"] or ""
        if ELSEWHERE.match(path):
            return found[0]
        made = page_of(_place(page, path), files)
        return f"{found['label']}{os.path.relpath(made, page.parent)}{anchor})"

    parts = FENCED.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(pointed, part) for part in parts)


def page_of(place: PurePosixPath, files: frozenset[PurePosixPath]) -> PurePosixPath:
    """Where in the tree a file or folder is shown."""
    if place in files:
        return place.with_name(place.name + ".md") if place.suffix in LANGUAGES else place
    readme = place / "README.md"
    return readme if readme in files else place / "index.md"


def _write_linked(root: Path, target: Path, place: PurePosixPath, files: frozenset[PurePosixPath]) -> None:
    page = page_of(place, files)
    if page in files and place not in files:
        return
    if place not in files:
        _write(target / page, folder_page(root, place, files))
    elif place.suffix in LANGUAGES:
        _write(target / page, source_page(place, (root / place).read_text(encoding="utf-8")))
    else:
        (target / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / place, target / page)


def source_page(place: PurePosixPath, text: str) -> str:
    """A page that shows a file."""
    return f"# {place.name}\n\n`{place}`\n\n{FENCE}{LANGUAGES[place.suffix]}\n{text.rstrip()}\n{FENCE}\n"


def folder_page(root: Path, place: PurePosixPath, files: frozenset[PurePosixPath]) -> str:
    """A page that lists what is in a folder, modules with the first line of their docstrings."""
    held = sorted({place / file.relative_to(place).parts[0] for file in files if file.is_relative_to(place)})
    rows = [f"| `{entry.name}{'' if entry in files else '/'}` | {_summary(root / entry)} |" for entry in held]
    return "\n".join([f"# {place}/", "", "| file | what it is |", "|---|---|", *rows, ""])


def _summary(path: Path) -> str:
    module = path / "__init__.py" if path.is_dir() else path
    if module.suffix != ".py" or not module.exists():
        return ""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def tracked_files(root: Path) -> list[PurePosixPath]:
    """What git tracks, and what it would: files that are neither tracked nor ignored."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")  # noqa: S603
    return [PurePosixPath(name) for name in names if name and (root / name).exists()]


def add_mermaid(target: Path) -> None:
    """Put what draws diagrams beside the pages: NiceGUI's copy, so that a reader's browser asks no other server."""
    package = Path(str(find_spec("nicegui").origin)).parent  # type: ignore[union-attr]
    shutil.copytree(package / "elements" / "mermaid" / "dist", target / "assets" / "mermaid")
    shutil.copyfile(Path(__file__).with_name("mermaid.js"), target / "assets" / "mermaid.js")


if __name__ == "__main__":
    try:
        gather(ROOT, tracked_files(ROOT), TARGET)
        add_mermaid(TARGET)
    except BrokenLinkError as error:
        sys.exit(f"links that lead nowhere:\n{error}")
