"""Pure correlation: blocking keys, homes and meeting places with their stores, claims, and the batch run."""
