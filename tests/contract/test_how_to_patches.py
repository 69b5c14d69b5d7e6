"""Every patch of docs/how-to/ fits the tree as it is. What the patches add is run by test_how_to.py, which is rare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from support.docs.how_to_pages import ROOT, HowToPage, PagePatch, TreeCopy

TYPE, FIELD, LANGUAGE = "add-an-entity-type", "add-a-comparable-field", "add-a-language"
PATCHED: Final = [page.stem for page in sorted((ROOT / "docs" / "how-to").glob("*.md")) if HowToPage(page.stem).patches]


def apply_all(folder: Path, patches: Sequence[PagePatch]) -> None:
    """Apply patches in their order to copies of the files that they change."""
    tree = TreeCopy(folder, dict.fromkeys(patch.path for patch in patches if not patch.is_new))
    for patch in patches:
        tree.apply(patch)


@pytest.mark.parametrize("name", [name for name in PATCHED if name != FIELD])
def test_the_patches_of_a_page_fit(name: str, tmp_path: Path) -> None:
    apply_all(tmp_path, HowToPage(name).patches)


def test_the_patches_of_a_field_fit_a_type_that_is_there_and_one_that_was_added(tmp_path: Path) -> None:
    field = HowToPage(FIELD)
    of_a_new_type = field.patches_under("For a type of your own")
    replaced = {patch.path for patch in of_a_new_type}
    (tmp_path / "there").mkdir()
    apply_all(tmp_path / "there", [patch for patch in field.patches if patch not in of_a_new_type])
    (tmp_path / "added").mkdir()
    of_all_types = [patch for patch in field.patches if patch.path not in replaced]
    apply_all(tmp_path / "added", [*HowToPage(TYPE).patches, *of_a_new_type, *of_all_types])


def test_pages_with_patches_are_found() -> None:
    assert {TYPE, FIELD, LANGUAGE} <= set(PATCHED)
