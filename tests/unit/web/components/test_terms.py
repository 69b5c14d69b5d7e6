from __future__ import annotations

from pathlib import Path

import pytest

import pipeline
from pipeline.web.components.terms import TERMS, render_help
from pipeline.web.i18n import load_words

GLOSSARY = Path(pipeline.__file__).parents[1] / "docs" / "glossary.md"


@pytest.mark.parametrize("subject", [*TERMS])
def test_a_term_says_what_the_glossary_says(subject: str) -> None:
    term = TERMS[subject]
    assert f"| {term.name} | {term.meaning} |" in GLOSSARY.read_text(encoding="utf-8")


def test_a_question_mark_is_a_button_with_its_question_and_holds_the_answer_in_the_readers_language() -> None:
    html = str(render_help(load_words("fr"), "bits"))
    assert 'type="button"' in html
    assert 'aria-label="Que sont les bits\u202f?"' in html
    assert "data-term=" in html
    assert "doubles the odds" not in html
