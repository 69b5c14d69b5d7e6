"""Notes and checkpoints that others have published verify here; what was tampered with does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.transparency.checkpoints import Checkpoint, SignedHead, sign_head
from pipeline.transparency.notes import NoteError, SignatureType, SignedNote, SigningKey, VerifierKey, sign_note

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SIGNING_KEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example of golang.org/x/mod/sumdb/note."""

C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
"""The example of c2sp.org/signed-note."""

C2SP_CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
"""The example of c2sp.org/tlog-checkpoint, whose key is not published."""

LOG = SigningKey.generate("liaison.example/audit", SignatureType.NOTE)
WITNESS = SigningKey.generate("fr-pj", SignatureType.COSIGNATURE)
HEAD = Checkpoint(LOG.verifier.name, 7, b"\7" * 32, datetime(2026, 11, 24, tzinfo=UTC).isoformat())


@pytest.mark.parametrize(("key", "note"), [(GO_KEY, GO_NOTE), (C2SP_KEY, C2SP_NOTE)])
def test_published_notes_verify(key: str, note: str) -> None:
    verifier = VerifierKey.parse(key)
    assert verifier.text == key
    assert SignedNote.parse(note).find_signers([verifier]) == [verifier]


def test_a_key_of_go_signs_as_go_does() -> None:
    key = SigningKey.parse(GO_SIGNING_KEY)
    assert (key.text, key.verifier.text) == (GO_SIGNING_KEY, GO_KEY)
    assert sign_note(GO_NOTE.partition("\n\n")[0] + "\n", key) == GO_NOTE


def test_a_published_checkpoint_is_read() -> None:
    read = Checkpoint.parse(SignedNote.parse(C2SP_CHECKPOINT).text)
    assert (read.origin, read.size, read.time) == ("example.com/behind-the-sofa", 20852163, "")
    assert read.text == SignedNote.parse(C2SP_CHECKPOINT).text


@given(st.integers(0, 2**40), st.binary(min_size=32, max_size=32))
def test_a_signed_head_is_read_as_it_was_signed(size: int, root: bytes) -> None:
    head = Checkpoint(HEAD.origin, size, root, HEAD.time)
    assert SignedHead.from_signed_note(sign_head(head, LOG), LOG.verifier).checkpoint == head


def test_a_cosignature_states_its_time() -> None:
    note = sign_head(HEAD, LOG) + WITNESS.sign(HEAD.text, 1_795_000_000)
    parsed = SignedNote.parse(note)
    assert parsed.find_signers([LOG.verifier, WITNESS.verifier]) == [LOG.verifier, WITNESS.verifier]
    assert parsed.signatures[1].time_s == 1_795_000_000
    moved = note.replace(parsed.text, HEAD.text.replace("\n7\n", "\n8\n"))
    with pytest.raises(NoteError, match="does not verify"):
        SignedNote.parse(moved).find_signers([WITNESS.verifier])


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_note_is_refused(at: int, value: int) -> None:
    raw = bytearray(sign_head(HEAD, LOG).encode())
    raw[at % len(raw)] ^= value
    try:
        read = SignedHead.from_signed_note(raw.decode(), LOG.verifier)
    except (NoteError, UnicodeDecodeError):
        return
    assert read.checkpoint == HEAD


def test_another_key_of_the_same_name_is_refused() -> None:
    other = SigningKey.generate(LOG.verifier.name, SignatureType.NOTE)
    with pytest.raises(NoteError, match="not signed by"):
        SignedHead.from_signed_note(sign_head(HEAD, other), LOG.verifier)


def test_a_head_of_another_log_is_refused() -> None:
    with pytest.raises(NoteError, match="of log elsewhere"):
        SignedHead.from_signed_note(sign_head(Checkpoint("elsewhere", 7, HEAD.root), LOG), LOG.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a\n1\n",
        "a\n-1\n" + "A" * 43 + "=\n",
        "a\n01\n" + "A" * 43 + "=\n",
        "a\n1\nAAAA\n",
        "a\n1\n" + "A" * 43 + "=",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "x+y", "a+530d903a+AAAA", GO_KEY[:-1], GO_KEY.replace("c74f20a3", "c74f20a4"), "a b+00000000+" + "A" * 44],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(text)
    with pytest.raises(NoteError):
        SigningKey.parse("PRIVATE+KEY+" + text if text else text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nend"])
def test_a_key_has_a_name_that_stands_in_a_note(name: str) -> None:
    with pytest.raises(NoteError):
        SigningKey.generate(name, SignatureType.NOTE)
