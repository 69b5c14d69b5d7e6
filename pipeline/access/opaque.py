"""Names that tell nothing: agencies' references to hit-only cases and links, ids of lists."""

from __future__ import annotations

import hashlib

from pipeline.correlation.key_ring import KeyRing, KeyUse
from pipeline.correlation.references import digest_of, make_reference


class OpaqueCodec:
    """Makes and resolves names of what their holder may not read; one key ring for a whole installation."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring

    def make_reference(self, agency: str, name: str) -> str:
        """The opaque name of a case or link for one agency, under the current secret."""
        return make_reference(self.ring, self.ring.current, agency, name)

    def digest_of(self, agency: str, given: str) -> str | None:
        """What Reader.digested finds the case by that `agency` names by a reference; None for what is none."""
        return digest_of(self.ring, agency, given)

    def list_id(self, identity: bytes) -> str:
        """The id of an uploaded list, the same for the same `identity`: 32 hexadecimal digits."""
        key = self.ring.derive_key(KeyUse.LIST_IDS, self.ring.first)
        return hashlib.blake2b(identity, key=key, digest_size=16).hexdigest()

    @property
    def evidence_key(self) -> bytes:
        """The key of the digests of a link's evidence that reviews keep: the first one for good, so none seems new."""
        return self.ring.derive_key(KeyUse.EVIDENCE, self.ring.first)
