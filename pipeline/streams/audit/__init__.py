"""What people do, on record: acts, decisions, and the verifiable log made of them."""
