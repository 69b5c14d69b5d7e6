"""On what a link rests: that both sides speak of one thing, or that two of them have one number."""

from __future__ import annotations

from enum import StrEnum


class Basis(StrEnum):
    """`same`: both cases speak of one person or thing. `shared`: two of them, who are not one, bear the same number.

    A message, a document or a line without a basis says `same`.
    """

    SAME = "same"
    SHARED = "shared"
