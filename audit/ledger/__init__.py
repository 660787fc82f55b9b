"""The ledger: events in sealing order under one Merkle tree, its signed heads, its proofs."""
