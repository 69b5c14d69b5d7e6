from __future__ import annotations

import msgspec

from pipeline.access.audit import Act, ActFacts, ActKind, Chain, ShownCase, ShownForm
from pipeline.transparency.access_proofs import check_access, prove_access
from pipeline.transparency.leaves import encode64, new_seed, seal_entry
from pipeline.transparency.merkle import leaf_hash
from support.earlier_version import EarlierVersion
from support.transparency.log_world import KEYS, NOW

CHECK = """
import json, sys
import msgspec
from pipeline.transparency.access_proofs import AccessProof, check_access
from pipeline.transparency.leaves import decode64
from pipeline.transparency.merkle import leaf_hash
given = json.load(sys.stdin)
keys = {name: decode64(key) for name, key in given["keys"].items()}
proof = msgspec.convert(given["proof"], AccessProof)
print(json.dumps(msgspec.to_builtins(check_access(proof, 1, leaf_hash(proof.leaf.encode()), given["agency"], keys))))
"""


def test_version_0_3_0_checks_the_proof_of_an_act_that_says_what_it_did(earlier_version: EarlierVersion) -> None:
    """Agencies keep their client longer than the installation its servers."""
    shown = (ShownCase("fr-pj:1", ShownForm.HIT, "hit_only"),)
    act = Act(ActKind.SEARCH, "bert", "be-fp", "BE", shown=shown, rule="role", facts=ActFacts(posed=True, hits=1))
    entry = Chain("host|1|0").make_entry(act, NOW, new_seed())
    sealed = seal_entry(entry, KEYS, KEYS.current)
    for agency in ("fr-pj", "be-fp"):
        keys, proof = KEYS.tag_keys_of(agency), prove_access(entry, sealed, 0, agency, ())
        encoded = {name: encode64(key) for name, key in keys.items()}
        given = {"proof": msgspec.to_builtins(proof), "agency": agency, "keys": encoded}
        checked = check_access(proof, 1, leaf_hash(sealed.leaf.encode()), agency, keys)
        assert checked.fields.get("facts") == ({"posed": True, "hits": 1} if agency == "be-fp" else None)
        told = msgspec.json.decode(earlier_version.run(CHECK, msgspec.json.encode(given)))
        known = {name: value for name, value in checked.fields.items() if name != "facts"}
        expected = msgspec.structs.replace(checked, fields=known)
        assert told == msgspec.json.decode(msgspec.json.encode(expected))
