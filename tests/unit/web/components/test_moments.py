from __future__ import annotations

import pytest

from pipeline.web.components.moments import format_moment
from pipeline.web.i18n import load_words


@pytest.mark.parametrize(
    ("when", "english", "french"),
    [
        ("1980-05", "1980-05", "1980-05"),
        ("1980-05-03", "3 May 1980", "3 mai 1980"),
        ("1978~", "about 1978", "vers 1978"),
        ("1979/1981", "1979 to 1981", "1979 à 1981"),
        ("1979/1981~", "about 1979 to 1981", "vers 1979 à 1981"),
    ],
)
def test_ranges_and_dates_about_are_in_words(when: str, english: str, french: str) -> None:
    assert [format_moment(load_words(language), when) for language in ("en", "fr")] == [english, french]
