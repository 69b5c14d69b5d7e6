"""Pure matching: normalised entities in, judged and explained pairs out. No I/O but the model file."""
