"""The audit as a transparency log: Merkle tree, leaves that tell nothing, signed heads, proofs, offline checks."""
