"""Where the audit log's keys come from: the signing key of `attest` alone, and the agencies' tag keys."""

from __future__ import annotations

from pipeline.correlation.key_ring import KeyRing, KeyUse
from pipeline.errors import LiaisonError
from pipeline.private_files import create_private
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.transparency.notes import SignatureType, SigningKey
from pipeline.transparency.tag_keys import TagKeys


def tag_keys(ring: KeyRing) -> TagKeys:
    """The tag keys of the installation's agencies."""
    return TagKeys(ring.ids, lambda key_id, agency: ring.derive_key(KeyUse.AUDIT_TAGS, key_id, agency))


def log_name(settings: Settings) -> str:
    """The name of a new log: that of the settings, else one made of the cluster's id."""
    if settings.audit_log_name:
        return settings.audit_log_name
    cluster = read_ids(settings, [topics.topic_name(settings, topics.AUDIT)]).cluster
    return f"liaison/{settings.namespace}{cluster}".rstrip("=")


def signing_key(settings: Settings, *, make: bool) -> SigningKey:
    """The log's signing key; with `make`, a new one where there is none. Raises LiaisonError.

    Only a log without a head may begin with a new key: everybody who has witnessed one knows the key that signed it.
    """
    path = settings.audit_log_key_path
    try:
        return SigningKey.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if not make:
            raise LiaisonError(
                f"the audit log's signing key is not in {path}: put it back, or run this command where `attest` runs"
            ) from error
    made = SigningKey.generate(log_name(settings), SignatureType.NOTE)
    create_private(path, f"{made.text}\n".encode())
    return SigningKey.parse(path.read_text(encoding="utf-8"))
