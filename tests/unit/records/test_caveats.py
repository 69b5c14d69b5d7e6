from __future__ import annotations

import pytest

from pipeline.records.caveats import CaveatTranslation, find_translation, is_known_language

POLISH = "Przed działaniem zadzwonić"


@pytest.mark.parametrize(
    ("tags", "language", "chosen"),
    [
        (("en", "fr"), "fr", "fr"),
        (("en", "fr-CA", "fr-BE"), "fr", "fr-BE"),
        (("fr-BE", "fr"), "fr", "fr"),
        (("zh-Hant",), "zh", "zh-Hant"),
        (("en",), "fr", None),
        (("fro", "frp"), "fr", None),
        ((), "fr", None),
    ],
)
def test_a_reader_gets_the_plainest_tag_of_their_language(
    tags: tuple[str, ...], language: str, chosen: str | None
) -> None:
    found = find_translation({tag: f"in {tag}" for tag in tags}, language, POLISH, "pl")
    assert found == (CaveatTranslation(chosen, f"in {chosen}", "pl") if chosen else None)


def test_an_original_is_no_translation_of_itself_and_one_of_nothing_is_not_shown() -> None:
    assert find_translation({"pl": POLISH}, "pl", POLISH, "pl") is None
    assert find_translation({"en": "Call first"}, "en", "", "pl") is None
    assert find_translation({"en": "Call first"}, "en", POLISH, "") == CaveatTranslation("en", "Call first", None)


@pytest.mark.parametrize("tag", ["fr", "pt-BR", "zh-Hant", "gsw", "uk"])
def test_languages_that_are_known(tag: str) -> None:
    assert is_known_language(tag)


@pytest.mark.parametrize("tag", ["xx", "fra", "und", "zxx", "qaa-x-ours"])
def test_languages_that_nobody_reads(tag: str) -> None:
    assert not is_known_language(tag)
