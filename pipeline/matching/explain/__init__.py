"""From a match weight to reasons that people read."""
