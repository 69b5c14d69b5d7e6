from __future__ import annotations

import pytest

from pipeline.web.components.measures import render_bits, render_percent, tell_bits
from pipeline.web.i18n import load_words


@pytest.mark.parametrize(("language", "said"), [("en", "+58.0"), ("fr", "+58,0")])
def test_a_signed_number_reads_from_the_left_on_any_page(language: str, said: str) -> None:
    words = load_words(language)
    assert str(render_bits(words, 5_800)) == f'<bdi dir="ltr">{said}</bdi>'
    assert tell_bits(words, 5_800) == f"\N{LEFT-TO-RIGHT ISOLATE}{said}\N{POP DIRECTIONAL ISOLATE}"


def test_so_does_a_bounded_percentage() -> None:
    assert str(render_percent(load_words("en"), 1.0)) == '<bdi dir="ltr">&gt; 99.999%</bdi>'
