"""From two fingerprints to a match weight."""
