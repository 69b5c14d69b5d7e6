"""The print of a name: everything comparison needs of it, computed once."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import msgspec
from anyascii import anyascii

from pipeline.matching.names.rarity import rarity_of
from pipeline.matching.names.sounds import skeleton_of, sound_of
from pipeline.records.normalised import Name
from pipeline.records.scripts import script_of

_SIGNIFICANT = frozenset(("given", "family", "name", "patronymic", "initial", "core"))


class TokenPrint(msgspec.Struct, frozen=True, array_like=True):
    """A token with its Latin forms (best first), the sounds of the best form, and its rarity in hundredths of a bit."""

    text: str
    kind: str
    script: str
    forms: tuple[str, ...]
    sound: str
    rarity: int


class NamePrint(msgspec.Struct, frozen=True, array_like=True):
    """Significant tokens in the order of the name, and what else an organisation's or vessel's name tells."""

    tokens: tuple[TokenPrint, ...]
    numbers: tuple[str, ...] = ()
    legal_forms: tuple[str, ...] = ()
    person: bool = True


class TokenKeys(NamedTuple):
    """What blocking may use of a token: its kind, rarity in hundredths of a bit, and the sound keys of its forms."""

    kind: str
    rarity: int
    sounds: tuple[str, ...]


def prepare(name: Name, entity_type: str) -> NamePrint:
    """The print of a normalised name; a placeholder's has no tokens. Costs about 1 us a token once tokens are known."""
    if "placeholder" in name.flags:
        return NamePrint((), person=entity_type == "person")
    tokens = tuple(_token_print(token.text, token.kind) for token in name.tokens if token.kind in _SIGNIFICANT)
    numbers = tuple(sorted(token.text for token in name.tokens if token.kind == "number"))
    legal_forms = tuple(sorted(token.text for token in name.tokens if token.kind == "legal_form"))
    return NamePrint(tokens, numbers, legal_forms, entity_type == "person")


@lru_cache(maxsize=262144)
def _token_print(text: str, kind: str) -> TokenPrint:
    folded = "".join(char for char in anyascii(text).lower() if char.isalnum())
    return TokenPrint(
        text, kind, script_of(text), (folded,), sound_of(folded), 0 if kind == "initial" else rarity_of(folded)
    )


def sound_keys(print_: NamePrint) -> tuple[TokenKeys, ...]:
    """Keys per token but for initials, rarest first (ties by text): two spellings of one name share a sound, mostly."""
    ranked = sorted((token for token in print_.tokens if token.kind != "initial"), key=_by_rarity)
    return tuple(TokenKeys(token.kind, token.rarity, _token_sounds(token.forms)) for token in ranked)


def rare_tokens(print_: NamePrint, bits: int) -> tuple[str, ...]:
    """Folded tokens of at least `bits` hundredths of a bit, rarest first."""
    return tuple(token.forms[0] for token in sorted(print_.tokens, key=_by_rarity) if token.rarity >= bits)


def _by_rarity(token: TokenPrint) -> tuple[int, str]:
    return -token.rarity, token.text


@lru_cache(maxsize=131072)
def _token_sounds(forms: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({skeleton_of(form) for form in forms} | {"3" + sound_of(form)[:3] for form in forms}))
