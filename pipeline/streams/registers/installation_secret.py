"""The installation's key ring, from the secret on disk that the settings name."""

from __future__ import annotations

from pipeline.correlation.key_ring import KeyRing
from pipeline.secret_file import read_secrets
from pipeline.settings import Settings


def key_ring(settings: Settings) -> KeyRing:
    """The keys derived from the installation's secrets. Raises LiaisonError where there are none, or none of use."""
    return KeyRing(read_secrets(settings))
