"""The key ring of an installation that tests think up."""

from __future__ import annotations

from pipeline.correlation.key_ring import KeyRing
from pipeline.secret_file import SECRET_BYTES

FIRST, SECOND = (bytes([number]) * SECRET_BYTES for number in (1, 2))

RING = KeyRing([FIRST])
ROTATED = KeyRing([FIRST, SECOND])
"""The same installation after a rotation."""

OTHER = KeyRing([SECOND])
"""Another installation's."""
