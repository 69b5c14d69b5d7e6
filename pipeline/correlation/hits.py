"""A hit, as an agency reads it from its own topic; pipeline.correlation.projection decides which are sent."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from pipeline.matching.bands import Band, Basis
from pipeline.matching.handling import Contact


class HitKind(StrEnum):
    """How the receiver's view of a link changed."""

    NEW = "new"
    CHANGED = "changed"
    RETRACTED = "retracted"


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `hits.<receiver>`. A retraction does not tell whether the link ended or the handling tightened.

    `case` is the receiver's own case key. `reference` stands for the other side and differs for each receiver. `basis`
    is stated only if the receiver may read the other side in full.
    """

    id: str
    kind: HitKind
    receiver: str
    case: str
    reference: str
    agency: str
    contact: Contact = Contact()
    band: Band = Band.NONE
    basis: Basis = Basis.SAME
