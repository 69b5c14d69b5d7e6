"""The tree that the documentation's site is built from: pages as they are, and a page of whatever they link to."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from docs_site import BrokenLinkError, gather

README = """# Title

[a page](docs/page.md#part), [a module](pkg/module.py), [a folder](pkg/), [one with a page](docs/),
![a picture](docs/picture.png), [elsewhere](https://example.org/pkg/module.py), [here](#title).

```
[not a link](gone.md)
```
"""

FILES = {
    "README.md": README,
    "docs/README.md": "[the module again](../pkg/module.py)",
    "docs/page.md": "## Part",
    "docs/picture.png": "pixels",
    "pkg/__init__.py": '"""A package."""',
    "pkg/module.py": '"""What it does,\nin two | lines.\n\nAnd more."""\n',
    "pkg/unlinked.py": "",
    "pkg/inner/__init__.py": '"""Within."""',
}


def repository(root: Path, files: dict[str, str]) -> list[PurePosixPath]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return [PurePosixPath(name) for name in files]


def test_pages_keep_their_places_and_what_they_link_to_gets_one(tmp_path: Path) -> None:
    root, target = tmp_path / "root", tmp_path / "target"
    gather(root, repository(root, FILES), target)
    made = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    pages = {"README.md", "docs/README.md", "docs/page.md"}
    assert made == pages | {"docs/picture.png", "pkg/module.py.md", "pkg/index.md"}
    assert (target / "README.md").read_text(encoding="utf-8") == README.replace(
        "(pkg/module.py), [a folder](pkg/), [one with a page](docs/)",
        "(pkg/module.py.md), [a folder](pkg/index.md), [one with a page](docs/README.md)",
    )
    assert (target / "docs/README.md").read_text(encoding="utf-8") == "[the module again](../pkg/module.py.md)"
    assert FILES["pkg/module.py"] in (target / "pkg/module.py.md").read_text(encoding="utf-8")


def test_a_folders_page_lists_modules_with_what_they_are(tmp_path: Path) -> None:
    root, target = tmp_path / "root", tmp_path / "target"
    gather(root, repository(root, FILES), target)
    assert (target / "pkg/index.md").read_text(encoding="utf-8").splitlines()[4:] == [
        "| `__init__.py` | A package. |",
        "| `inner/` | Within. |",
        "| `module.py` | What it does, in two \\| lines. |",
        "| `unlinked.py` |  |",
    ]


def test_every_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    files = {"README.md": "[a](gone.md) [b](../outside.md)", "docs/page.md": "[c](gone/)", "ignored": ""}
    repository(tmp_path, {**files, "gone.md": "not tracked"})
    with pytest.raises(BrokenLinkError) as broken:
        gather(tmp_path, [PurePosixPath(name) for name in files], tmp_path / "target")
    assert str(broken.value).splitlines() == ["README.md: gone.md", "README.md: ../outside.md", "docs/page.md: gone/"]


def test_what_was_gathered_before_is_gone(tmp_path: Path) -> None:
    root, target = tmp_path / "root", tmp_path / "target"
    repository(target, {"old.md": ""})
    gather(root, repository(root, FILES), target)
    assert not (target / "old.md").exists()
