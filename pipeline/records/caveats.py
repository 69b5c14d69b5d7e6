"""An owner's caveat in the language of its reader: the caveat binds, the owner's own translations say what it means.

A record has them by BCP 47 tag (`handling.caveat_translations`). A reader's language is met by its own tag, else by the
tag of it that is shortest (`fr` by `fr-BE`), as RFC 4647 looks up the other way round: to understand is what matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from pipeline.records.vendored import read_table


class CaveatTranslation(msgspec.Struct, frozen=True):
    """The owner's translation of a caveat into the reader's language.

    `language` is its BCP 47 tag, `original_language` that of the record; null where the owner does not say.
    """

    language: str
    text: str
    original_language: str | None


def find_translation(
    translations: Mapping[str, str], language: str, original: str, original_language: str
) -> CaveatTranslation | None:
    """The translation of `original` for readers of `language`; None where there is none or it is the original."""
    fitting = [tag for tag in translations if _primary(tag) == language]
    tag = min(fitting, key=lambda one: (one.casefold() != language, len(one), one), default="")
    if not tag or not original or translations[tag] == original:
        return None
    return CaveatTranslation(tag, translations[tag], original_language or None)


def is_known_language(tag: str) -> bool:
    """Whether a BCP 47 tag begins with a language that CLDR knows, by its shortest code."""
    return _primary(tag) in _languages()


def _primary(tag: str) -> str:
    return tag.partition("-")[0].casefold()


@cache
def _languages() -> frozenset[str]:
    return frozenset(read_table("languages", list[str]))
