"""The basis of a link: both sides describe one person or thing, or two of them have one number."""

from __future__ import annotations

from enum import StrEnum


class Basis(StrEnum):
    """What a link claims.

    `same`: both cases describe one person or thing. `shared`: two persons or things that are not the same have one
    number. A message, document or line that does not state a basis means `same`.
    """

    SAME = "same"
    SHARED = "shared"
